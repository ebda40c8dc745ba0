"""The whole examination: everything that may wait runs at once, the findings come in a fixed order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from time import time

from asyncdl.app.doctor.checkup import Checkup
from asyncdl.app.doctor.cookie_files import check_cookies
from asyncdl.app.doctor.disk import check_room, check_writing
from asyncdl.app.doctor.ffmpeg import check_ffmpeg
from asyncdl.app.doctor.holder import check_holder
from asyncdl.app.doctor.interpreter import check_python
from asyncdl.app.doctor.javascript import judge_runtimes
from asyncdl.app.doctor.machine import check_open_files, check_terminal
from asyncdl.app.doctor.mounts import check_file_system
from asyncdl.app.doctor.proxies import check_proxies, read_proxies
from asyncdl.app.doctor.reach import Answered, Unanswered, ask, judge_clock, judge_reach
from asyncdl.app.doctor.ytdlp import judge_network_library, judge_yt_dlp
from asyncdl.core.finding import Finding, Level
from asyncdl.fetchers.ytdlp.about import YtDlp, ask_yt_dlp
from asyncdl.fetchers.ytdlp.javascript import JsRuntime, find_runtimes


async def examine(checkup: Checkup) -> tuple[Finding, ...]:
    """Look at everything; takes seconds at most where the network answers, no file is left behind."""
    async with asyncio.TaskGroup() as group:
        yt_dlp = group.create_task(ask_yt_dlp())
        ffmpeg = group.create_task(check_ffmpeg(checkup.ffmpeg))
        runtimes = group.create_task(find_runtimes(checkup.environ))
        proxies = group.create_task(_proxies(checkup))
        answer = group.create_task(_answer(checkup))
        disk = group.create_task(asyncio.to_thread(_disk, checkup))
    now_s = time()
    return (
        check_python(),
        *_programs(yt_dlp.result(), ffmpeg.result(), runtimes.result(), checkup, _day(now_s)),
        *_network(answer.result(), yt_dlp.result(), checkup, now_s),
        *proxies.result(),
        *(check_cookies(path, now_s) for path in checkup.cookies),
        *disk.result(),
        check_open_files(),
        check_terminal(checkup.environ),
    )


def _programs(
    yt_dlp: YtDlp | Finding, ffmpeg: Finding, runtimes: tuple[JsRuntime, ...], checkup: Checkup, today: date
) -> Iterator[Finding]:
    known = yt_dlp if isinstance(yt_dlp, YtDlp) else None
    if isinstance(yt_dlp, Finding):
        yield yt_dlp
    else:
        yield judge_yt_dlp(yt_dlp, today)
        yield judge_network_library(yt_dlp)
    yield ffmpeg
    yield judge_runtimes(runtimes, known, has_cookies=bool(checkup.cookies))


def _network(
    answer: Answered | Unanswered | None, yt_dlp: YtDlp | Finding, checkup: Checkup, now_s: float
) -> Iterator[Finding]:
    if answer is not None:
        yield judge_reach(answer, has_proxies=bool(checkup.proxies or checkup.proxies_file))
    yield judge_clock(answer, now_s, yt_dlp.released if isinstance(yt_dlp, YtDlp) else None)


async def _proxies(checkup: Checkup) -> list[Finding]:
    proxies, findings = read_proxies(checkup)
    if not proxies:
        return findings
    if checkup.is_offline:
        return [*findings, Finding("proxies", Level.NOTE, f"{len(proxies):,} given, none tried: --offline")]
    return [*findings, *await check_proxies(proxies, checkup)]


async def _answer(checkup: Checkup) -> Answered | Unanswered | None:
    if checkup.is_offline:
        return None
    return await asyncio.to_thread(ask, checkup.target, checkup.deadline_s)


def _disk(checkup: Checkup) -> list[Finding]:
    out = checkup.out
    return [check_writing(out), check_room(out), check_file_system(out), check_holder(out)]


def _day(now_s: float) -> date:
    return datetime.fromtimestamp(now_s, UTC).date()
