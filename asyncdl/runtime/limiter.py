"""The semaphore in front of the fetch workers, whose capacity can change while tasks wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Limiter:
    """At most ``capacity`` places are held at once, first come, first served.

    Waiters are woken while somebody waits and ``held`` is below ``capacity``; never by the difference of an
    old and a new capacity, which lets too many in when it swings.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held = 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    @property
    def capacity(self) -> int:
        """How many places there are."""
        return self._capacity

    @property
    def held(self) -> int:
        """How many places are taken; above ``capacity`` for a while after it shrank."""
        return self._held

    @property
    def waiting(self) -> int:
        """How many tasks wait for a place."""
        return len(self._waiters)

    def resize(self, capacity: int) -> None:
        """Change the capacity; places already held stay held."""
        self._capacity = capacity
        self._wake()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one place for the length of a block."""
        await self._acquire()
        try:
            yield
        finally:
            self._held -= 1
            self._wake()

    async def _acquire(self) -> None:
        if self._held < self._capacity and not self._waiters:
            self._held += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            self._leave(waiter)
            raise

    def _leave(self, waiter: asyncio.Future[None]) -> None:
        if waiter.done() and not waiter.cancelled():  # a place was given to it in the same moment
            self._held -= 1
        elif waiter in self._waiters:
            self._waiters.remove(waiter)
        self._wake()

    def _wake(self) -> None:
        while self._waiters and self._held < self._capacity:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._held += 1
                waiter.set_result(None)
