"""The wall clock jumps a day back and forth under a run; order, pace, waits and the end stay the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from itertools import count

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.events import AttemptFailed, ClipStored, Event, GaveUp, RowEvent
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import Failure, Fetched, FetchRequest
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.retry import RetryPolicy
from asyncdl.runtime.agenda import Agenda, Attempt
from asyncdl.runtime.feed import Batch, Feed, Selection
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.scheduler import Parts, RunEnd, Scheduler, Terms
from asyncdl.runtime.tally import Tally
from support.fakes import FakeFetcher, FakeMaker, MemoryJournal, a_fetched, rows_source, some_exits, some_rows
from support.virtual_clock import run_virtually

DAY_S = 86_400.0
BEGUN_S = 1.7e9
_COUNT = 400
WallS = Callable[[], float]


def _steady() -> float:
    return BEGUN_S + asyncio.get_running_loop().time()


def _jumping() -> WallS:
    rng, looks = random.Random(4), count()

    def wall_s() -> float:
        jump_s = rng.choice((-DAY_S, 0.0, DAY_S)) if next(looks) else 0.0
        return _steady() + jump_s

    return wall_s


def _answer() -> Callable[[FetchRequest, int], Fetched | Failure]:
    """Every third video fails at first, and each twentieth fetch meets a throttle sign."""
    fetches = count(1)

    def answer(request: FetchRequest, number: int) -> Fetched | Failure:
        if next(fetches) % 20 == 0:
            return failure(Code.HTTP_429, "429")
        is_faulty = int(request.ytid[:10]) % 3 == 0 and number < 2
        return failure(Code.HTTP_5XX, "503") if is_faulty else a_fetched(request)

    return answer


async def _here(read: Callable[[], Batch]) -> Batch:
    await asyncio.sleep(0)
    return read()


def _request(attempt: Attempt, folder: str) -> FetchRequest:
    return attempt.request(folder)


def _told(event: Event | RowEvent) -> tuple[object, ...]:
    """All of an event but the time of day, which is for people."""
    if isinstance(event, ClipStored | AttemptFailed | GaveUp):
        return type(event), event.key, event.round, event.attempt
    return (event,)


async def _play(wall_s: WallS) -> tuple[list[tuple[object, ...]], float, list[int]]:
    """Answer what happened in order, when it was over, and the times of day that were written down."""
    ledger, journal = Ledger(), MemoryJournal()
    feed = Feed(rows_source(some_rows(_COUNT)), ledger, journal, Selection(), lambda _: None, _here)
    fetcher = FakeFetcher(_answer(), rng=random.Random(2))
    exits = some_exits(fetcher, policy=PacePolicy(), wall_s=wall_s)
    parts = Parts(exits, FakeMaker(), journal, ledger, Tally())
    terms = Terms("/parts", _request, RetryPolicy(), random.Random(1), lambda: int(wall_s() * 1000))
    end = await Scheduler(Agenda(feed), Limiter(8), parts, terms).run()
    assert end is RunEnd.FINISHED
    assert ledger.counts().stored == _COUNT
    written = [event.at_ms for event in journal.events if isinstance(event, ClipStored)]
    return [_told(event) for event in journal.events], asyncio.get_running_loop().time(), written


def test_a_clock_that_jumps_changes_nothing_but_the_times_that_people_read() -> None:
    steady, steady_end_s, steady_ms = run_virtually(_play(_steady))
    jumping, jumping_end_s, jumping_ms = run_virtually(_play(_jumping()))
    assert jumping == steady
    assert jumping_end_s == steady_end_s
    assert steady_ms == sorted(steady_ms)
    assert jumping_ms != sorted(jumping_ms)
