"""Work in one task that signals bring to its end: the first asks it to finish, the second cancels it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from asyncdl.app.stopping import Stopping


class StoppableTask:
    """``is_draining`` is for the work to look at; ``stopping`` is to be installed around ``run``."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._running: asyncio.Task[None] | None = None
        self._begun_s = asyncio.get_running_loop().time()
        self.is_draining = False
        self.stopping = Stopping(self._drain, self._stop)

    @property
    def elapsed_s(self) -> float:
        """Seconds since this was made."""
        return asyncio.get_running_loop().time() - self._begun_s

    async def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Return when the work is at its end or a signal has cancelled it; raises what it raises."""
        self._running = task = asyncio.create_task(work)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    def _drain(self, note: str) -> None:
        self._tell(note)
        self.is_draining = True

    def _stop(self) -> None:
        self.is_draining = True
        if self._running is not None:
            self._running.cancel()
