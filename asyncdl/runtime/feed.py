"""Pulls rows out of the lists, decides with the ledger which are work, and notes new ones in the journal."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from asyncdl.core.events import RowEvent, RowRejected, RowRepeated, RowSelected
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import RejectedRow, Row
from asyncdl.core.ports import Journal
from asyncdl.errors import AsyncdlError

_BATCH = 64

PassOver = Callable[[int, int], bool]
RowSource = Callable[[PassOver], Iterator[Row | RejectedRow]]
Batch = list[Row | RejectedRow]
OffLoop = Callable[[Callable[[], Batch]], Awaitable[Batch]]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are wanted: the first ``limit`` segments, with ``overwrite`` also settled ones."""

    limit: int | None = None
    overwrite: bool = False


class Feed:
    """Hands out open rows one by one; memory does not grow with the lists.

    ``rows`` is asked once, with a function of source and line that says which to pass over. It is iterated on
    a thread in small batches, so that passing over two million settled lines does not hold up the loop.
    ``fault`` is set when a list breaks off; the rows before it are handed out all the same.
    """

    def __init__(
        self,
        rows: RowSource,
        ledger: Ledger,
        journal: Journal,
        selection: Selection,
        on_rejected: Callable[[RejectedRow], None],
        off_loop: OffLoop = asyncio.to_thread,
    ) -> None:
        self._rows = rows(self._is_passed_over)
        self._ledger = ledger
        self._journal = journal
        self._selection = selection
        self._on_rejected = on_rejected
        self._off_loop = off_loop
        self._ready: deque[Row] = deque()
        self._handed = bytearray()
        self._passed = 0
        self._taken = 0
        self._reading = asyncio.Lock()
        self._stopped = False
        self._is_read = False
        self.fault: AsyncdlError | None = None

    @property
    def is_exhausted(self) -> bool:
        """Nothing is left to hand out."""
        return self._is_read and not self._ready

    @property
    def seen(self) -> int:
        """How many segments the lists have named so far, settled ones included."""
        return self._passed + self._taken

    def stop(self) -> None:
        """Hand out nothing more; a long pass over settled lines ends too."""
        self._stopped = True

    async def next(self) -> Row | None:
        """Answer the next open row, or None when there is no more."""
        async with self._reading:
            while not self._ready and not self._is_read and not self._stopped:
                self._take_all(await self._off_loop(self._read_batch))
            return None if self._stopped or not self._ready else self._ready.popleft()

    def _read_batch(self) -> Batch:
        batch: Batch = []
        try:
            for row in islice(self._rows, 0 if self._stopped else _BATCH):
                batch.append(row)
        except AsyncdlError as error:
            self.fault = error
        return batch

    def _is_passed_over(self, source: int, line: int) -> bool:
        """Tell on the reading thread; with a limit every row is looked at, so that the first N count."""
        if self._stopped:
            return True
        if self._selection.limit is not None or self._selection.overwrite:
            return False
        is_settled = self._ledger.is_settled_line(source, line)
        self._passed += is_settled
        return is_settled

    def _take_all(self, batch: Batch) -> None:
        self._is_read = not batch or self.fault is not None
        for row in batch:
            if self._is_full():
                self._is_read = True
                return
            self._reject(row) if isinstance(row, RejectedRow) else self._take(row)

    def _is_full(self) -> bool:
        return self._selection.limit is not None and self._taken >= self._selection.limit

    def _reject(self, row: RejectedRow) -> None:
        if self._ledger.state_at(row.ref) is not RowState.UNREAD:
            return
        self._note(RowRejected(row))
        self._on_rejected(row)

    def _take(self, row: Row) -> None:
        if self._ledger.state_at(row.ref) is RowState.UNREAD:
            key = row.segment.key
            self._note(RowRepeated(row.ref, key) if self._ledger.knows(key) else RowSelected(row))
        if self._is_handed_out(row.segment.key):
            return
        self._taken += 1
        if self._selection.overwrite or self._ledger.state_of(row.segment.key) is RowState.OPEN:
            self._ready.append(row)

    def _note(self, event: RowEvent) -> None:
        self._journal.note(event)
        self._ledger.apply(event)

    def _is_handed_out(self, key: str) -> bool:
        """Mark a segment as handed out in this run, and tell whether it was so already."""
        slot = self._ledger.slot_of(key)
        if slot >= len(self._handed):
            self._handed.extend(bytes(slot + 4096 - len(self._handed)))
        before, self._handed[slot] = self._handed[slot], 1
        return bool(before)
