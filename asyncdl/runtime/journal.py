"""The writer of a data set's journal: one thread, group commit.

A batch is written as soon as the disk is free; while one sync runs, the next batch gathers. So a lone event
waits for one sync only, and many workers share theirs. Rows are durable before any event noted after them.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.encoding import encode
from asyncdl.core.events import Event, RowEvent, RunEnded, RunStarted
from asyncdl.core.records import pack
from asyncdl.errors import AsyncdlError, JournalFault
from asyncdl.runtime.files import REAL_FILES, FileLayer
from asyncdl.runtime.runfile import RunFile, RunName

MAX_BATCH = 256
ROWS_PER_FLUSH = 1000
ROWS_FLUSH_S = 1.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event on its way to disk; ``is_end`` asks for a batch of its own."""

    packed: bytes
    is_end: bool
    durable: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: list[bytes]
    events: list[_Waiting]


class RunJournal:
    """Implements ``core.ports.Journal`` for one run. After a fault every call raises that fault.

    ``rows_flush_s`` is how long rows may wait when no event comes.
    """

    def __init__(
        self, folder: Path, *, files: FileLayer = REAL_FILES, rows_flush_s: float = ROWS_FLUSH_S
    ) -> None:
        self._folder = folder
        self._files = files
        self._rows_flush_s = rows_flush_s
        self._wake = threading.Condition()
        self._events: deque[_Waiting] = deque()
        self._rows: list[bytes] = []
        self._is_closing = False
        self._fault: AsyncdlError | None = None
        self._was_told = False
        self._thread: threading.Thread | None = None

    async def start(self, header: RunStarted, seq: int) -> None:
        """Create the run file with its header; ``seq`` is one above the highest that a replay saw."""
        self._loop = asyncio.get_running_loop()
        self._name = RunName(seq, uuid.uuid4().hex)
        await asyncio.to_thread(self._create, pack(encode(header)))
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    @property
    def fault(self) -> AsyncdlError | None:
        """What stopped the writer, if anything."""
        return self._fault

    async def append(self, event: Event) -> None:
        """Return once the event is durable, and all rows noted before it are.

        Raises ``DiskFull`` or ``EnvironmentFault``. A cancelled caller stops waiting; the event is written.
        """
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(pack(encode(event)), isinstance(event, RunEnded), durable)
        with self._wake:
            self._refuse_when_over()
            self._events.append(waiting)
            self._wake.notify()
        await durable

    def note(self, event: RowEvent) -> None:
        """Queue a row; it is durable no later than any event appended after it."""
        packed = pack(encode(event))
        with self._wake:
            self._refuse_when_over()
            self._rows.append(packed)
            if len(self._rows) in {1, ROWS_PER_FLUSH}:
                self._wake.notify()

    async def close(self) -> None:
        """Write what is queued and end the thread; may be called twice.

        A clean run appends ``RunEnded`` first. Raises a fault that nobody was told of yet.
        """
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        if self._fault is not None and not self._was_told:
            self._was_told = True
            raise self._fault

    def _refuse_when_over(self) -> None:
        if self._fault is not None:
            self._was_told = True
            raise self._fault
        if self._is_closing or self._thread is None:
            raise JournalFault("the journal is not open for writing")

    def _create(self, header: bytes) -> None:
        self._events_file = RunFile(self._folder / self._name.events, self._files)
        self._rows_file: RunFile | None = None
        self._events_file.commit([header])

    def _write(self) -> None:
        """Body of the thread: commit batch after batch until closed or at fault."""
        fault: AsyncdlError | None = JournalFault("the journal's writer broke down")
        held: list[_Waiting] = []
        try:
            while (batch := self._next_batch()) is not None:
                held = batch.events
                self._commit(batch)
                self._tell(held, None)
                held = []
            fault = None
        except AsyncdlError as error:
            fault = error
        finally:
            self._end(held, fault)

    def _next_batch(self) -> _Batch | None:
        """Wait for work; None when there is none and the journal closes."""
        with self._wake:
            while not (self._events or self._is_closing or len(self._rows) >= ROWS_PER_FLUSH):
                was_woken = self._wake.wait(self._rows_flush_s if self._rows else None)
                if self._rows and not was_woken:
                    break
            rows, self._rows = self._rows, []
            events = self._take_events()
        return _Batch(rows, events) if rows or events else None

    def _take_events(self) -> list[_Waiting]:
        events: list[_Waiting] = []
        while self._events and len(events) < MAX_BATCH:
            if self._events[0].is_end and events:
                break
            events.append(self._events.popleft())
            if events[-1].is_end:
                break
        return events

    def _commit(self, batch: _Batch) -> None:
        """Rows first: an event must not outlive the rows that it speaks of."""
        if batch.rows:
            if self._rows_file is None:
                self._rows_file = RunFile(self._folder / self._name.rows, self._files)
            self._rows_file.commit(batch.rows)
        packed = [waiting.packed for waiting in batch.events]
        if packed and batch.events[0].is_end and self._rows_file is not None:
            self._rows_file.commit(packed)
        if packed:
            self._events_file.commit(packed)

    def _tell(self, waiting: list[_Waiting], fault: AsyncdlError | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_resolve, [one.durable for one in waiting], fault)

    def _end(self, held: list[_Waiting], fault: AsyncdlError | None) -> None:
        with self._wake:
            self._is_closing = True
            self._fault = fault
            left = [*held, *self._events]
            self._events.clear()
        if left:
            self._was_told = True
            self._tell(left, fault)
        for file in (self._rows_file, self._events_file):
            if file is not None:
                file.close()


def _resolve(futures: list[asyncio.Future[None]], fault: AsyncdlError | None) -> None:
    for future in futures:
        if future.done():
            continue
        if fault is None:
            future.set_result(None)
        else:
            future.set_exception(fault)
