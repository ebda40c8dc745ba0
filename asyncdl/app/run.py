"""One run: opens everything in order, runs the schedule, closes everything whatever happens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial

from asyncdl.app import lists as list_files
from asyncdl.app.ending import end_well
from asyncdl.app.keeping import PaceKeeper
from asyncdl.app.opening import Opened, Surroundings, check_before_writing, open_data_set, open_run, wall_ms
from asyncdl.app.planning import make_plan
from asyncdl.app.report import RunReport, exit_code_of, fault_of
from asyncdl.app.stopping import Stopping
from asyncdl.core.model import FetchRequest, RejectedRow
from asyncdl.errors import AsyncdlError, UsageError
from asyncdl.runtime.agenda import Agenda, Attempt
from asyncdl.runtime.feed import Feed, RowSource, Selection
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.process import RUN_ID_VARIABLE
from asyncdl.runtime.scheduler import Parts, RunEnd, Scheduler, Terms
from asyncdl.runtime.tally import Tally
from asyncdl.runtime.watch import Watch, Watched
from asyncdl.settings import RunSettings
from asyncdl.ui.choose import Screen, open_screen

_TOLD_REJECTIONS = 10


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done: rows to read, and how many segments that will make, once it is known."""

    title: str
    rows: RowSource
    selection: Selection
    expected: int
    has_lists: bool = True


async def run(settings: RunSettings, surroundings: Surroundings) -> RunReport:
    """Carry out ``asyncdl run``. Raises ``AsyncdlError`` for what stops it before it begins."""
    check_before_writing(settings, surroundings)
    given = await list_files.gather(settings.sources, surroundings.cache, surroundings.on_download)
    async with AsyncExitStack() as stack:
        for one in given:
            if one.file.warning:
                surroundings.tell(one.file.warning)
        data_set = await open_data_set(settings.out, stack)
        opened = await open_run(data_set, settings, surroundings, "run", stack)
        numbered, new = list_files.number(given, opened.ledger)
        await opened.add_sources(new)
        names = " ".join(one.file.name for one in given)
        plan = await make_plan(numbered, settings, opened.ledger)
        surroundings.on_plan(plan)
        work = Work(
            f"asyncdl run {names}",
            partial(list_files.read, numbered),
            Selection(settings.limit, settings.overwrite),
            plan.work.to_do + plan.work.settled,
        )
        return await carry_out(work, settings, surroundings, opened)


async def carry_out(
    work: Work, settings: RunSettings, surroundings: Surroundings, opened: Opened
) -> RunReport:
    """Run the schedule over the work, watched and stoppable; then write down the end."""
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
        self._told_rejections = 0
        tally = Tally()
        if opened.log is not None:
            tally.listeners.append(opened.log.tell)
        feed = Feed(work.rows, opened.ledger, opened.journal, work.selection, self._on_rejected)
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
        self._side_tasks: tuple[asyncio.Task[None], ...] = ()

    async def play(self) -> None:
        """Run until nothing is left, or told to stop; a bug in a part is raised."""
        await self._watch.look_at_disk()
        watching = asyncio.create_task(self._watch.run())
        keeping = asyncio.create_task(self._keeper.run())
        self._running = asyncio.create_task(self._scheduler.run())
        try:
            await asyncio.wait([self._running])
        finally:
            for task in (self._running, watching, keeping):
                task.cancel()
            await asyncio.wait([self._running, watching, keeping])
        self._side_tasks = (watching, keeping)
        self._end = None if self._running.cancelled() else self._running.result()

    async def end(self) -> RunReport:
        """Write down the end, show the last state, and say how it went."""
        fault = fault_of(self._end or RunEnd.DRAINED, self._scheduler.fault, self._scheduler.stopped_by)
        fault = fault or self._feed.fault or self._nothing_to_do()
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
        return RunReport(
            self._opened.data_set.root,
            code,
            counts,
            final,
            fault,
            self._opened.requests,
            self._opened.received_bytes,
        )

    def _nothing_to_do(self) -> UsageError | None:
        """Tell a list without a single segment, which is a mistake and not a run that is done."""
        if self._feed.seen or not self._work.has_lists or self._end is not RunEnd.FINISHED:
            return None
        return UsageError(
            "There is no segment in what was given as a list.",
            mend="asyncdl status --rejected tells why its rows were rejected, where it has any.",
        )

    def _reason(self) -> str:
        if self._end is None:
            return "stopped"
        return self._end.value

    def _drain(self, note: str) -> None:
        self._watch.note = note
        self._screen.message(note)
        self._scheduler.drain()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()

    def _on_rejected(self, row: RejectedRow) -> None:
        name = self._opened.ledger.sources[row.ref.source].name
        text = f"{name} line {row.ref.line} is no segment: {row.reason}: {row.text}"
        if self._opened.log is not None:
            self._opened.log.write(text)
        self._told_rejections += 1
        if self._told_rejections <= _TOLD_REJECTIONS:
            self._screen.message(text)
        elif self._told_rejections == _TOLD_REJECTIONS + 1:
            self._screen.message("further rejected rows are counted; asyncdl status --rejected shows all")


def _request_of(opened: Opened) -> Callable[[Attempt, str], FetchRequest]:
    spec = opened.spec
    max_height = spec.max_height if spec.video else None

    def request(attempt: Attempt, folder: str) -> FetchRequest:
        segment = attempt.row.segment
        return FetchRequest(segment.ytid, (segment.span,), folder, (segment.key,), spec.quality, max_height)

    return request
