"""The identities at work: each with its own workers, pace, breaker and counters; gives out places on them.

This is the limiter in front of the fetch workers. Wall-clock time is read once and carried on by the loop,
so that it jumps at restarts only.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from asyncdl.core.bench import NO_WAY_OUT, Bench
from asyncdl.core.breaker import Phase
from asyncdl.core.classify import telling_line
from asyncdl.core.model import Failure, Fetched, FetchRequest, Tier
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.pacing import (
    NoAnswer,
    Sign,
    Throttled,
    allowed_per_h,
    observe,
    took,
)
from asyncdl.core.progress import IdentityView
from asyncdl.core.retry import Rng
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.exit import MOST_SILENCE, SILENT, Exit, Place, blamed, sign_of, telling_answer

__all__ = ["SILENT", "Exit", "Exits", "Place"]


class Exits:
    """Gives out places, earliest exit first; whoever waits is served in turn.

    ``max_wait_s`` bounds how long a run may stand still because everything cools down. ``speed`` makes hours
    pass in seconds for tests with real workers.
    """

    def __init__(
        self,
        exits: Sequence[Exit],
        policy: PacePolicy,
        rng: Rng,
        wall_s: Callable[[], float],
        max_wait_s: float | None = None,
        speed: float = 1.0,
    ) -> None:
        self._speed = speed
        self._exits = list(exits)
        self._policy = policy
        self._rng = rng
        self._max_wait_s = max_wait_s
        self._wall_s = wall_s
        self._begun_at_s: tuple[float, float] | None = None
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._is_draining = False
        self.on_change: Callable[[Exit], None] = lambda _exit: None

    def now_s(self) -> float:
        """Seconds since 1970, going forward only."""
        loop_s = asyncio.get_running_loop().time()
        if self._begun_at_s is None:
            self._begun_at_s = (self._wall_s(), loop_s)
        return self._begun_at_s[0] + (loop_s - self._begun_at_s[1]) * self._speed

    def drain(self) -> None:
        """Give out no more places; whoever waits for one leaves empty-handed."""
        self._is_draining = True
        self._wake()

    @asynccontextmanager
    async def place(self, tier: Tier) -> AsyncIterator[Place | None]:
        """Hold a place for the length of a block; None when the run drains.

        Raises ``EnvironmentFault`` when all exits are dead, and when the wait would be too long.
        """
        place = await self._take(tier)
        try:
            yield place
        finally:
            if place is not None:
                place.exit.held -= 1

    async def fetch(self, place: Place, request: FetchRequest) -> tuple[Fetched | Failure, ...]:
        """Fetch on a place and learn from the answers; of one extraction, one is learned from."""
        answers = await place.exit.fetchers[place.tier].fetch(request)
        answers = tuple([blamed(place.exit, answer) for answer in answers])
        self._learn(place, telling_answer(answers))
        return answers

    def views(self) -> tuple[IdentityView, ...]:
        """Answer what the screen shows of each identity."""
        now_s = self.now_s()
        return tuple(self._view(one, now_s) for one in self._exits)

    async def close(self) -> None:
        """Let go of all workers."""
        for one in self._exits:
            for fetcher in one.fetchers.values():
                await fetcher.close()

    @property
    def exits(self) -> tuple[Exit, ...]:
        """All of them, dead ones too."""
        return tuple(self._exits)

    async def _take(self, tier: Tier) -> Place | None:
        async with self._turn:
            while not self._is_draining:
                now_s = self.now_s()
                one = self._best(now_s, tier)
                free_at_s = one.free_at(self._policy, now_s, tier)
                if free_at_s <= now_s:
                    return self._given(one, tier, now_s)
                await self._wait(tier, free_at_s, now_s)
        return None

    def _best(self, now_s: float, tier: Tier) -> Exit:
        alive = [one for one in self._exits if not one.bench.is_dead]
        if not alive:
            told = "; ".join(f"{one.identity.name}: {one.bench.why}" for one in self._exits)
            raise EnvironmentFault(
                f"No way out is left: {told}",
                mend="No segment was marked as failed. asyncdl doctor looks at connection and proxies.",
            )
        # Dead ones are looked at again as long as others work.
        return min(self._exits, key=lambda one: (one.free_at(self._policy, now_s, tier), one.held))

    def _given(self, one: Exit, tier: Tier, now_s: float) -> Place:
        one.pace = took(one.pace, self._policy, now_s, one.cost(tier, self._policy))
        one.held += 1
        return Place(one, one.tier(tier), one.pace.breaker.episode)

    async def _wait(self, tier: Tier, free_at_s: float, now_s: float) -> None:
        self._refuse_to_stand_still(tier, now_s)
        changed = self._changed
        with suppress(TimeoutError):
            async with asyncio.timeout((free_at_s - now_s) / self._speed):
                await changed.wait()

    def _refuse_to_stand_still(self, tier: Tier, now_s: float) -> None:
        """End rather than wait too long; what sits out for want of a connection is no hope."""
        hopeful = [one for one in self._exits if not one.bench.is_benched] or self._exits
        one = min(hopeful, key=lambda each: each.free_at(self._policy, now_s, tier))
        wait_s = one.free_at(self._policy, now_s, tier) - now_s
        is_still = one.pace.phase is not Phase.RUNNING or one.bench.is_benched
        if is_still and self._max_wait_s is not None and wait_s > self._max_wait_s:
            raise self._too_long(one, wait_s)

    def _too_long(self, one: Exit, wait_s: float) -> EnvironmentFault:
        cause = one.pace.breaker.cause or one.bench.why
        return EnvironmentFault(
            f"Every identity cools down; the first one for another {wait_s / 60:.0f} min ({cause}).",
            mend="No segment was marked as failed. Run the same again later, or without --max-wait.",
        )

    def _learn(self, place: Place, answer: Fetched | Failure) -> None:
        now_s = self.now_s()
        one = place.exit
        before = (one.pace.phase, one.bench)
        sign = sign_of(answer, place.episode)
        one.pace = observe(one.pace, self._policy, sign, now_s, self._rng)
        one.bench = self._benched(one, answer, sign, now_s)
        one.throttled += isinstance(sign, Throttled)
        one.fetched += isinstance(answer, Fetched)
        one.failed += isinstance(answer, Failure)
        if (one.pace.phase, one.bench) != before:
            self.on_change(one)
            self._wake()

    def _benched(self, one: Exit, answer: Fetched | Failure, sign: Sign, now_s: float) -> Bench:
        if not isinstance(sign, NoAnswer) or not isinstance(answer, Failure):
            one.silences = 0
            return one.bench.worked()
        one.silences += 1
        if answer.code in NO_WAY_OUT:
            return one.bench.failed(answer.code, telling_line(answer), now_s)
        if one.silences >= MOST_SILENCE and (len(self._exits) > 1 or one.is_named):
            one.silences = 0
            return one.bench.failed(answer.code, "nothing comes back", now_s)
        return one.bench

    def _view(self, one: Exit, now_s: float) -> IdentityView:
        until_s = max(one.bench.until_s, one.pace.breaker.until_s)
        allowed = allowed_per_h(one.pace, self._policy)
        return IdentityView(
            name=one.identity.name,
            phase="benched" if one.bench.is_benched else one.pace.phase.value,
            why=one.bench.why or (one.pace.breaker.cause or ""),
            until_s=until_s if until_s > now_s else None,
            allowed_per_h=allowed if math.isfinite(allowed) else None,
            last_hour=one.pace.hour.load(now_s),
            fetched=one.fetched,
            failed=one.failed,
            throttled=one.throttled,
            held=one.held,
        )

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
