"""Carries out a command that runs segments, and tells how it went."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

from asyncdl.app.opening import Surroundings
from asyncdl.app.report import RunReport
from asyncdl.app.run import run
from asyncdl.fetchers.ytdlp.config import Endpoint
from asyncdl.settings import RunSettings
from asyncdl.ui.choose import ScreenMode, choose_mode, is_terminal

Job = Callable[[RunSettings, Surroundings], Awaitable[RunReport]]


def surroundings(*, quiet: bool, endpoint: Endpoint | None = None) -> Surroundings:
    """Look at the terminal that this command was started on."""
    mode = choose_mode(is_terminal=is_terminal(), environ=os.environ, quiet=quiet)
    around = Surroundings(screen=mode, environ=os.environ, endpoint=endpoint)
    if mode is ScreenMode.QUIET:
        return around
    from asyncdl.ui.download import DownloadBar  # noqa: PLC0415 - rich is loaded on use

    return replace(around, on_download=DownloadBar(is_live=mode is ScreenMode.DASHBOARD))


def carry_out(
    settings: RunSettings, *, as_json: bool, endpoint: Endpoint | None = None, job: Job = run
) -> int:
    """Run to the end, print the result, answer the exit code."""
    around = surroundings(quiet=settings.quiet, endpoint=endpoint)
    report = asyncio.run(_finish(job, settings, around))
    print_report(report, as_json=as_json, quiet=settings.quiet)
    return report.exit_code


def print_report(report: RunReport, *, as_json: bool, quiet: bool) -> None:
    """Print a run's result on stdout, and what stopped it on stderr."""
    if as_json:
        _print_json(report)
    elif not quiet:
        _print_summary(report)
    if report.fault is not None:
        sys.stderr.write(f"asyncdl: {report.fault}\n")


async def _finish(job: Job, settings: RunSettings, around: Surroundings) -> RunReport:
    return await job(settings, around)


def _print_json(report: RunReport) -> None:
    import orjson  # noqa: PLC0415 - on use

    from asyncdl.ui.status_view import status_object  # noqa: PLC0415 - on use

    told = status_object(report.counts) | {
        "exit_code": int(report.exit_code),
        "elapsed_s": round(report.final.elapsed_s, 3),
        "requests": report.requests,
        "received_bytes": report.received_bytes,
    }
    sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def _print_summary(report: RunReport) -> None:
    from rich.console import Console  # noqa: PLC0415 - on use

    from asyncdl.ui.summary import summary  # noqa: PLC0415 - on use

    Console().print(summary(report.final), soft_wrap=True)
