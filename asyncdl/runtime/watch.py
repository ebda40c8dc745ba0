"""Looks at a run several times a second and tells the screen; reads values only."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from asyncdl.core.ledger import Ledger
from asyncdl.core.progress import Snapshot
from asyncdl.core.rate import RateWindow
from asyncdl.runtime.agenda import Agenda
from asyncdl.runtime.exits import Exits
from asyncdl.runtime.feed import Feed
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.tally import Tally

_PERIOD_S = 0.25


@dataclass(frozen=True, slots=True)
class Watched:
    """The parts of a run that a snapshot is made of."""

    title: str
    root: Path
    ledger: Ledger
    tally: Tally
    agenda: Agenda
    feed: Feed
    limiter: Limiter
    exits: Exits


class Watch:
    """Makes snapshots; ``expected`` is told once somebody has counted the lists."""

    def __init__(self, watched: Watched, show: Callable[[Snapshot], None]) -> None:
        self._watched = watched
        self._show = show
        self._begun_s = asyncio.get_running_loop().time()
        self._rate = RateWindow()
        self._free_bytes = 0
        self.expected: int | None = None
        self.note = ""

    async def run(self) -> None:
        """Show a snapshot four times a second until cancelled; the disk is asked on a thread."""
        while True:
            for _ in range(int(10 / _PERIOD_S)):
                self._show(self.snapshot())
                await asyncio.sleep(_PERIOD_S)
            await self.look_at_disk()

    async def look_at_disk(self) -> None:
        """Ask how much space is left."""
        with suppress(OSError):  # a figure on the screen must not end a run
            self._free_bytes = (await asyncio.to_thread(shutil.disk_usage, self._watched.root)).free

    def final(self, note: str) -> Snapshot:
        """Answer the last state; its rate is the average of the whole run."""
        last = self.snapshot()
        rate_per_min = last.run_stored / last.elapsed_s * 60 if last.elapsed_s > 0 else 0.0
        return replace(last, is_over=True, note=note, rate_per_min=rate_per_min)

    def snapshot(self) -> Snapshot:
        """Answer the state now."""
        seen, counts = self._watched, self._watched.ledger.counts()
        now_s = asyncio.get_running_loop().time() - self._begun_s
        run_settled = seen.tally.stored + seen.tally.failed
        self._rate = self._rate.observe(now_s, settled=run_settled, stored=seen.tally.stored)
        expected = self._expected(counts.segments)
        remaining = None if expected is None else expected - counts.stored - counts.failed_total
        return Snapshot(
            title=seen.title,
            elapsed_s=now_s,
            expected=expected,
            seen=seen.feed.seen,
            segments=counts.segments,
            stored=counts.stored,
            open=counts.open,
            failed={kind.value: count for kind, count in counts.failed.items()},
            rejected_rows=counts.rejected_rows,
            repeated_rows=counts.repeated_rows,
            stored_bytes=counts.stored_bytes,
            disk_free_bytes=self._free_bytes,
            run_stored=seen.tally.stored,
            run_failed=seen.tally.failed,
            run_retried=seen.tally.retried,
            rate_per_min=self._rate.stored_per_min,
            eta_s=self._rate.eta_s(remaining),
            concurrency=seen.limiter.capacity,
            in_flight=seen.tally.in_flight(),
            waiting_retry=seen.agenda.waiting,
            recent_failures=tuple(seen.tally.recent),
            identities=seen.exits.views(),
            note=self.note,
        )

    def _expected(self, segments: int) -> int | None:
        if self._watched.feed.is_exhausted:
            return segments
        return None if self.expected is None else max(self.expected, segments)
