"""Writes down what became of segments: journal first; ledger and screen learn of it once it is durable."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from asyncdl.core.events import AttemptFailed, ClipLost, ClipStored, GaveUp, RetryRequested, SegmentEvent
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import Clip, Failure, Row
from asyncdl.core.ports import Journal
from asyncdl.core.retry import Decision, GiveUp
from asyncdl.runtime.tally import Tally


class Settler:
    """Makes events of outcomes; each call returns when its events are durable."""

    def __init__(self, journal: Journal, ledger: Ledger, tally: Tally, wall_ms: Callable[[], int]) -> None:
        self._journal = journal
        self._ledger = ledger
        self._tally = tally
        self._wall_ms = wall_ms

    async def stored(self, row: Row, number: int, clip: Clip) -> None:
        """Write down a clip that attempt ``number`` brought."""
        key = row.segment.key
        round_ = self._ledger.round_of(key)
        await self._settle(ClipStored(key, row.ref, round_, number, self._wall_ms(), clip))

    async def failed(self, row: Row, number: int, failure: Failure, decision: Decision) -> None:
        """Write down that attempt ``number`` brought none, and whether the segment is settled by that."""
        key = row.segment.key
        round_, at_ms = self._ledger.round_of(key), self._wall_ms()
        if isinstance(decision, GiveUp):
            await self._settle(GaveUp(key, row.ref, round_, number, at_ms, failure, decision.is_final))
        else:
            await self._settle(AttemptFailed(key, row.ref, round_, number, at_ms, failure))

    async def take_back(self, key: str) -> None:
        """Take the record of a stored clip back before its file is replaced: a crash may come in between."""
        if self._ledger.state_of(key) is RowState.STORED:
            await self._settle(ClipLost(key, self._ledger.round_of(key), self._wall_ms(), "to be replaced"))

    async def reopen(self, keys: Iterable[str]) -> None:
        """Take back what was given up before it could be known that no video was to blame."""
        for key in keys:
            if self._ledger.state_of(key) is RowState.GIVEN_UP:
                await self._settle(RetryRequested(key, self._ledger.round_of(key) + 1, self._wall_ms()))

    async def _settle(self, event: SegmentEvent) -> None:
        await self._journal.append(event)
        self._ledger.apply(event)
        self._tally.tell(event)
