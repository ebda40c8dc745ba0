"""Writes down what the identities learn, so that a restart goes on at the same pace."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from asyncdl.app.opening import Opened, wall_ms
from asyncdl.core.events import PaceLearned
from asyncdl.core.pace_json import to_json
from asyncdl.core.pacing import Pace
from asyncdl.errors import AsyncdlError
from asyncdl.runtime.exits import Exit

# A pace takes some kilobytes; three weeks of them should stay a matter of megabytes.
_PERIOD_S = 600.0


class PaceKeeper:
    """Journals a pace at once when its breaker moves, all that changed every ten minutes, and at the end."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._moved = asyncio.Event()
        self._written: dict[str, Pace] = {}
        opened.exits.on_change = self._on_change

    async def run(self) -> None:
        """Keep writing until cancelled; a journal at fault ends it, and the scheduler tells of that."""
        with suppress(AsyncdlError):
            while True:
                await self._wait()
                await self.write()

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PERIOD_S):
                await self._moved.wait()
        self._moved.clear()

    async def write(self) -> None:
        """Write the paces that have changed since they were written last."""
        for one in self._opened.exits.exits:
            if self._written.get(one.identity.name, Pace()) is not one.pace and one.pace.requests:
                self._written[one.identity.name] = one.pace
                event = PaceLearned(one.identity.name, wall_ms(), to_json(one.pace))
                await self._opened.journal.append(event)
                self._opened.ledger.apply(event)

    def _on_change(self, _exit: Exit) -> None:
        self._moved.set()
