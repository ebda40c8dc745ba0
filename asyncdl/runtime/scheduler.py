"""N workers pull attempts from the agenda; each takes one segment from the list to a durable fact."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum

from asyncdl.core.events import AttemptFailed, ClipStored, GaveUp, RetryRequested, SegmentEvent
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import Clip, Failure, Fetched, FetchRequest, Tier
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
from asyncdl.runtime.tally import Tally


class RunEnd(Enum):
    """Why a run took no further segments."""

    FINISHED = "finished"
    DRAINED = "drained"
    STORM = "storm"
    FAULT = "fault"


# So often a segment may meet a throttle sign before it is left to another run.
_MOST_THROTTLES = 4

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
                self._parts.tally.leave(attempt.row.segment.key)
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
        self._parts.tally.enter(attempt.row.segment.key, Stage.WAITING, attempt.number)
        tried = await self._outcome(attempt)
        if tried is None:
            return  # the run drains before this one could begin; the segment stays open
        attempt, outcome = tried
        if isinstance(outcome, Clip):
            self._look_out(attempt, None)
            await self._settle(self._stored(attempt, outcome))
        else:
            await self._fail(attempt, outcome)

    def _look_out(self, attempt: Attempt, failure: Failure | None) -> None:
        """Watch for storms; with several exits, silence is the bench's affair: it may be one exit's alone."""
        is_silence = failure is not None and failure.code in SILENT and len(self._parts.exits.exits) > 1
        if attempt.number == 1 and not is_silence:
            self._storm = self._storm.observe(attempt.row.segment.key, failure)

    async def _outcome(self, attempt: Attempt) -> tuple[Attempt, Clip | Failure] | None:
        """Answer the attempt too: standing in line is not counted as time spent on the segment."""
        request = self._terms.request(attempt, self._terms.parts_folder)
        asked_at_s = asyncio.get_running_loop().time()
        async with self._parts.exits.place(attempt.tier) as place:
            if place is None:
                return None
            waited_s = asyncio.get_running_loop().time() - asked_at_s
            attempt = replace(attempt, tier=place.tier, first_at_s=attempt.first_at_s + waited_s)
            self._parts.tally.enter(attempt.row.segment.key, Stage.FETCHING, attempt.number)
            (answer,) = await self._parts.exits.fetch(place, request)
        return attempt, answer if isinstance(answer, Failure) else await self._make(attempt, answer)

    async def _make(self, attempt: Attempt, fetched: Fetched) -> Clip | Failure:
        self._parts.tally.enter(attempt.row.segment.key, Stage.CUTTING, attempt.number)
        return await self._parts.maker.make(attempt.row.segment, fetched)

    async def _fail(self, attempt: Attempt, failure: Failure) -> None:
        spent_s = asyncio.get_running_loop().time() - attempt.first_at_s
        tried = Tried(attempt.number, spent_s, attempt.tier, self._terms.can_try_fuller)
        decision = decide(failure, tried, self._terms.retry, self._terms.rng)
        if not isinstance(decision, TryElsewhere | TryFuller):
            self._look_out(attempt, failure)
        storm = self._storm
        if storm.is_over_all and not isinstance(decision, StopRun):
            decision = StopRun(StopCause.STORM)
        await self._settle(self._failed(attempt, failure, decision))
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
                    await self._reopen(storm.keys)
            case GiveUp():
                pass

    def _put_elsewhere(self, attempt: Attempt, failure: Failure) -> None:
        """Put a segment back; one that brings refusals time and again is left open for another run."""
        if not failure.kind.is_throttle:
            self._agenda.put_back(attempt)
        elif attempt.throttles + 1 < _MOST_THROTTLES:
            self._agenda.put_behind(replace(attempt, throttles=attempt.throttles + 1))

    def _stop(self, cause: StopCause, failure: Failure) -> None:
        self.stopped_by = self.stopped_by or failure
        if cause is StopCause.DISK_FULL:
            self._stop_for(DiskFull(failure.text, mend="Free some space, then run the same command again."))
        self.drain(_ENDS[cause])

    async def _reopen(self, keys: Iterable[str]) -> None:
        """Take back what was given up before it could be known that no video was to blame."""
        ledger = self._parts.ledger
        for key in keys:
            if ledger.state_of(key) is RowState.GIVEN_UP:
                await self._settle(RetryRequested(key, ledger.round_of(key) + 1, self._terms.wall_ms()))

    async def _settle(self, event: SegmentEvent) -> None:
        """Journal first; ledger and screen learn of it once it is durable."""
        await self._parts.journal.append(event)
        self._parts.ledger.apply(event)
        self._parts.tally.tell(event)

    def _stored(self, attempt: Attempt, clip: Clip) -> ClipStored:
        self._parts.tally.enter(attempt.row.segment.key, Stage.STORING, attempt.number)
        key = attempt.row.segment.key
        round_ = self._parts.ledger.round_of(key)
        return ClipStored(key, attempt.row.ref, round_, attempt.number, self._terms.wall_ms(), clip)

    def _failed(self, attempt: Attempt, failure: Failure, decision: Decision) -> AttemptFailed | GaveUp:
        key, ref, number = attempt.row.segment.key, attempt.row.ref, attempt.number
        round_, at_ms = self._parts.ledger.round_of(key), self._terms.wall_ms()
        if isinstance(decision, GiveUp):
            return GaveUp(key, ref, round_, number, at_ms, failure, decision.is_final)
        return AttemptFailed(key, ref, round_, number, at_ms, failure)
