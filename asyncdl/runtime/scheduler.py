"""N workers pull attempts from the agenda; each takes the segments of one video to durable facts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import NamedTuple

from asyncdl.core.codes import Code
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import Clip, Failure, Fetched, FetchRequest, Row, Tier
from asyncdl.core.ports import Journal, Maker
from asyncdl.core.progress import Stage
from asyncdl.core.retry import (
    Decision,
    GiveUp,
    RetryAfter,
    RetryPolicy,
    Rng,
    StopCause,
    StopRun,
    Tried,
    TryElsewhere,
    TryFuller,
    decide,
)
from asyncdl.core.storm import Storm
from asyncdl.errors import AsyncdlError, DiskFull
from asyncdl.runtime.agenda import Agenda, Attempt
from asyncdl.runtime.exits import SILENT, Exits
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.settling import Settler
from asyncdl.runtime.tally import Tally


class RunEnd(Enum):
    """Why a run took no further segments."""

    FINISHED = "finished"
    DRAINED = "drained"
    STORM = "storm"
    FAULT = "fault"


# So often a segment may meet a throttle sign before it is left to another run.
_MOST_THROTTLES = 4

# One of several segments may be what hung or broke the worker, so that each is tried again by itself.
_TRIED_ALONE = frozenset({Code.DEADLINE, Code.WORKER_DIED})

_ENDS = {
    StopCause.STORM: RunEnd.STORM,
    StopCause.ENVIRONMENT: RunEnd.FAULT,
    StopCause.DISK_FULL: RunEnd.FAULT,
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a scheduler works with."""

    exits: Exits
    maker: Maker
    journal: Journal
    ledger: Ledger
    tally: Tally


@dataclass(frozen=True, slots=True)
class Terms:
    """How it works: where parts are written, what is fetched, how failures are tried again."""

    parts_folder: str
    request: Callable[[Attempt, str], FetchRequest]
    retry: RetryPolicy
    rng: Rng
    wall_ms: Callable[[], int]
    can_try_fuller: bool = False


class Scheduler:
    """Runs attempts until the agenda is empty, it is told to drain, or something stops the run."""

    def __init__(self, agenda: Agenda, limiter: Limiter, parts: Parts, terms: Terms) -> None:
        self._agenda = agenda
        self._limiter = limiter
        self._parts = parts
        self._terms = terms
        self._settler = Settler(parts.journal, parts.ledger, parts.tally, terms.wall_ms)
        self._end = RunEnd.FINISHED
        self._storm = Storm()
        self.stopped_by: Failure | None = None
        self.fault: AsyncdlError | None = None

    async def run(self) -> RunEnd:
        """Answer why no further segment was taken; a bug in any worker ends all and is raised."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._limiter.capacity):
                group.create_task(self._work())
        return self._end

    def drain(self, why: RunEnd = RunEnd.DRAINED) -> None:
        """Stop feeding; what is in flight finishes. The first reason stands."""
        if not self._agenda.is_draining:
            self._end = why
            self._agenda.drain()
            self._parts.exits.drain()

    async def _work(self) -> None:
        while (attempt := await self._next()) is not None:
            try:
                async with self._limiter.place():
                    await self._try(attempt)
            except AsyncdlError as error:
                self._stop_for(error)
            finally:
                for row in attempt.rows:
                    self._parts.tally.leave(row.segment.key)
                self._agenda.done()

    async def _next(self) -> Attempt | None:
        """Take the next attempt; reading a list writes rows into the journal, which may fail."""
        try:
            return await self._agenda.next()
        except AsyncdlError as error:
            self._stop_for(error)
            return None

    def _stop_for(self, error: AsyncdlError) -> None:
        self.fault = self.fault or error
        self.drain(RunEnd.FAULT)

    async def _try(self, attempt: Attempt) -> None:
        fetched = await self._fetched(attempt)
        if fetched is None:
            return  # the run drains before this one could begin; its segments stay open
        attempt, answers = fetched
        failed = await self._make_all(attempt, answers)
        if failed:
            await self._fail(attempt, failed)

    async def _make_all(self, attempt: Attempt, answers: tuple[Fetched | Failure, ...]) -> list[_Failed]:
        """Cut one clip after the other, each written down before the next; answer what brought none."""
        failed: list[_Failed] = []
        for place, (row, answer) in enumerate(zip(attempt.rows, answers, strict=True)):
            outcome = answer if isinstance(answer, Failure) else await self._make(row, attempt.number, answer)
            if isinstance(outcome, Failure):
                failed.append(_Failed(row, outcome))
            else:
                if len(failed) == place:  # the first clip speaks for the video
                    self._look_out(attempt, None)
                await self._settler.stored(row, attempt.number, outcome)
            if len(attempt.rows) > 1:  # the screen shows what is being cut, not what waits for it
                self._parts.tally.leave(row.segment.key)
        return failed

    async def _fetched(self, attempt: Attempt) -> tuple[Attempt, tuple[Fetched | Failure, ...]] | None:
        """Answer the attempt too: standing in line is not counted as time spent on the segments."""
        key = attempt.rows[0].segment.key
        self._parts.tally.enter(key, Stage.WAITING, attempt.number)
        request = self._terms.request(attempt, self._terms.parts_folder)
        asked_at_s = asyncio.get_running_loop().time()
        async with self._parts.exits.place(attempt.tier) as place:
            if place is None:
                return None
            waited_s = asyncio.get_running_loop().time() - asked_at_s
            attempt = replace(attempt, tier=place.tier, first_at_s=attempt.first_at_s + waited_s)
            self._parts.tally.enter(key, Stage.FETCHING, attempt.number)
            return attempt, await self._parts.exits.fetch(place, request)

    async def _make(self, row: Row, number: int, fetched: Fetched) -> Clip | Failure:
        key = row.segment.key
        self._parts.tally.enter(key, Stage.CUTTING, number)
        made = await self._parts.maker.make(row.segment, fetched, partial(self._settler.take_back, key))
        if isinstance(made, Clip):
            self._parts.tally.enter(key, Stage.STORING, number)
        return made

    async def _fail(self, attempt: Attempt, failed: list[_Failed]) -> None:
        """Follow what failed: segments of one video that failed alike are tried again together."""
        decided = [(group, self._decide(attempt, group[0].failure)) for group in _alike(failed)]
        is_whole = len(failed) == len(attempt.rows)
        if is_whole and not isinstance(decided[0][1], TryElsewhere | TryFuller):
            self._look_out(attempt, failed[0].failure)
        storm = self._storm
        for group, decision in decided:
            is_storm = storm.is_over_all and not isinstance(decision, StopRun)
            decision_now = StopRun(StopCause.STORM) if is_storm else decision
            for row, failure in group:
                await self._settler.failed(row, attempt.number, failure, decision_now)
            again = replace(attempt, rows=tuple([row for row, _ in group]))
            await self._follow(again, group[0].failure, decision_now, storm)

    def _look_out(self, attempt: Attempt, failure: Failure | None) -> None:
        """Watch for storms; with several exits, silence is the bench's affair: it may be one exit's alone."""
        is_silence = failure is not None and failure.code in SILENT and len(self._parts.exits.exits) > 1
        if attempt.number == 1 and not is_silence:
            keys = tuple([row.segment.key for row in attempt.rows])
            self._storm = self._storm.observe(keys, failure)

    def _decide(self, attempt: Attempt, failure: Failure) -> Decision:
        spent_s = asyncio.get_running_loop().time() - attempt.first_at_s
        tried = Tried(attempt.number, spent_s, attempt.tier, self._terms.can_try_fuller)
        return decide(failure, tried, self._terms.retry, self._terms.rng)

    async def _follow(self, attempt: Attempt, failure: Failure, decision: Decision, storm: Storm) -> None:
        match decision:
            case RetryAfter(delay_s):
                self._agenda.again(attempt, delay_s)
            case TryElsewhere():
                self._put_elsewhere(attempt, failure)
            case TryFuller():
                self._agenda.put_back(replace(attempt, tier=Tier.FULL))
            case StopRun(cause):
                self._stop(cause, failure)
                if cause is StopCause.STORM:
                    await self._settler.reopen(storm.keys)
            case GiveUp():
                pass

    def _put_elsewhere(self, attempt: Attempt, failure: Failure) -> None:
        """Put segments back; those that bring refusals time and again are left open for another run."""
        if not failure.kind.is_throttle:
            self._agenda.put_back(attempt)
        elif attempt.throttles + 1 < _MOST_THROTTLES:
            self._agenda.put_behind(replace(attempt, throttles=attempt.throttles + 1))

    def _stop(self, cause: StopCause, failure: Failure) -> None:
        self.stopped_by = self.stopped_by or failure
        if cause is StopCause.DISK_FULL:
            self._stop_for(DiskFull(failure.text, mend="Free some space, then run the same command again."))
        self.drain(_ENDS[cause])


class _Failed(NamedTuple):
    row: Row
    failure: Failure


def _alike(failed: Iterable[_Failed]) -> list[list[_Failed]]:
    """Put together what failed with the same code, in the order in which it came."""
    groups: dict[tuple[str, str], list[_Failed]] = {}
    for one in failed:
        code = one.failure.code
        groups.setdefault((code, one.row.segment.key if code in _TRIED_ALONE else ""), []).append(one)
    return list(groups.values())
