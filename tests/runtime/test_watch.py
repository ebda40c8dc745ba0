"""What a screen is told: counts of the data set and of this run, and no promise that nobody can keep."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.events import ClipStored, GaveUp, RowRepeated, RowSelected, SegmentEvent
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import RejectedRow, Row, RowRef
from asyncdl.core.progress import Snapshot, Stage
from asyncdl.runtime.agenda import Agenda
from asyncdl.runtime.feed import Batch, Feed, Selection
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.tally import Tally
from asyncdl.runtime.watch import Watch, Watched
from support.fakes import FakeFetcher, MemoryJournal, a_clip, a_segment, rows_source, some_exits, some_rows
from support.virtual_clock import run_virtually


@dataclass
class Scene:
    """A watched run without a scheduler: the test plays its part."""

    watch: Watch
    ledger: Ledger
    tally: Tally
    agenda: Agenda
    feed: Feed

    async def settle(self, line: int, *, is_good: bool = True) -> None:
        """Take the next row and settle it."""
        attempt = await self.agenda.next()
        assert attempt is not None
        ref, key = attempt.rows[0].ref, attempt.rows[0].segment.key
        assert ref.line == line
        event: SegmentEvent = ClipStored(key, ref, 0, 1, 0, a_clip(1000))
        if not is_good:
            event = GaveUp(key, ref, 0, 1, 0, failure(Code.PRIVATE, "Private\nvideo"))
        self.ledger.apply(event)
        self.tally.tell(event)
        self.agenda.done()


async def _on_the_loop(read: Callable[[], Batch]) -> Batch:
    await asyncio.sleep(0)
    return read()


def _scene(
    root: Path, rows: list[Row | RejectedRow], show: Callable[[Snapshot], None] = lambda _: None
) -> Scene:
    ledger, tally, rejected = Ledger(), Tally(), list[RejectedRow]()
    feed = Feed(
        rows_source(rows), ledger, MemoryJournal(), Selection(), rejected.append, off_loop=_on_the_loop
    )
    agenda = Agenda(feed)
    watched = Watched("a run", root, ledger, tally, agenda, feed, Limiter(8), some_exits(FakeFetcher()))
    return Scene(Watch(watched, show), ledger, tally, agenda, feed)


def _play(play: Callable[[], Coroutine[None, None, None]]) -> None:
    run_virtually(play())


def test_at_first_nothing_is_expected_and_nothing_promised(tmp_path: Path) -> None:
    async def play() -> None:
        snapshot = _scene(tmp_path, some_rows(300)).watch.snapshot()
        assert (snapshot.expected, snapshot.total, snapshot.eta_s) == (None, None, None)
        assert (snapshot.segments, snapshot.rate_per_min, snapshot.elapsed_s) == (0, 0.0, 0.0)
        assert (snapshot.title, snapshot.concurrency, snapshot.is_over) == ("a run", 8, False)

    _play(play)


def test_what_the_count_of_the_lists_says_is_expected_until_they_are_read(tmp_path: Path) -> None:
    async def play() -> None:
        scene = _scene(tmp_path, some_rows(100))
        scene.watch.expected = 110
        await scene.settle(1)
        assert scene.watch.snapshot().expected == 110
        for line in range(2, 101):
            await scene.settle(line)
        assert await scene.agenda.next() is None
        assert scene.watch.snapshot().expected == 100

    _play(play)


def test_never_less_is_expected_than_has_been_found(tmp_path: Path) -> None:
    async def play() -> None:
        scene = _scene(tmp_path, some_rows(300))
        scene.watch.expected = 2
        await scene.settle(1)
        snapshot = scene.watch.snapshot()
        assert snapshot.expected == snapshot.segments == 64

    _play(play)


def test_a_time_of_arrival_is_told_when_it_can_be_known(tmp_path: Path) -> None:
    """Ten segments a minute; after two minutes 80 of 100 are left, which is eight minutes."""

    async def play() -> None:
        scene = _scene(tmp_path, some_rows(300))
        for line in range(1, 21):
            assert scene.watch.snapshot().eta_s is None
            await asyncio.sleep(6)
            await scene.settle(line)
        assert scene.watch.snapshot().eta_s is None
        scene.watch.expected = 100
        snapshot = scene.watch.snapshot()
        assert snapshot.elapsed_s == 120
        assert snapshot.rate_per_min == 10
        assert snapshot.eta_s == 480

    _play(play)


def test_a_run_that_only_fails_gets_no_time_of_arrival(tmp_path: Path) -> None:
    async def play() -> None:
        scene = _scene(tmp_path, some_rows(300))
        scene.watch.expected = 300
        for line in range(1, 31):
            await asyncio.sleep(6)
            await scene.settle(line, is_good=False)
            assert scene.watch.snapshot().eta_s is None
        assert scene.watch.snapshot().rate_per_min == 0

    _play(play)


def test_the_data_set_and_this_run_are_counted_apart(tmp_path: Path) -> None:
    async def play() -> None:
        scene = _scene(tmp_path, some_rows(3))
        earlier = Row(RowRef(1, 1), a_segment(77))
        scene.ledger.apply(RowSelected(earlier))
        scene.ledger.apply(ClipStored(a_segment(77).key, earlier.ref, 0, 1, 0, a_clip(500)))
        scene.ledger.apply(RowRepeated(RowRef(1, 2), a_segment(77).key))
        await scene.settle(1)
        await scene.settle(2, is_good=False)
        snapshot = scene.watch.snapshot()
        assert (snapshot.stored, snapshot.failed, snapshot.open) == (2, {"private": 1}, 1)
        assert (snapshot.stored_bytes, snapshot.repeated_rows) == (1500, 1)
        assert (snapshot.run_stored, snapshot.run_failed, snapshot.run_retried) == (1, 1, 0)
        (recent,) = snapshot.recent_failures
        assert (recent.kind, recent.text, recent.is_final) == ("private", "Private video", True)

    _play(play)


def test_who_is_in_flight_is_told_with_stage_and_age_and_who_waits_is_counted(tmp_path: Path) -> None:
    async def play() -> None:
        scene = _scene(tmp_path, some_rows(3))
        attempt = await scene.agenda.next()
        assert attempt is not None
        scene.tally.enter(attempt.rows[0].segment.key, Stage.FETCHING, 1)
        await asyncio.sleep(3)
        scene.tally.enter(attempt.rows[0].segment.key, Stage.CUTTING, 1)
        (one,) = scene.watch.snapshot().in_flight
        assert (one.key, one.stage, one.age_s) == (attempt.rows[0].segment.key, Stage.CUTTING, 3)
        scene.tally.leave(attempt.rows[0].segment.key)
        scene.agenda.again(attempt, 60)
        scene.agenda.done()
        snapshot = scene.watch.snapshot()
        assert (snapshot.in_flight, snapshot.waiting_retry) == ((), 1)

    _play(play)


def test_it_shows_four_times_a_second_with_the_note(tmp_path: Path) -> None:
    async def play() -> None:
        shown: list[Snapshot] = []
        scene = _scene(tmp_path, some_rows(3), shown.append)
        watching = asyncio.create_task(scene.watch.run())
        await asyncio.sleep(1.1)
        scene.watch.note = "stopping"
        await asyncio.sleep(1)
        watching.cancel()
        assert [snapshot.elapsed_s for snapshot in shown] == [number / 4 for number in range(9)]
        assert [snapshot.note for snapshot in shown] == [""] * 5 + ["stopping"] * 4

    _play(play)


async def test_the_last_state_is_marked_as_such_and_knows_the_disk(tmp_path: Path) -> None:
    scene = _scene(tmp_path, some_rows(3))
    assert scene.watch.snapshot().disk_free_bytes == 0
    await scene.watch.look_at_disk()
    final = scene.watch.final("drained")
    assert (final.is_over, final.note) == (True, "drained")
    assert final.disk_free_bytes > 0
