"""What to try next: due retries first, then new rows; and when there is nothing left to try."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field, replace

from asyncdl.core.model import FetchRequest, Quality, Row, Tier
from asyncdl.runtime.feed import Feed


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at rows of one video, with one extraction; most often it is one row.

    ``first_at_s`` is the loop time of the first try in this run, ``throttles`` counts how often a throttle
    sign came instead of an answer.
    """

    rows: tuple[Row, ...]
    number: int
    first_at_s: float
    tier: Tier = Tier.FIRST
    throttles: int = 0

    def request(
        self, folder: str, quality: Quality = Quality.BEST, max_height: int | None = None
    ) -> FetchRequest:
        """Say what a fetcher is asked; parts are named by segment."""
        segments = [row.segment for row in self.rows]
        spans = tuple([segment.span for segment in segments])
        names = tuple([segment.key for segment in segments])
        return FetchRequest(segments[0].ytid, spans, folder, names, quality, max_height)


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    due_s: float
    order: int
    attempt: Attempt = field(compare=False)


class Agenda:
    """The one queue of the scheduler; a segment comes back only through it."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._waiting: list[_Waiting] = []
        self._behind: deque[Attempt] = deque()
        self._order = 0
        self._under_way = 0
        self._changed = asyncio.Event()
        self.is_draining = False

    @property
    def waiting(self) -> int:
        """How many segments wait for another try."""
        waiting = sum(len(one.attempt.rows) for one in self._waiting)
        return waiting + sum(len(attempt.rows) for attempt in self._behind)

    async def next(self) -> Attempt | None:
        """Answer the next attempt when its time has come, or None when none can come any more."""
        while not self.is_draining:
            attempt = self._due() or await self._fresh() or self._last()
            if attempt is not None:
                return attempt
            if self._waiting or self._behind or self._under_way:
                await self._change()
                continue
            if not await self._go_on():
                return None
        return None

    def again(self, attempt: Attempt, delay_s: float) -> None:
        """Put segments back as their next attempt, to be tried after ``delay_s``."""
        self.put_back(replace(attempt, number=attempt.number + 1), delay_s)

    def put_back(self, attempt: Attempt, delay_s: float = 0.0) -> None:
        """Put an attempt back as it is; it has not counted."""
        self._order += 1
        due_s = asyncio.get_running_loop().time() + delay_s
        heapq.heappush(self._waiting, _Waiting(due_s, self._order, attempt))
        self._wake()

    def put_behind(self, attempt: Attempt) -> None:
        """Put an attempt behind all fresh rows, so that no identity is tested with what got it refused."""
        self._behind.append(attempt)
        self._wake()

    def done(self) -> None:
        """Tell that an attempt handed out by ``next`` has ended, whatever its outcome."""
        self._under_way -= 1
        self._wake()

    def drain(self) -> None:
        """Hand out nothing more; what is under way may finish."""
        self.is_draining = True
        self._feed.stop()
        self._wake()

    def _due(self) -> Attempt | None:
        if not self._waiting or self._waiting[0].due_s > asyncio.get_running_loop().time():
            return None
        self._under_way += 1
        return heapq.heappop(self._waiting).attempt

    def _last(self) -> Attempt | None:
        if not self._behind or not self._feed.is_exhausted:
            return None
        self._under_way += 1
        return self._behind.popleft()

    async def _fresh(self) -> Attempt | None:
        if self._feed.is_exhausted:
            return None
        self._under_way += 1  # counted while the list is read, so that nobody else concludes that all is done
        rows: tuple[Row, ...] = ()
        try:
            rows = await self._feed.next()
        finally:
            self._under_way -= not rows
        return Attempt(rows, 1, asyncio.get_running_loop().time()) if rows else None

    async def _go_on(self) -> bool:
        """Let the feed choose successors; counted as under way, so that the others wait for it."""
        self._under_way += 1
        try:
            return await self._feed.go_on()
        finally:
            self.done()

    async def _change(self) -> None:
        """Wait until something is put back, ends, or falls due."""
        changed = self._changed
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._waiting[0].due_s if self._waiting else None):
                await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
