"""The writer of a data set's journal: one thread, group commit.

While one sync runs, the next batch gathers, so that many workers share one. With ``gather_s`` a batch also
waits until so long after the last one: fifty clips a second then cost half as much. A lone event waits for
its sync only. Rows are durable before any event noted after them.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.encoding import encode
from asyncdl.core.events import Event, RowEvent, RowSelected, RowsNoted, RunEnded, RunStarted
from asyncdl.core.partition import WHOLE, Partition
from asyncdl.core.records import pack
from asyncdl.core.row_encoding import Noted, gathered, note_of
from asyncdl.errors import AsyncdlError, JournalFault
from asyncdl.runtime.files import REAL_FILES, FileLayer
from asyncdl.runtime.runfile import RunFile, RunName

MAX_BATCH = 256
# So many share one sync: to wait for more would hold up workers, not spare the disk.
_ENOUGH = 32
ROWS_PER_FLUSH = 1000
ROWS_FLUSH_S = 1.0
GATHER_S = 0.1


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An event on its way to disk; ``is_end`` asks for a batch of its own."""

    packed: bytes
    is_end: bool
    durable: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: list[Noted | bytes]
    events: list[_Waiting]


class RunJournal:
    """Implements ``core.ports.Journal`` for one run. After a fault every call raises that fault.

    ``rows_flush_s`` is how long rows may wait when no event comes; ``gather_s`` is the least time between two
    batches that are not full.
    """

    def __init__(
        self,
        folder: Path,
        *,
        partition: Partition = WHOLE,
        files: FileLayer = REAL_FILES,
        rows_flush_s: float = ROWS_FLUSH_S,
        gather_s: float = 0.0,
    ) -> None:
        self._folder = folder
        self._partition = partition
        self._files = files
        self._rows_flush_s = rows_flush_s
        self._gather_s = gather_s
        self._next_s = 0.0
        self._is_gathering = False
        self._wake = threading.Condition()
        self._events: deque[_Waiting] = deque()
        self._rows: list[Noted | bytes] = []
        self._vouched = 0
        self._is_closing = False
        self._fault: AsyncdlError | None = None
        self._was_told = False
        self._thread: threading.Thread | None = None

    async def start(self, header: RunStarted, seq: int) -> None:
        """Create the run file with its header; ``seq`` is one above the highest that a replay saw."""
        self._loop = asyncio.get_running_loop()
        self._name = RunName(seq, uuid.uuid4().hex, self._partition)
        await asyncio.to_thread(self._create, pack(encode(header)))
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    @property
    def name(self) -> RunName:
        """What its files are called, once it is started."""
        return self._name

    def stop(self, fault: AsyncdlError) -> None:
        """Write nothing more: whoever appends is told ``fault``, also those that wait; from any thread."""
        with self._wake:
            self._fault = self._fault or fault
            self._is_closing = True
            self._rows.clear()
            left = list(self._events)
            self._events.clear()
            self._wake.notify()
        if left:
            self._tell(left, fault)

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
            if not self._is_gathering or waiting.is_end or len(self._events) >= _ENOUGH:
                self._wake.notify()
        await durable

    def note(self, event: RowEvent) -> None:
        """Queue a row; it is durable no later than any event appended after it."""
        noted = note_of(event) if isinstance(event, RowSelected) else pack(encode(event))
        with self._wake:
            self._refuse_when_over()
            self._rows.append(noted)
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
            self._gather()
            rows, self._rows = self._rows, []
            events = self._take_events()
        return _Batch(rows, events) if rows or events else None

    def _gather(self) -> None:
        """Let the batch grow where another one was written just now; an end, and a good batch, go at once."""
        self._is_gathering = True
        while self._events and not (self._is_closing or self._events[-1].is_end):
            left_s = self._next_s - time.monotonic()
            if left_s <= 0 or len(self._events) >= _ENOUGH:
                break
            self._wake.wait(left_s)
        self._is_gathering = False
        self._next_s = time.monotonic() + self._gather_s

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
            self._rows_file.commit([*gathered(batch.rows)])
        packed = [waiting.packed for waiting in batch.events]
        if packed and batch.events[0].is_end:
            self._close_files(packed)
        elif packed:
            self._events_file.commit([*self._voucher(), *packed])

    def _close_files(self, end: list[bytes]) -> None:
        """Write the end of both files, alone in its batch, so that damage of the one before it shows."""
        if self._rows_file is not None:
            self._rows_file.commit(end)
        if voucher := self._voucher():
            self._events_file.commit(voucher)
        self._events_file.commit(end)

    def _voucher(self) -> list[bytes]:
        """Have the events file say how many records of the rows file are durable, where that has changed."""
        durable = self._rows_file.durable if self._rows_file is not None else 0
        if durable == self._vouched:
            return []
        self._vouched = durable
        return [pack(encode(RowsNoted(durable)))]

    def _tell(self, waiting: list[_Waiting], fault: AsyncdlError | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_resolve, [one.durable for one in waiting], fault)

    def _end(self, held: list[_Waiting], fault: AsyncdlError | None) -> None:
        with self._wake:
            self._is_closing = True
            self._fault = self._fault or fault
            left = [*held, *self._events]
            self._events.clear()
        if left:
            self._was_told = True
            self._tell(left, fault or JournalFault("the journal was closed before this was written"))
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
