"""Pulls rows out of the lists, decides with the ledger which are work, and notes new ones in the journal."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from asyncdl.core.events import RowEvent, RowRejected, RowRepeated, RowSelected
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import RejectedRow, Row
from asyncdl.core.ports import Journal
from asyncdl.errors import AsyncdlError

_BATCH = 64
# Rows of one video that one extraction serves; more would hold a worker, and its bytes, for too long.
MOST_SPANS = 16

PassOver = Callable[[int, int], bool]
RowSource = Callable[[PassOver], Iterator[Row | RejectedRow]]
Batch = list[Row | RejectedRow]
OffLoop = Callable[[Callable[[], Batch]], Awaitable[Batch]]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are wanted: the first ``limit`` segments, with ``overwrite`` also settled ones."""

    limit: int | None = None
    overwrite: bool = False


class Successors(Protocol):
    """Rows that come to be wanted while the run goes on, in place of others."""

    def take(self) -> RowSource | None:
        """Answer where rows are to be read in place of all that was lost so far; None where there is none.

        It is called on a thread, while nothing is under way.
        """
        ...


class Feed:
    """Hands out open rows, neighbours of one video together; memory does not grow with the lists.

    ``rows`` is asked once, with a function of source and line that says which to pass over. It is iterated on
    a thread in small batches, so that passing over two million settled lines does not hold up the loop.
    ``successors`` are asked and read in the same way, each time that ``go_on`` is called.
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
        successors: Successors | None = None,
    ) -> None:
        self._rows = rows(self._is_passed_over)
        self._ledger = ledger
        self._journal = journal
        self._selection = selection
        self._on_rejected = on_rejected
        self._off_loop = off_loop
        self._successors = successors
        self._chosen: RowSource | None = None
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

    async def next(self) -> tuple[Row, ...]:
        """Answer the next open row and its neighbours of the same video; nothing when there is no more."""
        async with self._reading:
            while (count := self._neighbours()) == len(self._ready) < MOST_SPANS and not self._is_over():
                self._take_all(await self._off_loop(self._read_batch))
            return () if self._stopped else tuple([self._ready.popleft() for _ in range(count)])

    async def go_on(self) -> bool:
        """Begin with successors, now that nothing is under way; False where there are none."""
        if self._successors is None or self._stopped or self.fault is not None:
            return False
        await self._off_loop(self._choose)
        if self._chosen is None:
            return False
        self._rows, self._is_read, self._chosen = self._chosen(self._is_passed_over), False, None
        return True

    def _choose(self) -> Batch:
        """Choose on a thread as well, since that may take half a second; there is nothing to hand out yet."""
        self._chosen = None if self._successors is None else self._successors.take()
        return []

    def _is_over(self) -> bool:
        return self._is_read or self._stopped

    def _neighbours(self) -> int:
        """Count the rows at hand, from the first one on, that one extraction can serve."""
        if not self._ready:
            return 0
        ytid, count = self._ready[0].segment.ytid, 0
        for row in self._ready:
            if row.segment.ytid != ytid or count == MOST_SPANS:
                break
            count += 1
        return count

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
