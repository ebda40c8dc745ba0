"""Carries out a command that runs segments, and tells how it went."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from asyncdl.app.opening import Surroundings
from asyncdl.app.report import RunReport
from asyncdl.app.run import run
from asyncdl.cli.hints import commands_for
from asyncdl.core.plan import Plan
from asyncdl.core.printable import printable_lines
from asyncdl.fetchers.ytdlp.config import Endpoint
from asyncdl.inputs.cache import CACHE_VARIABLE
from asyncdl.settings import RunSettings
from asyncdl.ui.choose import ScreenMode, choose_mode, is_terminal

Job = Callable[[RunSettings, Surroundings], Awaitable[RunReport]]


def surroundings(*, quiet: bool, endpoint: Endpoint | None = None, cache: Path | None = None) -> Surroundings:
    """Look at the terminal that this command was started on; ``cache`` goes before the usual folder."""
    mode = choose_mode(is_terminal=is_terminal(), environ=os.environ, quiet=quiet)
    environ = {**os.environ, CACHE_VARIABLE: str(cache)} if cache else os.environ
    around = Surroundings(screen=mode, environ=environ, endpoint=endpoint)
    if mode is ScreenMode.QUIET:
        return replace(around, tell=lambda _text: None)
    from asyncdl.ui.download import DownloadBar  # noqa: PLC0415 - rich is loaded on use

    return replace(around, on_download=DownloadBar(is_live=mode is ScreenMode.DASHBOARD), on_plan=_print_plan)


def _print_plan(plan: Plan) -> None:
    from rich.console import Console  # noqa: PLC0415 - on use

    from asyncdl.ui.plan_view import plan_view  # noqa: PLC0415 - on use

    Console(stderr=True).print(plan_view(plan), soft_wrap=True)


def tell_plan(settings: RunSettings, *, as_json: bool) -> None:
    """Carry out ``run --dry-run``: print the plan on stdout, and do nothing else."""
    from asyncdl.app.planning import dry_run  # noqa: PLC0415 - on use
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.ui.plan_view import plan_object, plan_view  # noqa: PLC0415 - on use

    plan = asyncio.run(dry_run(settings, surroundings(quiet=settings.quiet, cache=settings.cache)))
    if as_json:
        print_json([plan_object(plan)])
    else:
        print_text(plan_view(plan))


def carry_out(
    settings: RunSettings, *, as_json: bool, endpoint: Endpoint | None = None, job: Job = run
) -> int:
    """Run to the end, print the result, answer the exit code."""
    around = surroundings(quiet=settings.quiet, endpoint=endpoint, cache=settings.cache)
    report = asyncio.run(_finish(job, settings, around))
    print_report(report, settings, as_json=as_json)
    return report.exit_code


def print_report(report: RunReport, settings: RunSettings, *, as_json: bool, command: str = "run") -> None:
    """Print what stopped a run on stderr, and its result on stdout."""
    if report.fault is not None:
        sys.stderr.write(f"asyncdl: {printable_lines(str(report.fault))}\n")
    if as_json:
        _print_json(report)
    elif not settings.quiet:
        _print_summary(report, settings, command)


async def _finish(job: Job, settings: RunSettings, around: Surroundings) -> RunReport:
    return await job(settings, around)


def _print_json(report: RunReport) -> None:
    from asyncdl.cli.printing import print_json  # noqa: PLC0415 - on use
    from asyncdl.ui.selection_view import reach_objects  # noqa: PLC0415 - on use
    from asyncdl.ui.status_view import status_object  # noqa: PLC0415 - on use

    cost = {
        "exit_code": int(report.exit_code),
        "elapsed_s": round(report.final.elapsed_s, 3),
        "requests": report.requests,
        "received_bytes": report.received_bytes,
    }
    labels = {"labels": reach_objects(report.labels)} if report.labels else {}
    print_json([status_object(report.counts, report.final.identities) | cost | labels])


def _print_summary(report: RunReport, settings: RunSettings, command: str) -> None:
    from asyncdl.cli.printing import print_text  # noqa: PLC0415 - on use
    from asyncdl.ui.summary import summary  # noqa: PLC0415 - on use

    print_text(summary(report.final, commands_for(settings.out, command), labels=report.labels))
