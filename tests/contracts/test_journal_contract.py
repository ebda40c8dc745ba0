"""What the run relies on in any journal; the fake in memory keeps the same order as the one on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from asyncdl.core.encoding import decode
from asyncdl.core.events import (
    ClipStored,
    Event,
    Recorded,
    RetryRequested,
    RowEvent,
    RowSelected,
    RowsNoted,
    RowsSelected,
    RunStarted,
)
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import Row, RowRef
from asyncdl.core.ports import Journal
from asyncdl.core.scan import RecordScan
from asyncdl.runtime.journal import RunJournal
from asyncdl.runtime.replay import replay
from asyncdl.runtime.run_folder import open_run_file, run_file_names
from support.datasets import header
from support.fakes import MemoryJournal, a_clip, a_segment


@dataclass
class Book:
    """A journal, and what somebody finds who reads it at this moment."""

    journal: Journal
    events: Callable[[], list[Event | RowEvent]]
    ledger: Callable[[], Ledger]


def _fold(events: list[Event | RowEvent]) -> Ledger:
    ledger = Ledger()
    for event in events:
        ledger.apply(event)
    return ledger


def _read(folder: Path) -> list[Event | RowEvent]:
    found: list[Recorded] = []
    for name in run_file_names(folder):
        with open_run_file(folder / name) as stream:
            found += [event for _, fields in RecordScan(stream) if (event := decode(fields)) is not None]
    return [*_noted(found)]


def _noted(found: list[Recorded]) -> Iterator[Event | RowEvent]:
    """What was noted and appended, without what a journal on disk adds for itself."""
    for event in found:
        if isinstance(event, RowsSelected):
            yield from map(RowSelected, event.rows)
        elif not isinstance(event, RunStarted | RowsNoted):
            yield event


@asynccontextmanager
async def _in_memory(_: Path) -> AsyncIterator[Book]:
    journal = MemoryJournal()
    yield Book(journal, lambda: list(journal.events), lambda: _fold(journal.events))


@asynccontextmanager
async def _on_disk(folder: Path) -> AsyncIterator[Book]:
    journal = RunJournal(folder, rows_flush_s=60.0)
    await journal.start(header(), 1)
    yield Book(journal, lambda: _read(folder), lambda: replay(folder).ledger)
    await journal.close()


@pytest.fixture(name="book", params=[_in_memory, _on_disk], ids=["fake", "real"])
async def _book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Book]:
    async with request.param(tmp_path) as book:
        yield book


def _retry(number: int) -> RetryRequested:
    return RetryRequested(a_segment(number).key, 1, 0)


def _row(number: int) -> RowSelected:
    return RowSelected(Row(RowRef(0, number), a_segment(number)))


def _stored(number: int) -> ClipStored:
    return ClipStored(a_segment(number).key, RowRef(0, number), 0, 1, 0, a_clip())


async def test_an_appended_event_is_there_when_append_returns(book: Book) -> None:
    for number in range(5):
        await book.journal.append(_retry(number))
        assert book.events() == [_retry(earlier) for earlier in range(number + 1)]


async def test_events_appended_at_the_same_time_keep_the_order_of_the_calls(book: Book) -> None:
    events = [_retry(number) for number in range(40)]
    await asyncio.gather(*map(book.journal.append, events))
    assert book.events() == events


async def test_rows_are_there_no_later_than_an_event_appended_after_them(book: Book) -> None:
    book.journal.note(_row(1))
    book.journal.note(_row(2))
    await book.journal.append(_stored(2))
    assert book.events() == [_row(1), _row(2), _stored(2)]


async def test_replaying_sees_what_was_noted_and_appended(book: Book) -> None:
    for number in range(1, 4):
        book.journal.note(_row(number))
    await book.journal.append(_stored(1))
    ledger = book.ledger()
    assert (ledger.counts().segments, ledger.counts().stored, ledger.counts().open) == (3, 1, 2)
    assert ledger.state_of(a_segment(1).key) is RowState.STORED
    assert ledger.state_at(RowRef(0, 3)) is RowState.OPEN


async def test_an_event_whose_appending_was_cancelled_is_written_all_the_same(book: Book) -> None:
    appending = asyncio.create_task(book.journal.append(_retry(1)))
    await asyncio.sleep(0)
    appending.cancel()
    with suppress(asyncio.CancelledError):
        await appending
    await book.journal.append(_retry(2))
    assert book.events() == [_retry(1), _retry(2)]
