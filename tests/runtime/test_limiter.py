"""The limiter: never more than its capacity, first come, first served, and no place lost."""

from __future__ import annotations

import asyncio
import random

from asyncdl.runtime.limiter import Limiter
from support.virtual_clock import run_virtually


async def _hold(limiter: Limiter, seconds: float, seen: list[int]) -> None:
    async with limiter.place():
        seen.append(limiter.held)
        await asyncio.sleep(seconds)


def test_no_more_than_capacity_are_held_at_once() -> None:
    async def scene() -> list[int]:
        limiter, seen = Limiter(3), list[int]()
        await asyncio.gather(*(_hold(limiter, 1, seen) for _ in range(20)))
        assert limiter.held == 0
        return seen

    assert max(run_virtually(scene())) == 3


def test_swinging_capacity_never_lets_too_many_in() -> None:
    """Waking by the difference of old and new capacity would hold 13 at capacity 8 here."""

    async def scene() -> None:
        limiter, seen = Limiter(10), list[int]()
        tasks = [asyncio.create_task(_hold(limiter, 5, seen)) for _ in range(100)]
        await asyncio.sleep(1)
        limiter.resize(5)
        limiter.resize(8)
        await asyncio.sleep(4.5)
        assert limiter.held == 8
        limiter.resize(2)
        await asyncio.sleep(5)
        assert limiter.held == 2
        limiter.resize(50)
        await asyncio.gather(*tasks)
        assert (limiter.held, limiter.waiting) == (0, 0)

    run_virtually(scene())


def test_cancelled_waiters_lose_no_place() -> None:
    async def scene(seed: int) -> None:
        limiter, rng, seen = Limiter(4), random.Random(seed), list[int]()
        tasks = [asyncio.create_task(_hold(limiter, rng.random(), seen)) for _ in range(60)]
        for task in rng.sample(tasks, 30):
            await asyncio.sleep(rng.random() / 10)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (limiter.held, limiter.waiting) == (0, 0)
        await asyncio.wait_for(_hold(limiter, 1, seen), 2)
        assert max(seen) <= 4

    for seed in range(50):
        run_virtually(scene(seed))
