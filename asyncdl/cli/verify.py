"""``asyncdl verify``: re-read what is stored."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncdl.cli import options
from asyncdl.errors import UsageError

if TYPE_CHECKING:
    from asyncdl.app.verify import VerifySettings
    from asyncdl.core.soundness import Depth
    from asyncdl.runtime.verify_report import VerifyReport

_MOST_JOBS = 256


def verify(
    out: options.Folder = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only whether each clip is there with its size; reads none.")
    ] = False,
    checksum: Annotated[
        bool,
        typer.Option(
            "--checksum",
            help="Sizes and SHA-256, without decoding: a clip with the recorded SHA-256 is the very file that"
            " was decoded to its end when it was stored.",
        ),
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", min=1, max=_MOST_JOBS, metavar="N", help="Clips read at once. [default: the cores]"
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is lost, and write nothing; also while a run works.")
    ] = False,
    accept_loss: options.AcceptLoss = False,
    ffmpeg: options.Ffmpeg = None,
    take_over: options.TakeOver = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Re-read every stored clip: there, whole, decodes to its end with the recorded length.

    What is lost or damaged becomes open again, so that the next run fetches it. Files that no record speaks
    of are named. No file is changed or deleted.
    """
    from asyncdl.app.verify import VerifySettings  # noqa: PLC0415 - loads the whole program
    from asyncdl.runtime.finding import find_root  # noqa: PLC0415 - as above

    settings = VerifySettings(
        out=find_root(out, Path()),
        depth=_depth(quick=quick, checksum=checksum),
        jobs=jobs or len(os.sched_getaffinity(0)),
        writes=not dry_run,
        ffmpeg=ffmpeg,
        take_over=take_over,
        accepts_loss=accept_loss,
    )
    raise typer.Exit(_carry_out(settings, quiet=quiet, as_json=as_json))


def _depth(*, quick: bool, checksum: bool) -> Depth:
    from asyncdl.core.soundness import Depth  # noqa: PLC0415 - on use

    if quick and checksum:
        raise UsageError("--quick and --checksum contradict each other.", mend="Give one of them.")
    if quick:
        return Depth.SIZE
    return Depth.CHECKSUM if checksum else Depth.DECODE


def _carry_out(settings: VerifySettings, *, quiet: bool, as_json: bool) -> int:
    import asyncio  # noqa: PLC0415 - on use
    from contextlib import closing  # noqa: PLC0415 - on use

    from asyncdl.app.verify import verify as job  # noqa: PLC0415 - loads the whole program
    from asyncdl.cli.running import surroundings  # noqa: PLC0415 - as above
    from asyncdl.runtime.verify_report import Tallies  # noqa: PLC0415 - as above

    with closing(Tallies()) as tallies:
        report = asyncio.run(job(settings, surroundings(quiet=quiet), tallies))
        _print(report, quiet=quiet, as_json=as_json)
    return report.exit_code


def _print(report: VerifyReport, *, quiet: bool, as_json: bool) -> None:
    from asyncdl.cli.printing import print_long_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.core.printable import printable_lines  # noqa: PLC0415 - on use
    from asyncdl.settings import out_option  # noqa: PLC0415 - on use
    from asyncdl.ui.verify_view import verify_object, verify_view  # noqa: PLC0415 - on use

    if report.fault is not None:
        sys.stderr.write(f"asyncdl: {printable_lines(str(report.fault))}\n")
    if as_json:
        tallies = report.tallies
        print_long_json(verify_object(report), {"findings": tallies.findings, "foreign": tallies.foreign})
    elif not quiet:
        print_text(verify_view(report, out_option(report.root)))
