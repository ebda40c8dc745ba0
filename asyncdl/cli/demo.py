"""``asyncdl demo``: see it work without a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from asyncdl.cli import options
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.errors import ExitCode
from asyncdl.settings import FetchSettings, RunSettings, WaySettings

_DEFAULT_OUT = Path("asyncdl-demo")
_DEFAULT_SEGMENTS = 200
_DEFAULT_CONCURRENCY = 16
_TOLERANCE_MS = 5.0


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The data set folder.")
    ] = _DEFAULT_OUT,
    segments: Annotated[
        int, typer.Option("--segments", metavar="N", min=1, max=100_000, help="Length of the demo's list.")
    ] = _DEFAULT_SEGMENTS,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="SOURCE", help="Run this list instead."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", help="Take the first N segments only.")
    ] = None,
    concurrency: options.Concurrency = None,
    ffmpeg: options.Ffmpeg = None,
    log_file: options.LogFile = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Run 200 segments against an embedded stand-in for YouTube: no network, real yt-dlp, real ffmpeg.

    Afterwards it listens to every stored clip: its pitch tells where in the video it starts.
    """
    settings = RunSettings(
        out=out,
        sources=tuple(source or ()),
        fetch=FetchSettings(concurrency=_DEFAULT_CONCURRENCY if concurrency is None else concurrency),
        way=WaySettings(rate=PacePolicy(ceiling_per_h=None)),  # nobody is bothered on loopback
        limit=limit,
        ffmpeg=ffmpeg,
        log_file=log_file,
        quiet=quiet,
    ).checked()
    raise typer.Exit(_carry_out(settings, segments, as_json=as_json))


def _carry_out(settings: RunSettings, segments: int, *, as_json: bool) -> int:
    import asyncio  # noqa: PLC0415 - loads the whole program; --help does not need it

    from asyncdl.app.demo import demo as job  # noqa: PLC0415 - as above
    from asyncdl.cli.running import print_report, surroundings  # noqa: PLC0415 - as above

    report = asyncio.run(job(settings, surroundings(quiet=settings.quiet), segments))
    print_report(report.run, settings, as_json=as_json, command="demo")
    heard = report.heard
    is_heard = bool(heard.clips) or not report.run.counts.stored
    is_right = is_heard and abs(heard.largest_error_ms) <= _TOLERANCE_MS
    if not settings.quiet:
        sys.stderr.write(
            f"listened to {heard.clips} clips: largest start error {heard.largest_error_ms:+.2f} ms"
            f"{f' ({heard.worst})' if heard.worst else ''}\n"
        )
    return report.run.exit_code if is_right else ExitCode.BUG
