"""I6: while only ``run`` is active, what ``status`` tells of stored and failed segments never falls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from support.bench import Bench


@dataclass
class Monotone:
    """What ``asyncdl status --json`` told, look after look."""

    told: list[tuple[int, int]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def look(self, bench: Bench) -> None:
        """Ask once, as soon as there is a data set."""
        if not list((bench.out / "journal").glob("*.jsonl")):
            return
        ended = await bench.command("status", "--json")
        if ended.code:
            self.complaints.append(f"I6: status ended with {ended.code}: {ended.stderr}")
            return
        counts = ended.json()
        now = (counts["stored"], counts["failed_total"])
        if self.told and (now[0] < self.told[-1][0] or now[1] < self.told[-1][1]):
            self.complaints.append(f"I6: (stored, failed) fell from {self.told[-1]} to {now}")
        self.told.append(now)

    async def _keep_looking(self, bench: Bench, every_s: float) -> None:
        while True:
            await self.look(bench)
            await asyncio.sleep(every_s)


@asynccontextmanager
async def monotone(bench: Bench, *, every_s: float = 0.3) -> AsyncIterator[Monotone]:
    """Look at the status for the length of a block, and once more; fails when a count fell in between."""
    seen = Monotone()
    looking = asyncio.create_task(seen._keep_looking(bench, every_s))
    try:
        yield seen
    finally:
        looking.cancel()
        await asyncio.wait([looking])
    await seen.look(bench)
    assert not seen.complaints, "\n".join(seen.complaints)
