"""``asyncdl export``: turn the clips into what training code loads."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncdl.cli import options
from asyncdl.errors import UsageError

if TYPE_CHECKING:
    from asyncdl.app.export_opening import ExportSettings
    from asyncdl.exporting.contract import Choice
    from asyncdl.exporting.report import ExportReport

_MOST_JOBS = 1024
_RATES = range(4000, 192001)


def export(
    format_: Annotated[
        str,
        typer.Argument(metavar="[FORMAT]", help="What to write; without one, the formats are listed."),
    ] = "",
    out: options.Folder = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", metavar="DIR", help="Where it goes. [default: exports/FORMAT in the data set folder]"
        ),
    ] = None,
    split: Annotated[
        list[str] | None, typer.Option("--split", metavar="NAME", help="Only this split. Repeatable.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would be written and the disk it takes; write nothing."),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", min=1, max=_MOST_JOBS, metavar="N", help="Worker processes. [default: the cores]"
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", min=0, metavar="N", help="Shuffle the clips by this seed. [default: the format's own]"
        ),
    ] = None,
    max_shard_size: Annotated[
        str | None,
        typer.Option("--max-shard-size", metavar="SIZE", help="No shard file grows larger (500M, 2G)."),
    ] = None,
    root: Annotated[
        str,
        typer.Option(
            "--root", metavar="DIR", help="The folder as which the export will be found, for absolute paths."
        ),
    ] = "",
    like: Annotated[str, typer.Option("--like", metavar="TOOL", help="layout: whose files to lay out.")] = "",
    by: Annotated[
        str,
        typer.Option("--by", metavar="WAY", help="layout: by hardlink, symlink or copy. [default: hardlink]"),
    ] = "",
    fast: Annotated[
        bool, typer.Option("--fast", help="cochleagram: five times as fast, with an error of 0.4 %.")
    ] = False,
    compat: Annotated[
        bool, typer.Option("--compat", help="To the letter what the older tool wrote, oddities included.")
    ] = False,
    shar: Annotated[bool, typer.Option("--shar", help="lhotse: Shar, with the sound in tars.")] = False,
    wav: Annotated[
        int | None,
        typer.Option(
            "--wav", metavar="HZ", help="Write 16-bit mono WAV files at this rate, and point at those."
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--source", metavar="FILE", help="cochleagram: from an HDF5 file and not from clips."),
    ] = None,
    ffmpeg: options.Ffmpeg = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Turn the stored clips into what training code loads, unchanged.

    It goes on where it was when the same command is given again, also after a kill, and makes anew only
    what is new. The README.md beside it says what is there, what is missing and why.
    """
    if not format_:
        _list_formats(as_json=as_json)
        return
    from asyncdl.app.export_opening import ExportSettings  # noqa: PLC0415 - loads the whole program
    from asyncdl.cli.way import size_bytes  # noqa: PLC0415 - on use
    from asyncdl.exporting.contract import Choice, Linking, Terms  # noqa: PLC0415 - on use
    from asyncdl.runtime.finding import find_root  # noqa: PLC0415 - on use

    given = {
        Choice.SEED: seed is not None,
        Choice.MAX_SHARD_SIZE: max_shard_size is not None,
        Choice.ROOT: bool(root),
        Choice.LIKE: bool(like),
        Choice.BY: bool(by),
        Choice.FAST: fast,
        Choice.COMPAT: compat,
        Choice.SHAR: shar,
        Choice.WAV: wav is not None,
        Choice.SOURCE: source is not None,
    }
    _check(format_, [choice for choice, is_given in given.items() if is_given])
    terms = Terms(
        splits=tuple(dict.fromkeys(split or ())),
        seed=seed,
        max_shard_bytes=None if max_shard_size is None else _positive(size_bytes(max_shard_size)),
        root=_absolute(root),
        like=like,
        by=Linking(_one_of("--by", by, [*Linking])) if by else Linking.HARDLINK,
        fast=fast,
        compat=compat,
        shar=shar,
        wav=_rate(wav),
        source=str(source.absolute()) if source else "",
    )
    if source and to is None:
        raise UsageError("--source is no data set to put the result into.", mend="Name a folder: --to DIR.")
    folder = source.parent if source else find_root(out, Path())
    settings = ExportSettings(folder, format_, terms, to, jobs or len(os.sched_getaffinity(0)), ffmpeg)
    if dry_run:
        _tell_plan(settings, as_json=as_json)
    else:
        raise typer.Exit(_carry_out(settings, quiet=quiet, as_json=as_json))


def _check(name: str, given: list[Choice]) -> None:
    """Raise ``UsageError`` for an option that the format has no use for."""
    from asyncdl.exporters import exporter_names, load_exporter  # noqa: PLC0415 - on use

    taken = load_exporter(name).takes
    for choice in given:
        if choice not in taken:
            able = [other for other in exporter_names() if choice in load_exporter(other).takes]
            raise UsageError(
                f"{choice} means nothing to export {name}.", mend=f"It is for {', '.join(able)}."
            )


def _positive(size: int) -> int:
    if size <= 0:
        raise UsageError("--max-shard-size: no shard fits into nothing.", mend="Write 500M or 2G.")
    return size


def _rate(wav: int | None) -> int | None:
    if wav is not None and wav not in _RATES:
        raise UsageError(f"--wav {wav} is no sample rate.", mend=f"Give {_RATES[0]} to {_RATES[-1]} Hz.")
    return wav


def _absolute(root: str) -> str:
    if root and not Path(root).is_absolute():
        raise UsageError(f"--root {root} is no absolute path.", mend="Readers find absolute paths there.")
    return root


def _one_of(flag: str, text: str, choices: list[str]) -> str:
    if text not in choices:
        raise UsageError(f"{flag} {text!r} is none of {', '.join(choices)}.", mend="Give one of them.")
    return text


def _list_formats(*, as_json: bool) -> None:
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.exporters import exporter_names, load_exporter, missing_modules  # noqa: PLC0415 - on use
    from asyncdl.ui.export_view import format_objects, formats_view  # noqa: PLC0415 - on use

    found = {exporter: missing_modules(exporter) for exporter in map(load_exporter, exporter_names())}
    if as_json:
        print_json(format_objects(found))
    else:
        print_text(formats_view(found))


def _tell_plan(settings: ExportSettings, *, as_json: bool) -> None:
    from asyncdl.app.export import plan_export  # noqa: PLC0415 - loads the whole program
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.ui.export_view import plan_object, plan_view  # noqa: PLC0415 - on use

    plan = plan_export(settings)
    if as_json:
        print_json([plan_object(plan)])
    else:
        print_text(plan_view(plan))


def _carry_out(settings: ExportSettings, *, quiet: bool, as_json: bool) -> int:
    import asyncio  # noqa: PLC0415 - on use

    from asyncdl.app.export import export as job  # noqa: PLC0415 - loads the whole program
    from asyncdl.cli.running import surroundings  # noqa: PLC0415 - as above

    report = asyncio.run(job(settings, surroundings(quiet=quiet)))
    _print(report, quiet=quiet, as_json=as_json)
    return report.exit_code


def _print(report: ExportReport, *, quiet: bool, as_json: bool) -> None:
    from asyncdl.cli.printing import print_long_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.core.printable import printable_lines  # noqa: PLC0415 - on use
    from asyncdl.settings import out_option  # noqa: PLC0415 - on use
    from asyncdl.ui.export_view import left_out_objects, report_object, report_view  # noqa: PLC0415 - on use

    if report.fault is not None:
        sys.stderr.write(f"asyncdl: {printable_lines(str(report.fault))}\n")
    if as_json:
        print_long_json(report_object(report), {"left_out": left_out_objects(report)})
    elif not quiet:
        print_text(report_view(report, out_option(report.root)))
