"""``asyncdl reanchor``: an export was moved, and its absolute paths follow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asyncdl.cli import options
from asyncdl.errors import UsageError


def reanchor(
    folder: Annotated[Path, typer.Argument(metavar="EXPORT", help="The folder of the export.")],
    root: Annotated[
        Path | None,
        typer.Option("--root", metavar="DIR", help="As which it will be found. [default: where it is]"),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Rewrite the absolute paths in an export that was moved, or that is read under another name.

    Some formats demand absolute paths. The files that hold them are replaced, one at a time; sound is not
    touched.
    """
    from asyncdl.app.export_target import format_in  # noqa: PLC0415 - on use
    from asyncdl.cli.printing import print_json, print_lines  # noqa: PLC0415 - on use
    from asyncdl.exporters import load_exporter, require_modules  # noqa: PLC0415 - on use
    from asyncdl.exporting.contract import Choice  # noqa: PLC0415 - on use

    name = format_in(folder)
    if name is None:
        raise UsageError(f"{folder} is no export.", mend="Name the folder that asyncdl export wrote.")
    exporter = load_exporter(name)
    if exporter.reanchor is None:
        has_links = Choice.BY in exporter.takes
        links = ", but for symbolic links, which a new export makes anew" if has_links else ""
        raise UsageError(f"An export as {name} holds no paths to rewrite: it can be moved as it is{links}.")
    require_modules(exporter)
    found = folder.resolve() if root is None else root
    if not found.is_absolute():
        raise UsageError(f"--root {root} is no absolute path.")
    count = exporter.reanchor(folder.resolve(), found)
    if as_json:
        print_json([{"format": name, "root": str(found), "paths": count}])
    else:
        print_lines([f"{count:,} paths rewritten: the export is found as {found}"])
