"""``asyncdl status``: what is stored, what is missing, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from asyncdl.cli import options


def status(
    out: options.Folder = None,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="List the rows that are no segments, with the reasons.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Say what a data set holds and what is missing, and why; also while a run is at work."""
    from asyncdl.runtime.dataset import find_root, journal_of  # noqa: PLC0415 - --help does not need it

    root = find_root(out, Path())
    if rejected:
        _print_rejected(journal_of(root), as_json=as_json)
    else:
        _print_status(journal_of(root), as_json=as_json)


def _print_status(journal: Path, *, as_json: bool) -> None:
    from asyncdl.runtime.replay import replay  # noqa: PLC0415 - on use
    from asyncdl.ui.status_view import status_object  # noqa: PLC0415 - on use

    replayed = replay(journal)
    for damage in replayed.damage:
        sys.stderr.write(f"asyncdl: {damage.records} records of {damage.file} are lost\n")
    if as_json:
        _print_json([status_object(replayed.ledger.counts())])
        return
    from rich.console import Console  # noqa: PLC0415 - on use

    from asyncdl.ui.status_view import status_view  # noqa: PLC0415 - on use

    console = Console()
    console.print(status_view(replayed.ledger.counts()), soft_wrap=True)
    for text in replayed.ledger.unknown_texts:
        console.print(f"unknown message: {text}", markup=False, highlight=False, soft_wrap=True)


def _print_rejected(journal: Path, *, as_json: bool) -> None:
    from asyncdl.runtime.outcomes import iterate_rejected  # noqa: PLC0415 - on use

    rows = iterate_rejected(journal)
    if as_json:
        _print_json(
            {"list": row.ref.source, "line": row.ref.line, "reason": row.reason, "text": row.text}
            for row in rows
        )
        return
    for row in rows:
        typer.echo(f"list {row.ref.source} line {row.ref.line}: {row.reason}: {row.text}")


def _print_json(objects: Iterable[dict[str, object]]) -> None:
    import orjson  # noqa: PLC0415 - on use

    for one in objects:
        sys.stdout.buffer.write(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()
