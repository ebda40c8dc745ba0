"""When a snapshot is written, and that reading never minds it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncdl.core.events import RowSelected
from asyncdl.core.model import Row, RowRef
from asyncdl.runtime.journal import RunJournal
from asyncdl.runtime.replay import replay
from asyncdl.runtime.replayed import Replayed
from asyncdl.runtime.run_folder import run_file_names
from asyncdl.runtime.snapshot import MOST_LEFT_BYTES, SNAPSHOT, write_snapshot
from asyncdl.runtime.snapshot_keeper import MOST_UNCOVERED_BYTES, PERIOD_S, SnapshotKeeper, keeper_of
from asyncdl.runtime.standing import Standing, standing_of, uncovered_bytes
from support.datasets import header
from support.fakes import a_segment
from support.virtual_clock import run_virtually


class Book:
    """A journal that grows by so much an hour, and when a snapshot of it was written."""

    def __init__(self, bytes_per_s: float) -> None:
        self.bytes_per_s = bytes_per_s
        self.written_s: list[float] = []

    async def measure(self) -> int:
        since_s = self.written_s[-1] if self.written_s else 0.0
        return int((asyncio.get_running_loop().time() - since_s) * self.bytes_per_s)

    async def write(self) -> None:
        self.written_s.append(asyncio.get_running_loop().time())


def _written_in_hours(hours: float, bytes_per_s: float) -> list[float]:
    book = Book(bytes_per_s)

    async def day() -> None:
        running = asyncio.create_task(SnapshotKeeper(book.measure, book.write).run())
        await asyncio.sleep(hours * 3600 + 1)
        running.cancel()

    run_virtually(day())
    return book.written_s


def test_a_fast_run_writes_a_snapshot_every_quarter_of_an_hour() -> None:
    assert _written_in_hours(1, 50 * 400) == [PERIOD_S, 2 * PERIOD_S, 3 * PERIOD_S, 4 * PERIOD_S]


def test_a_slow_run_writes_one_when_there_is_enough_to_cover() -> None:
    written = _written_in_hours(24, 0.25 * 400)
    assert written == []
    assert len(_written_in_hours(24, MOST_UNCOVERED_BYTES / (3 * PERIOD_S - 1))) == 24 * 3600 // PERIOD_S // 3


async def test_at_its_end_a_run_leaves_little_to_fold() -> None:
    book = Book(0)
    await SnapshotKeeper(book.measure, book.write).finish()
    assert book.written_s == []
    book.bytes_per_s = 2 * MOST_LEFT_BYTES / asyncio.get_running_loop().time()
    await SnapshotKeeper(book.measure, book.write).finish()
    assert len(book.written_s) == 1


async def test_the_child_writes_it_while_the_run_goes_on(tmp_path: Path) -> None:
    journal = await _started(tmp_path)
    await keeper_of(tmp_path, "a run")._write()
    covered = replay(tmp_path)
    assert (covered.uncovered_bytes, covered.ledger.counts().segments) == (0, 20)
    await journal.close()
    assert uncovered_bytes(tmp_path) == 0


async def test_a_folder_that_cannot_be_read_or_written_is_no_fault_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "000001-ab.jsonl").symlink_to("/dev/zero")
    await keeper_of(tmp_path, "a run").finish()
    await keeper_of(tmp_path, "a run")._write()
    assert not (tmp_path / SNAPSHOT).exists()


async def test_status_in_a_loop_never_fails_while_a_run_writes_and_snapshots_are_replaced(
    tmp_path: Path,
) -> None:
    journal = await _started(tmp_path)
    is_over = threading.Event()

    def look() -> list[int]:
        seen: list[int] = []
        while not is_over.is_set():
            standing = standing_of(tmp_path)
            assert standing.fault is None
            seen.append(standing.counts.segments)
        return seen

    def cover() -> None:
        while not is_over.is_set():
            replayed = replay(tmp_path)
            assert replayed.fault is None
            write_snapshot(tmp_path, replayed.ledger, replayed.positions)

    looking = [asyncio.create_task(asyncio.to_thread(look)) for _ in range(2)]
    covering = asyncio.create_task(asyncio.to_thread(cover))
    try:
        for number in range(20, 120):
            journal.note(_row(number))
            await journal.append(header())
    finally:
        is_over.set()
        await journal.close()
    await covering
    for seen in await asyncio.gather(*looking):
        assert seen == sorted(seen)
    assert standing_of(tmp_path).counts.segments == 120


@pytest.mark.parametrize("read", [replay, standing_of])
def test_a_run_file_that_goes_between_listing_and_opening_has_the_folder_listed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Path], object]
) -> None:
    """As when the journal is compacted under a reader."""
    asyncio.run(_closed(tmp_path))
    stale = [name.replace("000001", "000000") for name in run_file_names(tmp_path)]
    lists = [stale, [*stale, *run_file_names(tmp_path)]]

    def listed(folder: Path) -> list[str]:
        return lists.pop() if lists else run_file_names(folder)

    monkeypatch.setattr("asyncdl.runtime.replay.run_file_names", listed)
    assert isinstance(read(tmp_path), Replayed | Standing)
    assert lists == []
    assert replay(tmp_path).ledger.counts().segments == 20


async def _started(folder: Path) -> RunJournal:
    journal = RunJournal(folder)
    await journal.start(header(), 1)
    for number in range(20):
        journal.note(_row(number))
    await journal.append(header())
    return journal


async def _closed(folder: Path) -> None:
    await (await _started(folder)).close()


def _row(number: int) -> RowSelected:
    return RowSelected(Row(RowRef(0, number + 4), a_segment(number)))
