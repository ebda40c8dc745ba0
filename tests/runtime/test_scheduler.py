"""The schedule under a virtual clock: every segment settled once, retries in time, honest stops."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.events import AttemptFailed, ClipLost, ClipStored, GaveUp, RowEvent, RowSelected
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import Clip, Failure, Fetched, FetchRequest, RejectedRow, Row, RowRef, Segment
from asyncdl.core.ports import BeforePublish, Fetcher, Maker
from asyncdl.core.retry import RetryPolicy
from asyncdl.errors import DiskFull, EnvironmentFault, UsageError
from asyncdl.runtime.agenda import Agenda, Attempt
from asyncdl.runtime.exits import Exits
from asyncdl.runtime.feed import Batch, Feed, PassOver, Selection
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.scheduler import Parts, RunEnd, Scheduler, Terms
from asyncdl.runtime.tally import Tally
from support.fakes import (
    Answer,
    FakeFetcher,
    FakeMaker,
    MemoryJournal,
    a_fetched,
    a_segment,
    rows_source,
    some_exits,
    some_rows,
)
from support.virtual_clock import run_virtually


@dataclass
class Scene:
    """One scheduler with everything around it."""

    rows: list[Row | RejectedRow]
    fetcher: Fetcher
    maker: Maker = field(default_factory=FakeMaker)
    concurrency: int = 8
    selection: Selection = field(default_factory=Selection)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    ledger: Ledger = field(default_factory=Ledger)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    rejected: list[RejectedRow] = field(default_factory=list)
    max_wait_s: float | None = None
    full: Fetcher | None = None

    def build(self, exits: Exits | None = None) -> Scheduler:
        rows = rows_source(self.rows)
        feed = Feed(rows, self.ledger, self.journal, self.selection, self.rejected.append, _on_the_loop)
        self.agenda = Agenda(feed)
        exits = exits or some_exits(self.fetcher, max_wait_s=self.max_wait_s, full=self.full)
        parts = Parts(exits, self.maker, self.journal, self.ledger, Tally())
        can_try_fuller = self.full is not None
        terms = Terms("/parts", _request, self.policy, random.Random(1), lambda: 0, can_try_fuller)
        return Scheduler(self.agenda, Limiter(self.concurrency), parts, terms)

    def outcomes(self) -> Counter[type]:
        return Counter(type(event) for event in self.journal.events if not isinstance(event, RowSelected))


def _request(attempt: Attempt, folder: str) -> FetchRequest:
    return attempt.request(folder)


async def _on_the_loop(read: Callable[[], Batch]) -> Batch:
    """Threads do not count as runnable under a virtual clock, so lists are read on the loop here."""
    await asyncio.sleep(0)
    return read()


def test_every_segment_is_stored_once_and_never_more_than_the_limit_are_in_flight() -> None:
    fetcher = FakeFetcher(rng=random.Random(2))
    scene = Scene(some_rows(2000), fetcher, concurrency=64)
    assert run_virtually(_run(scene)) is RunEnd.FINISHED
    assert scene.outcomes() == {ClipStored: 2000}
    assert fetcher.most_under_way == 64
    assert scene.ledger.counts().stored == 2000


async def _run(scene: Scene) -> RunEnd:
    return await scene.build().run()


def test_two_runs_are_identical() -> None:
    def one_run() -> list[object]:
        scene = Scene(some_rows(300), FakeFetcher(_fails_at_random(3), rng=random.Random(2)))
        run_virtually(_run(scene))
        return list(scene.journal.events)

    assert one_run() == one_run()


def _fails_at_random(seed: int) -> Answer:
    rng = random.Random(seed)

    def answer(request: FetchRequest, _number: int) -> Fetched | Failure:
        return failure(Code.HTTP_5XX, "503") if rng.random() < 0.3 else a_fetched(request)

    return answer


def test_a_passing_fault_is_tried_again_and_heals() -> None:
    def answer(request: FetchRequest, number: int) -> Fetched | Failure:
        is_faulty = int(request.ytid[:10]) % 2 and number < 3
        return failure(Code.HTTP_5XX, "503") if is_faulty else a_fetched(request)

    scene = Scene(some_rows(50), FakeFetcher(answer))
    run_virtually(_run(scene))
    assert scene.outcomes() == {AttemptFailed: 50, ClipStored: 50}
    attempts = Counter(event.attempt for event in scene.journal.events if isinstance(event, ClipStored))
    assert attempts == {1: 25, 3: 25}


def test_a_fault_that_does_not_pass_is_given_up_after_its_attempts() -> None:
    scene = Scene(some_rows(5), FakeFetcher(lambda *_: failure(Code.CONN_RESET, "reset")))
    run_virtually(_run(scene))
    assert scene.outcomes() == {AttemptFailed: 15, GaveUp: 5}
    assert scene.ledger.counts().failed_total == 5


def test_a_waiting_retry_does_not_hold_up_other_segments() -> None:
    async def scene() -> float:
        loop = asyncio.get_running_loop()
        times: list[float] = []

        def answer(request: FetchRequest, number: int) -> Fetched | Failure:
            times.append(loop.time())
            first = request.ytid == a_segment(1).ytid
            return (
                failure(Code.TIMEOUT, "", retry_after_s=500) if first and number == 1 else a_fetched(request)
            )

        await Scene(some_rows(20), FakeFetcher(answer), concurrency=1).build().run()
        assert times[19] < 10
        return times[20]

    assert 500 <= run_virtually(scene()) < 510


@pytest.mark.parametrize("code", [Code.BOT_CHECK, Code.HTTP_429, Code.SESSION_LIMIT])
def test_a_throttle_sign_ends_a_run_that_may_not_wait_and_fails_no_segment(code: Code) -> None:
    def answer(request: FetchRequest, _number: int) -> Fetched | Failure:
        return failure(code, "slow down") if request.ytid == a_segment(30).ytid else a_fetched(request)

    scene = Scene(some_rows(500), FakeFetcher(answer, rng=random.Random(1)), concurrency=4, max_wait_s=60)
    scheduler = scene.build()
    assert run_virtually(_finish(scheduler)) is RunEnd.FAULT
    assert isinstance(scheduler.fault, EnvironmentFault)
    assert "cools down" in scheduler.fault.what
    assert scene.outcomes()[GaveUp] == 0
    assert scene.ledger.state_of(a_segment(30).key) is RowState.OPEN
    assert scene.ledger.counts().stored < 40


def test_a_throttled_segment_waits_with_its_identity_and_loses_no_attempt() -> None:
    async def story() -> tuple[Scene, list[float]]:
        sent: list[float] = []

        def answer(request: FetchRequest, number: int) -> Fetched | Failure:
            sent.append(asyncio.get_running_loop().time())
            first = request.ytid == a_segment(10).ytid and number == 1
            return failure(Code.BOT_CHECK, "not a bot") if first else a_fetched(request)

        scene = Scene(some_rows(40), FakeFetcher(answer), concurrency=4)
        assert await scene.build().run() is RunEnd.FINISHED
        return scene, sent

    scene, sent = run_virtually(story())
    assert scene.ledger.counts().stored == 40
    stored = [event for event in scene.journal.events if isinstance(event, ClipStored)]
    assert {event.attempt for event in stored} == {1}
    pauses = [after - before for before, after in itertools.pairwise(sent)]
    assert max(pauses) >= 15 * 60


def test_a_video_that_always_brings_a_throttle_sign_does_not_hold_up_the_list() -> None:
    def answer(request: FetchRequest, _number: int) -> Fetched | Failure:
        is_poison = request.ytid == a_segment(10).ytid
        return failure(Code.ACCOUNT_BLOCKED, "isn't available") if is_poison else a_fetched(request)

    scene = Scene(some_rows(300), FakeFetcher(answer, rng=random.Random(3)), concurrency=4)
    assert run_virtually(_run(scene)) is RunEnd.FINISHED
    counts = scene.ledger.counts()
    assert (counts.stored, counts.open, counts.failed_total) == (299, 1, 0)


def test_standing_in_line_is_not_time_spent_on_a_segment() -> None:
    """An hour's cool-down before the first try must not use up the time for retries."""

    def answer(request: FetchRequest, number: int) -> Fetched | Failure:
        if number == 1 and request.ytid == a_segment(1).ytid:
            return failure(Code.SESSION_LIMIT, "try again later")
        faulty = int(request.ytid[:10]) % 4 == 0 and number == 1
        return failure(Code.HTTP_5XX, "503") if faulty else a_fetched(request)

    scene = Scene(some_rows(40), FakeFetcher(answer), concurrency=8)
    assert run_virtually(_run(scene)) is RunEnd.FINISHED
    assert scene.ledger.counts().stored == 40


def test_a_list_that_only_the_fuller_extraction_can_have_is_no_storm() -> None:
    first = FakeFetcher(lambda *_: failure(Code.SABR_ONLY, "missing a URL"), rng=random.Random(1))
    scene = Scene(some_rows(100), first, full=FakeFetcher(rng=random.Random(2)))
    assert run_virtually(_run(scene)) is RunEnd.FINISHED
    assert scene.ledger.counts().stored == 100


@pytest.mark.parametrize("code", [Code.CONN_RESET, Code.TIMEOUT, Code.HTTP_5XX])
def test_an_exit_that_brings_nothing_back_sits_out_while_another_works(code: Code) -> None:
    broken = FakeFetcher(lambda *_: failure(code, "nothing"))
    scene = Scene(some_rows(400), broken, concurrency=8)
    exits = some_exits(broken, FakeFetcher(rng=random.Random(2)))
    assert run_virtually(_finish(scene.build(exits))) is RunEnd.FINISHED
    counts = scene.ledger.counts()
    assert counts.stored > 390
    assert sum(broken.fetches.values()) < 100


def test_an_outage_of_the_line_is_waited_out_once_it_has_worked() -> None:
    async def story() -> Scene:
        def answer(request: FetchRequest, _number: int) -> Fetched | Failure:
            is_down = 600 < asyncio.get_running_loop().time() < 600 + 6 * 3600
            return failure(Code.DNS, "Failed to resolve") if is_down else a_fetched(request)

        scene = Scene(some_rows(300), FakeFetcher(answer, rng=random.Random(8)), concurrency=2)
        assert await scene.build().run() is RunEnd.FINISHED
        return scene

    counts = run_virtually(story()).ledger.counts()
    assert (counts.stored, counts.failed_total) == (300, 0)


def test_a_dead_way_out_ends_the_run_and_another_one_takes_over() -> None:
    dead = FakeFetcher(lambda *_: failure(Code.PROXY_DOWN, "Unable to connect to proxy"))
    alive = FakeFetcher(rng=random.Random(2))
    scene = Scene(some_rows(200), dead)
    scheduler = scene.build()
    assert run_virtually(_finish(scheduler)) is RunEnd.FAULT
    assert scene.ledger.counts().failed_total == 0
    second = Scene(some_rows(200), dead, ledger=scene.ledger)
    exits = some_exits(dead, alive)
    scheduler = second.build(exits)
    assert run_virtually(_finish(scheduler)) is RunEnd.FINISHED
    assert second.ledger.counts().stored == 200
    assert exits.exits[0].bench.why.startswith("proxy_down")


def test_what_a_fuller_extraction_could_cure_gets_it_once() -> None:
    first = FakeFetcher(lambda request, _: _unavailable_when_odd(request))
    full = FakeFetcher(lambda request, _: _unavailable_when_third(request))
    scene = Scene(some_rows(60), first, full=full)
    assert run_virtually(_run(scene)) is RunEnd.FINISHED
    counts = scene.ledger.counts()
    assert len(full.fetches) == 30
    assert set(full.fetches.values()) == {1}
    assert counts.stored == 50
    assert counts.failed == {FailureKind.UNAVAILABLE: 10}
    assert counts.retryable == 0, "a fuller look found no more: settled for good"


def test_without_a_fuller_extraction_a_verdict_stays_open_to_another_round() -> None:
    scene = Scene(some_rows(20), FakeFetcher(lambda request, _: _unavailable_when_odd(request)))
    run_virtually(_run(scene))
    counts = scene.ledger.counts()
    assert (counts.failed_total, counts.retryable) == (10, 10)


def _unavailable_when_odd(request: FetchRequest) -> Fetched | Failure:
    is_odd = int(request.ytid[:10]) % 2
    return failure(Code.CLIENT_UNAVAIL, "This video is not available") if is_odd else a_fetched(request)


def _unavailable_when_third(request: FetchRequest) -> Fetched | Failure:
    is_third = int(request.ytid[:10]) % 3 == 0
    return failure(Code.UNAVAILABLE, "Video unavailable") if is_third else a_fetched(request)


@pytest.mark.parametrize("concurrency", [1, 8, 64])
def test_a_dead_network_ends_the_run_and_gives_up_no_segment(concurrency: int) -> None:
    fetcher = FakeFetcher(lambda *_: failure(Code.CONN_RESET, "refused"), rng=random.Random(1))
    scene = Scene(some_rows(5000), fetcher, concurrency=concurrency)
    assert run_virtually(_run(scene)) is RunEnd.STORM
    counts = scene.ledger.counts()
    assert (counts.failed_total, counts.open) == (0, counts.segments)
    assert len(fetcher.fetches) < 20 + 2 * concurrency


def test_a_refused_media_server_is_a_storm_although_some_videos_are_gone_anyway() -> None:
    """Dead videos are answered as ever by the player; they must not hide that no media come."""

    def answer(request: FetchRequest, _number: int) -> Fetched | Failure:
        is_gone = int(request.ytid[:10]) % 3 == 0
        return failure(Code.PRIVATE, "Private video") if is_gone else failure(Code.HTTP_403, "Forbidden")

    scene = Scene(some_rows(3000), FakeFetcher(answer, rng=random.Random(4)))
    assert run_virtually(_run(scene)) is RunEnd.STORM
    counts = scene.ledger.counts()
    assert set(counts.failed) <= {FailureKind.PRIVATE}
    assert counts.segments < 200


def test_a_full_disk_while_a_list_is_read_ends_the_run_as_a_full_disk() -> None:
    class FullJournal(MemoryJournal):
        def note(self, event: RowEvent) -> None:
            if len(self.events) > 300:
                raise DiskFull("no space in /data")
            super().note(event)

    scene = Scene(some_rows(1000), FakeFetcher(rng=random.Random(1)), journal=FullJournal())
    scheduler = scene.build()
    assert run_virtually(_finish(scheduler)) is RunEnd.FAULT
    assert isinstance(scheduler.fault, DiskFull)
    assert scene.outcomes()[ClipStored] > 50


def test_bad_videos_among_good_ones_are_no_storm() -> None:
    def answer(request: FetchRequest, _number: int) -> Fetched | Failure:
        is_good = int(request.ytid[:10]) % 15 == 0
        return a_fetched(request) if is_good else failure(Code.UNAVAILABLE, "Video unavailable")

    scene = Scene(some_rows(300), FakeFetcher(answer))
    assert run_virtually(_run(scene)) is RunEnd.FINISHED
    assert scene.outcomes() == {GaveUp: 280, ClipStored: 20}


def test_a_full_disk_ends_the_run_without_failing_a_segment() -> None:
    class FullMaker(FakeMaker):
        async def make(
            self, _segment: Segment, _fetched: Fetched, _before_publish: BeforePublish
        ) -> Clip | Failure:
            raise DiskFull("no space in /data")

    scene = Scene(some_rows(50), FakeFetcher(), maker=FullMaker())
    scheduler = scene.build()
    assert run_virtually(_finish(scheduler)) is RunEnd.FAULT
    assert isinstance(scheduler.fault, DiskFull)
    assert not scene.outcomes()


async def _finish(scheduler: Scheduler) -> RunEnd:
    return await scheduler.run()


def test_draining_finishes_what_is_in_flight_and_takes_nothing_new() -> None:
    async def story() -> tuple[RunEnd, Scene]:
        scene = Scene(some_rows(1000), FakeFetcher(rng=random.Random(5)), concurrency=10)
        scheduler = scene.build()
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(50)
        scheduler.drain()
        return await running, scene

    end, scene = run_virtually(story())
    assert end is RunEnd.DRAINED
    stored = scene.outcomes()[ClipStored]
    assert 20 < stored < 100
    assert isinstance(scene.fetcher, FakeFetcher)
    assert sum(scene.fetcher.fetches.values()) == stored


def test_draining_does_not_wait_for_retries_that_are_not_due() -> None:
    async def story() -> float:
        answer = failure(Code.TIMEOUT, "", retry_after_s=1000)
        scheduler = Scene(some_rows(3), FakeFetcher(lambda *_: answer)).build()
        running = asyncio.create_task(scheduler.run())
        await asyncio.sleep(5)
        scheduler.drain()
        await running
        return asyncio.get_running_loop().time()

    assert run_virtually(story()) < 10


def test_settled_segments_are_passed_over_and_open_ones_go_on() -> None:
    first = Scene(some_rows(100), FakeFetcher(), selection=Selection(limit=40))
    run_virtually(_run(first))
    assert first.ledger.counts().stored == 40
    second = Scene(some_rows(100), FakeFetcher(), ledger=first.ledger)
    run_virtually(_run(second))
    assert isinstance(second.fetcher, FakeFetcher)
    assert len(second.fetcher.fetches) == 60
    assert second.ledger.counts().stored == second.ledger.counts().segments == 100


def test_the_limit_counts_settled_segments_too() -> None:
    first = Scene(some_rows(100), FakeFetcher(), selection=Selection(limit=40))
    run_virtually(_run(first))
    second = Scene(some_rows(100), FakeFetcher(), ledger=first.ledger, selection=Selection(limit=50))
    run_virtually(_run(second))
    assert second.ledger.counts().segments == 50


def test_overwriting_fetches_settled_segments_again() -> None:
    first = Scene(some_rows(10), FakeFetcher())
    run_virtually(_run(first))
    second = Scene(some_rows(10), FakeFetcher(), ledger=first.ledger, selection=Selection(overwrite=True))
    run_virtually(_run(second))
    assert second.outcomes() == {ClipLost: 10, ClipStored: 10}
    assert second.ledger.counts().stored == 10
    first_of = {type(event): event for event in reversed(second.journal.events)}
    assert isinstance(lost := first_of[ClipLost], ClipLost)
    assert isinstance(stored := first_of[ClipStored], ClipStored)
    assert (lost.round, stored.round) == (0, 1)


def test_what_cannot_be_had_again_stays_as_it_was_stored() -> None:
    """Neither a failed fetch nor a failed cut touches the old clip, so its record must stand."""
    first = Scene(some_rows(10), FakeFetcher())
    run_virtually(_run(first))
    stored_bytes = first.ledger.counts().stored_bytes
    gone = failure(Code.PRIVATE, "Private video")
    for scene in (
        Scene(some_rows(10), FakeFetcher(lambda *_: gone)),
        Scene(some_rows(10), FakeFetcher(), maker=FakeMaker(lambda _: gone)),
    ):
        again = replace(scene, ledger=first.ledger, selection=Selection(overwrite=True))
        run_virtually(_run(again))
        assert again.outcomes() == {GaveUp: 10}
        counts = again.ledger.counts()
        assert (counts.stored, counts.failed_total, counts.stored_bytes) == (10, 0, stored_bytes)


def test_a_segment_in_two_lists_is_stored_once_and_counted_as_repeated() -> None:
    both = [*some_rows(10), *some_rows(15, source=1)]
    scene = Scene(both, FakeFetcher())
    run_virtually(_run(scene))
    counts = scene.ledger.counts()
    assert (counts.segments, counts.stored, counts.repeated_rows) == (15, 15, 10)


def test_an_open_segment_is_found_again_through_the_second_list_alone() -> None:
    both = [*some_rows(10), *some_rows(10, source=1)]
    first = Scene(both, FakeFetcher(lambda *_: failure(Code.BOT_CHECK, "")), max_wait_s=60)
    run_virtually(_run(first))
    assert first.ledger.counts().open == 10
    second = Scene(some_rows(10, source=1), FakeFetcher(), ledger=first.ledger)
    run_virtually(_run(second))
    assert second.ledger.counts().stored == 10


def test_rejected_rows_are_told_and_counted_once() -> None:
    bad = RejectedRow(RowRef(0, 11), "no id", "junk")
    first = Scene([*some_rows(10), bad], FakeFetcher())
    run_virtually(_run(first))
    assert first.rejected == [bad]
    second = Scene([*some_rows(10), bad], FakeFetcher(), ledger=first.ledger)
    run_virtually(_run(second))
    assert second.ledger.counts().rejected_rows == 1


def test_a_list_that_breaks_off_loses_no_row_before_the_break() -> None:
    def broken(_is_passed_over: PassOver) -> Iterator[Row | RejectedRow]:
        yield from some_rows(10)
        raise UsageError("the list is cut off")

    async def story() -> tuple[Feed, Ledger]:
        ledger, journal = Ledger(), MemoryJournal()
        feed = Feed(broken, ledger, journal, Selection(), lambda _row: None, _on_the_loop)
        parts = Parts(some_exits(FakeFetcher()), FakeMaker(), journal, ledger, Tally())
        terms = Terms("/parts", _request, RetryPolicy(), random.Random(1), lambda: 0)
        await Scheduler(Agenda(feed), Limiter(4), parts, terms).run()
        return feed, ledger

    feed, ledger = run_virtually(story())
    assert ledger.counts().stored == 10
    assert isinstance(feed.fault, UsageError)


def test_a_bug_in_a_part_ends_the_run_loudly() -> None:
    def answer(_request: FetchRequest, _number: int) -> Fetched | Failure:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        run_virtually(_run(Scene(some_rows(10), FakeFetcher(answer))))
