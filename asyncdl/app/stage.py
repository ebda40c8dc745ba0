"""Work being done: runs the schedule, watched and stoppable, and writes down its end whatever happens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from asyncdl.app.ending import end_well
from asyncdl.app.keeping import PaceKeeper
from asyncdl.app.opening import Opened, Surroundings, wall_ms
from asyncdl.app.rejections import Rejections
from asyncdl.app.report import RunReport, exit_code_of, fault_of, naming
from asyncdl.app.stopping import Stopping
from asyncdl.core.model import FetchRequest
from asyncdl.errors import AsyncdlError, DiskFull, UsageError
from asyncdl.runtime.agenda import Agenda, Attempt
from asyncdl.runtime.descriptors import fit_concurrency
from asyncdl.runtime.feed import Feed, RowSource, Selection
from asyncdl.runtime.heartbeat import OnFault
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.process import RUN_ID_VARIABLE
from asyncdl.runtime.room import watch_room
from asyncdl.runtime.scheduler import Parts, RunEnd, Scheduler, Terms
from asyncdl.runtime.snapshot_keeper import keeper_of
from asyncdl.runtime.tally import Tally
from asyncdl.runtime.watch import Watch, Watched
from asyncdl.settings import RunSettings, out_option
from asyncdl.ui.choose import Screen, open_screen

if TYPE_CHECKING:
    from asyncdl.app.chosen_rows import ChosenRows

_MOST_RESERVED = 1 << 22
_FEW_NEW = 1000


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done: rows to read, and how many segments that will make, once it is known."""

    title: str
    rows: RowSource
    selection: Selection
    expected: int
    has_lists: bool = True
    chosen: ChosenRows | None = None


async def carry_out(
    work: Work, settings: RunSettings, surroundings: Surroundings, opened: Opened
) -> RunReport:
    """Run the schedule over the work, watched and stoppable; then write down the end."""
    # Growing on the way would stop the loop for a second; what a list seems to hold may be wrong, though. A
    # ledger that knows nearly all of it is left alone: where nothing is open, nothing is ever searched in it.
    if work.expected > opened.ledger.counts().segments + _FEW_NEW:
        opened.ledger.reserve(min(work.expected, _MOST_RESERVED))
    concurrency = fit_concurrency(settings.fetch.concurrency, surroundings.tell)
    settings = replace(settings, fetch=replace(settings.fetch, concurrency=concurrency))
    environ = {**surroundings.environ, RUN_ID_VARIABLE: opened.data_set.run_id}
    async with open_screen(surroundings.screen, environ=environ) as screen:
        stage = _Stage(work, settings, opened, screen)
        with stage.stopping.installed():
            await stage.play()
            return await stage.end()


class _Stage:
    """The objects of one run at work."""

    def __init__(self, work: Work, settings: RunSettings, opened: Opened, screen: Screen) -> None:
        self._work = work
        self._opened = opened
        self._screen = screen
        rejections = Rejections(opened, screen)
        tally = Tally()
        if opened.log is not None:
            tally.listeners.append(opened.log.tell)
        if work.chosen is not None:
            tally.listeners.append(work.chosen.tell)
        feed = Feed(
            work.rows,
            opened.ledger,
            opened.journal,
            work.selection,
            rejections.tell,
            successors=work.chosen,
        )
        agenda = Agenda(feed)
        limiter = Limiter(settings.fetch.concurrency)
        parts = Parts(opened.exits, opened.cutter, opened.journal, opened.ledger, tally)
        terms = Terms(
            str(opened.data_set.parts),
            _request_of(opened),
            settings.retry,
            random.SystemRandom(),
            wall_ms,
            opened.can_try_fuller,
        )
        self._keeper = PaceKeeper(opened)
        self._snapshots = keeper_of(opened.data_set.journal, opened.data_set.run_id)
        self._tally, self._feed = tally, feed
        self._scheduler = Scheduler(agenda, limiter, parts, terms)
        root = opened.data_set.root
        self._watch = Watch(
            Watched(work.title, root, opened.ledger, tally, agenda, feed, limiter, opened.exits), screen.show
        )
        self._watch.expected = work.expected
        self.stopping = Stopping(self._drain, self._stop)
        self._end: RunEnd | None = None
        self._running: asyncio.Task[RunEnd] | None = None
        self._snapping: asyncio.Task[None] | None = None
        self._fault: AsyncdlError | None = None
        self._min_free_bytes = settings.min_free_bytes
        self._side_tasks: tuple[asyncio.Task[None], ...] = ()

    async def play(self) -> None:
        """Run until nothing is left, or told to stop; a bug in a part is raised."""
        await self._watch.look_at_disk()
        room = asyncio.create_task(
            watch_room(self._opened.data_set.root, self._min_free_bytes, self._on_short_of_room)
        )
        watching = asyncio.create_task(self._watch.run())
        keeping = asyncio.create_task(self._keeper.run())
        snapping = asyncio.create_task(self._snapshots.run())
        self._running = asyncio.create_task(self._scheduler.run())
        self._opened.data_set.heartbeat.tell(self._on_lost_lock())
        try:
            await asyncio.wait([self._running])
        finally:
            for task in (self._running, watching, keeping, room, snapping):
                task.cancel()
            await asyncio.wait([self._running, watching, keeping, room, snapping])
        self._side_tasks = (watching, keeping, room, snapping)
        self._end = None if self._running.cancelled() else self._running.result()

    async def end(self) -> RunReport:
        """Write down the end, show the last state, and say how it went."""
        fault = fault_of(self._end or RunEnd.DRAINED, self._scheduler.fault, self._scheduler.stopped_by)
        fault = self._fault or fault or self._feed.fault or self._nothing_to_do()
        fault = naming(self._opened.data_set.root, fault)
        reason = self._reason()
        with suppress(AsyncdlError):  # told by the lines below, if it matters
            await self._keeper.write()
        await end_well(self._opened, reason, is_changed=self._tally.is_changed, is_broken=fault is not None)
        await self._watch.look_at_disk()
        final = self._watch.final("" if reason == RunEnd.FINISHED.value else reason)
        await self._screen.close(final)
        for task in self._side_tasks:
            if not task.cancelled():
                task.result()  # raises what a bug has raised, now that all is written down
        counts = self._opened.ledger.counts()
        code = self.stopping.exit_code or (fault.exit_code if fault else exit_code_of(counts))
        if self.stopping.exit_code is None:  # whoever sends a signal waits
            await self._leave_snapshot()
        return RunReport(
            self._opened.data_set.root,
            code,
            counts,
            final,
            fault,
            self._opened.requests,
            self._opened.received_bytes,
            () if self._work.chosen is None else self._work.chosen.reach(),
        )

    async def _leave_snapshot(self) -> None:
        """Spare the next start the fold; a signal ends it, and changes nothing of how the run went."""
        self._snapping = asyncio.create_task(self._snapshots.finish())
        await asyncio.wait([self._snapping])
        if not self._snapping.cancelled():
            self._snapping.result()

    def _nothing_to_do(self) -> UsageError | None:
        """Tell a list without a single segment, which is a mistake and not a run that is done."""
        if self._feed.seen or not self._work.has_lists or self._end is not RunEnd.FINISHED:
            return None
        return UsageError(
            "There is no segment in what was given as a list.",
            mend=f"asyncdl status --rejected{out_option(self._opened.data_set.root)} tells why its rows were"
            " rejected, where it has any.",
        )

    def _reason(self) -> str:
        if self._end is None:
            return "stopped"
        return self._end.value

    def _drain(self, note: str) -> None:
        self._watch.note = note
        self._screen.message(note)
        self._scheduler.drain()
        if self._snapping is not None:
            self._snapping.cancel()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()

    def _on_short_of_room(self, fault: DiskFull) -> None:
        self._fault = self._fault or fault
        self._screen.message(str(fault))
        self._scheduler.drain(RunEnd.FAULT)

    def _on_lost_lock(self) -> OnFault:
        """Answer what the heartbeat's thread calls: the run stops at once."""
        loop = asyncio.get_running_loop()

        def stop(fault: AsyncdlError) -> None:
            self._fault = fault
            with suppress(RuntimeError):  # the loop is closed: the run is over
                loop.call_soon_threadsafe(self._stop)

        return stop


def _request_of(opened: Opened) -> Callable[[Attempt, str], FetchRequest]:
    spec = opened.spec
    max_height = spec.max_height if spec.video else None

    def request(attempt: Attempt, folder: str) -> FetchRequest:
        return attempt.request(folder, spec.quality, max_height)

    return request
