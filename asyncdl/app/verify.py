"""``asyncdl verify``: re-reads what is stored, opens again what is lost, names what is foreign."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from asyncdl.app.mending import refuse_emptied
from asyncdl.app.opening import Surroundings, open_data_set, start_guardian
from asyncdl.app.reopening import Reopener
from asyncdl.app.stoppable import StoppableTask
from asyncdl.core.foreign import KnownPaths
from asyncdl.core.model import ClipSpec
from asyncdl.core.soundness import Depth
from asyncdl.errors import AsyncdlError, ExitCode
from asyncdl.exporters import nemo
from asyncdl.runtime import guardian
from asyncdl.runtime.dataset import DataSet
from asyncdl.runtime.ffmpeg import Ffmpeg, find_ffmpeg
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.foreign_files import foreign_files
from asyncdl.runtime.replay import replay
from asyncdl.runtime.replayed import Replayed
from asyncdl.runtime.rowless import every_outcome
from asyncdl.runtime.verify_report import Tallies, VerifyReport
from asyncdl.runtime.verifying import Terms, Verified, claims_of, noting, verify_clips
from asyncdl.settings import RunSettings
from asyncdl.ui.verify_screen import VerifyScreen, open_verify_screen

# Whoever reads on threads also draws rows and walks folders on them.
_SPARE_THREADS = 4


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """How to verify the data set ``out``; without ``writes`` nothing is written and no lock is taken."""

    out: Path
    depth: Depth = Depth.DECODE
    jobs: int = 1
    writes: bool = True
    ffmpeg: str | None = None
    take_over: bool = False
    accepts_loss: bool = False


@dataclass(frozen=True, slots=True)
class _Opened:
    replayed: Replayed
    data_set: DataSet | None
    ffmpeg: Ffmpeg | None

    @property
    def spec(self) -> ClipSpec:
        return self.replayed.ledger.spec or ClipSpec()


async def verify(settings: VerifySettings, surroundings: Surroundings, tallies: Tallies) -> VerifyReport:
    """Carry out ``asyncdl verify``; what is found goes to ``tallies``, which the caller closes.

    Raises ``AsyncdlError`` for what stops it before it begins; later faults are told in the report.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(settings.jobs + _SPARE_THREADS))
    async with AsyncExitStack() as stack:
        opened = await _open(settings, surroundings, stack)
        if settings.writes and not settings.accepts_loss:
            await asyncio.to_thread(refuse_emptied, settings.out, opened.replayed, "verify")
        total = opened.replayed.ledger.counts().stored
        screen = await stack.enter_async_context(open_verify_screen(surroundings.screen, total))
        work = _Work(settings, opened, screen, tallies)
        with work.stopping.installed():
            await work.verify()
            return await work.end()


async def _open(settings: VerifySettings, surroundings: Surroundings, stack: AsyncExitStack) -> _Opened:
    data_set = None
    if settings.writes:
        asked = RunSettings(out=settings.out, take_over=settings.take_over)
        data_set = await open_data_set(asked, surroundings, stack)
        replayed, run_id = data_set.replayed, data_set.run_id
    else:
        replayed, run_id = await asyncio.to_thread(replay, journal_of(settings.out)), guardian.new_run_id()
        if settings.depth is Depth.DECODE:
            await start_guardian(run_id, stack)
    ffmpeg = None
    if settings.depth is Depth.DECODE:
        ffmpeg = await find_ffmpeg(settings.ffmpeg, run_id=run_id)
    return _Opened(replayed, data_set, ffmpeg)


class _Work:
    """The objects of one verification."""

    def __init__(
        self, settings: VerifySettings, opened: _Opened, screen: VerifyScreen, tallies: Tallies
    ) -> None:
        self._settings, self._opened, self._screen, self._tallies = settings, opened, screen, tallies
        self._root = settings.out.absolute()
        self._known = KnownPaths(opened.spec.extension)
        self._reopener = Reopener(opened.data_set, opened.ffmpeg, tallies)
        self._verified = Verified()
        self._fault: AsyncdlError | None = None
        self._is_complete = False
        self._task = StoppableTask(screen.message)
        self.stopping = self._task.stopping

    async def verify(self) -> None:
        """Look at everything until the end, a fault or a signal; a bug is raised."""
        try:
            await self._task.run(self._look())
        except AsyncdlError as fault:
            self._fault = fault

    async def end(self) -> VerifyReport:
        """Close the journal, rewrite the manifest where it no longer tells what is stored, and report."""
        counts = self._opened.replayed.ledger.counts()
        try:
            await self._reopener.close("finished" if self._is_complete else "stopped")
            if self._settings.writes and (self._reopener.has_begun or self._is_complete):
                await asyncio.to_thread(self._bring_manifest_up_to_date)
            if self._reopener.has_begun:
                counts = (await asyncio.to_thread(replay, journal_of(self._root))).ledger.counts()
            else:
                self._opened.replayed.require_whole()
        except AsyncdlError as fault:
            self._fault = self._fault or fault
        await self._screen.close(self._verified, self._task.elapsed_s, self._tallies.lost)
        return VerifyReport(
            root=self._settings.out,
            depth=self._settings.depth,
            writes=self._settings.writes,
            recorded=self._opened.replayed.ledger.counts().stored,
            verified=self._verified,
            tallies=self._tallies,
            counts=counts,
            elapsed_s=self._task.elapsed_s,
            is_complete=self._is_complete,
            fault=self._fault,
            exit_code=self._exit_code(),
        )

    async def _look(self) -> None:
        ledger, spec = self._opened.replayed.ledger, self._opened.spec
        claims = claims_of(noting(every_outcome(self._root, ledger, spec), self._known, spec), spec)
        terms = Terms(
            self._settings.depth,
            self._settings.jobs,
            self._opened.ffmpeg,
            self._on_progress,
            lambda: self._task.is_draining,
        )
        await verify_clips(self._root, spec, claims, terms, self._reopener.found)
        if not self._task.is_draining:
            self._screen.note("looking for files that no record speaks of")
            await asyncio.to_thread(self._look_for_foreign_files)
            self._is_complete = not self._task.is_draining

    def _look_for_foreign_files(self) -> None:
        for one in foreign_files(self._root, self._known):
            if self._task.is_draining:
                return
            self._tallies.foreign_kinds[one.kind] += 1
            path = os.fsencode(one.path).decode("utf-8", errors="backslashreplace")
            self._tallies.foreign.add({"path": path, "kind": one.kind})

    def _bring_manifest_up_to_date(self) -> None:
        """Replay anew: the ledger at hand served to read the records, and must not change under them."""
        stored = self._opened.replayed.ledger.counts().stored
        if not self._reopener.has_begun and nemo.count_lines(self._root) == stored:
            return
        ledger = replay(journal_of(self._root)).ledger
        if ledger.spec is not None:
            nemo.write(self._root, ledger, ledger.spec)

    def _exit_code(self) -> ExitCode:
        if self.stopping.exit_code is not None:
            return self.stopping.exit_code
        if self._fault is not None:
            return self._fault.exit_code
        if self._tallies.unjudged:
            return ExitCode.ENVIRONMENT
        return ExitCode.RETRYABLE_LEFT if self._tallies.lost else ExitCode.DONE

    def _on_progress(self, verified: Verified) -> None:
        self._verified = verified
        self._screen.show(verified, self._task.elapsed_s, self._tallies.lost)
