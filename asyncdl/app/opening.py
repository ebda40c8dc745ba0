"""Opens what a run stands on, in the order in which it must be closed again backwards."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from asyncdl import __version__
from asyncdl.app.ways import check_jars, open_exits
from asyncdl.core.events import RunStarted, Source, SourceAdded
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import ClipSpec
from asyncdl.core.partition import WHOLE
from asyncdl.core.plan import Plan
from asyncdl.core.printable import printable_lines
from asyncdl.errors import UsageError
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig
from asyncdl.fetchers.ytdlp.javascript import js_runtime
from asyncdl.fetchers.ytdlp.nurture import Nursery
from asyncdl.inputs.cache import OnProgress, cache_folder
from asyncdl.runtime import dataset, guardian
from asyncdl.runtime.cutter import Cutter
from asyncdl.runtime.dataset import DataSet
from asyncdl.runtime.exits import Exits
from asyncdl.runtime.ffmpeg import Ffmpeg, find_ffmpeg
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.journal import GATHER_S, RunJournal
from asyncdl.runtime.lock import Means
from asyncdl.runtime.process import end_group, exit_of, shielded, start_child
from asyncdl.runtime.room import require_room
from asyncdl.runtime.runlog import RunLog
from asyncdl.settings import RunSettings
from asyncdl.ui.choose import ScreenMode

_DISMISSAL_S = 5.0


def _to_stderr(text: str) -> None:
    sys.stderr.write(f"{printable_lines(text)}\n")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run finds around it; only the demo and tests give an ``endpoint``, only tests a ``speed``."""

    screen: ScreenMode
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    endpoint: Endpoint | None = None
    speed: float = 1.0
    on_download: OnProgress | None = None
    on_plan: Callable[[Plan], None] = lambda _plan: None
    tell: Callable[[str], None] = _to_stderr

    @property
    def cache(self) -> Path:
        """Where downloaded lists are kept."""
        return cache_folder(self.environ)


@dataclass(frozen=True, slots=True)
class Opened:
    """A data set with everything that a run needs, ready."""

    data_set: DataSet
    spec: ClipSpec
    journal: RunJournal
    exits: Exits
    can_try_fuller: bool
    cutter: Cutter
    log: RunLog | None

    @property
    def ledger(self) -> Ledger:
        """The state of the data set, kept up to date by the run."""
        return self.data_set.ledger

    @property
    def requests(self) -> int:
        """Requests of this run, of all identities."""
        return sum(one.requests for one in self.exits.exits)

    @property
    def received_bytes(self) -> int:
        """Media bytes received in this run."""
        return sum(one.received_bytes for one in self.exits.exits)

    async def add_sources(self, sources: Sequence[Source]) -> None:
        """Write down lists that this data set has not had before."""
        for source in sources:
            event = SourceAdded(source)
            await self.journal.append(event)
            self.ledger.apply(event)


async def open_data_set(settings: RunSettings, surroundings: Surroundings, stack: AsyncExitStack) -> DataSet:
    """Lock and replay a data set, and have its children guarded; closed with the stack."""
    means = Means(tell=surroundings.tell, takes_over=settings.take_over)
    data_set = await asyncio.to_thread(
        dataset.open_for_writing, settings.out, guardian.new_run_id(), WHOLE, means
    )
    stack.callback(data_set.close)
    if data_set.lock.previous is not None:
        surroundings.tell(f"the run before was killed ({data_set.lock.previous}): going on from its journal")
    await start_guardian(data_set.run_id, stack)
    return data_set


async def open_run(
    data_set: DataSet, settings: RunSettings, surroundings: Surroundings, command: str, stack: AsyncExitStack
) -> Opened:
    """Open all that works on an open data set; raises ``AsyncdlError``."""
    await asyncio.to_thread(require_room, data_set.root, settings.min_free_bytes)
    check_jars(settings.way.cookies)
    config, run_id = worker_config(settings, surroundings), data_set.run_id
    spec = settings.wish.settle(data_set.ledger.spec)
    looking = asyncio.create_task(js_runtime(surroundings.environ))
    stack.callback(looking.cancel)
    nursery = Nursery(data_set.parts / "home", run_id)
    stack.push_async_callback(nursery.close)
    await nursery.start()
    ffmpeg = await find_ffmpeg(settings.ffmpeg, run_id=run_id)
    log = await _open_log(settings, stack)
    header = _header(settings, spec, ffmpeg, run_id, command)
    journal = await data_set.begin_journal(header, gather_s=GATHER_S)
    stack.push_async_callback(journal.close)
    cutter = Cutter(
        data_set.root, spec, ffmpeg, keep_source=settings.keep_source, tools=f"yt-dlp {version('yt-dlp')}"
    )
    runtime = await looking
    exits = open_exits(settings, config, nursery, data_set.ledger, runtime, speed=surroundings.speed)
    stack.push_async_callback(exits.close)
    return Opened(data_set, spec, journal, exits, runtime is not None, cutter, log)


def worker_config(settings: RunSettings, surroundings: Surroundings) -> WorkerConfig:
    """Say what every fetch worker is told; raises ``UsageError`` for options that yt-dlp must not get."""
    fetch = settings.fetch
    user_args: tuple[str, ...] = ()
    if fetch.yt_dlp_args or fetch.unsafe_yt_dlp_args:
        from asyncdl.fetchers.ytdlp.user_args import check_user_args  # noqa: PLC0415 - imports all of yt-dlp

        user_args = (
            *check_user_args(fetch.yt_dlp_args),
            *check_user_args(fetch.unsafe_yt_dlp_args, unsafe=True),
        )
    return WorkerConfig(
        user_args=user_args,
        endpoint=surroundings.endpoint,
        url_template=fetch.url_template,
        max_file_bytes=fetch.max_file_bytes,
        keeps_all=settings.keep_source,
    )


def check_before_writing(settings: RunSettings, surroundings: Surroundings) -> None:
    """Refuse what can be refused before a folder is made; raises ``UsageError``."""
    if settings.out.exists() and not settings.out.is_dir():
        raise UsageError(f"--out: {settings.out} is no folder.")
    worker_config(settings, surroundings)
    check_jars(settings.way.cookies)
    if not journal_of(settings.out).is_dir():
        settings.wish.settle(None)


def wall_ms() -> int:
    """Tell the time of day in milliseconds since 1970, for people."""
    return time.time_ns() // 1_000_000


def _header(settings: RunSettings, spec: ClipSpec, ffmpeg: Ffmpeg, run_id: str, command: str) -> RunStarted:
    versions = {
        "asyncdl": __version__,
        "yt-dlp": version("yt-dlp"),
        "ffmpeg": ffmpeg.version,
        "python": platform.python_version(),
    }
    return RunStarted(run_id, wall_ms(), spec, settings.to_options(), command, versions)


async def start_guardian(run_id: str, stack: AsyncExitStack) -> None:
    """Start the program that ends all children should this one be killed."""
    process = await start_child(
        [sys.executable, "-I", "-S", guardian.__file__, run_id], env={}, stdin=PIPE, stderr=None
    )
    stack.push_async_callback(_dismiss, process)


async def _dismiss(guardian_process: Process) -> None:
    """Let the guardian see that this program is at its end: it looks around once more and leaves."""
    if guardian_process.stdin is not None:
        guardian_process.stdin.close()
    with suppress(TimeoutError):
        async with asyncio.timeout(_DISMISSAL_S):
            await exit_of(guardian_process)
    await shielded(end_group(guardian_process, grace_s=0))


async def _open_log(settings: RunSettings, stack: AsyncExitStack) -> RunLog | None:
    if settings.log_file is None:
        return None
    log = RunLog(settings.log_file)
    try:
        await log.start()
    except OSError as error:
        raise UsageError(f"--log-file: {settings.log_file}: {error.strerror}") from error
    stack.push_async_callback(log.close)
    return log
