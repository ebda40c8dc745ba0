"""``asyncdl diff``: what two data sets share, lack, and hold with other sound."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncdl.cli import options
from asyncdl.core.listing import Listing
from asyncdl.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from asyncdl.core.diff_report import DiffReport
    from asyncdl.runtime.spool import Spool

_SIDE = "A data set folder, or a manifest (.jsonl, .jsonl.gz)."


def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help=_SIDE)],
    b: Annotated[Path, typer.Argument(metavar="B", help=_SIDE)],
    list_: Annotated[
        Listing | None,
        typer.Option("--list", help="Print only the keys of these segments, one per line."),
    ] = None,
    decode: Annotated[
        bool,
        typer.Option("--decode", help="Decode clips of other bytes, and compare their samples."),
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 3 where they differ. [default: 0]")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Say which segments two data sets share, lack, and hold with other sound.

    Of a folder the journal is read, which also knows why a clip is not there; also while a run is at work.
    Sound is the same where the SHA-256 is. The exit code is 0 whatever was found, unless --exit-code asks.
    """
    from asyncdl.app.diff import diff as job  # noqa: PLC0415 - --help does not need it
    from asyncdl.runtime.spool import Spool  # noqa: PLC0415 - on use
    from asyncdl.ui.decode_bar import DecodeBar  # noqa: PLC0415 - on use

    if list_ is not None and (as_json or decode):
        raise UsageError(
            "--list prints keys alone, without --json or --decode.", mend="--json has the lists too."
        )
    is_live = sys.stderr is not None and sys.stderr.isatty()
    with closing(Spool()) as heard:
        with closing(DecodeBar(is_live=is_live)) as bar:
            report, faults = job(a, b, heard, bar if decode else None)
        _print(report, heard, list_, as_json=as_json)
    if faults:
        raise faults[0]
    raise typer.Exit(ExitCode.RETRYABLE_LEFT if exit_code and not report.is_equal else ExitCode.DONE)


def _print(report: DiffReport, heard: Spool, listing: Listing | None, *, as_json: bool) -> None:
    from asyncdl.cli.printing import print_lines, print_long_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.ui.diff_view import diff_lists, diff_object, diff_view, keys_of  # noqa: PLC0415 - on use

    if listing is not None:
        print_lines(keys_of(report, listing))
    elif as_json:
        decoded = {} if report.hearings is None else {"decoded": heard}
        print_long_json(diff_object(report), {**diff_lists(report), **decoded})
    else:
        print_text(diff_view(report))
