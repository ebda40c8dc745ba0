"""The identities at work: each with its own workers, pace, breaker and counters; gives out places on them.

This is the limiter in front of the fetch workers. Wall-clock time is read once and carried on by the loop,
so that it jumps at restarts only.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from asyncdl.core.bench import NO_WAY_OUT, Bench
from asyncdl.core.breaker import Phase
from asyncdl.core.classify import action_of
from asyncdl.core.codes import Action, Code
from asyncdl.core.identity import Identity
from asyncdl.core.model import Failure, Fetched, FetchRequest, Tier
from asyncdl.core.pace_policy import PacePolicy, whole
from asyncdl.core.pacing import (
    Clean,
    NoAnswer,
    Pace,
    Sign,
    Throttled,
    allowed_per_h,
    observe,
    permit_at,
    took,
)
from asyncdl.core.ports import Fetcher
from asyncdl.core.progress import IdentityView
from asyncdl.core.retry import Rng
from asyncdl.errors import EnvironmentFault

# Player and webpage requests of one extraction; what a fuller one costs is an upper bound.
REQUESTS_OF = {Tier.FIRST: 1, Tier.FULL: 5}
# With other exits to take over, one that brings so many requests in a row nothing at all sits out.
_MOST_SILENCE = 5

# Nothing came back, so nothing is known of the identity either.
SILENT = frozenset(
    {
        Code.BAD_JSON,
        Code.CONN_RESET,
        Code.DEADLINE,
        Code.HTTP_5XX,
        Code.NO_PLAYER,
        Code.TIMEOUT,
        Code.WORKER_DIED,
    }
)


@dataclass(slots=True)
class Exit:
    """One identity with its workers."""

    identity: Identity
    fetchers: Mapping[Tier, Fetcher]
    pace: Pace = field(default_factory=Pace)
    bench: Bench = field(default_factory=Bench)
    held: int = 0
    fetched: int = 0
    failed: int = 0
    throttled: int = 0
    silences: int = 0

    def tier(self, wanted: Tier) -> Tier:
        """Answer how fully is asked here: an account has no other way than the fuller one."""
        return Tier.FULL if self.identity.cookies is not None else wanted

    def cost(self, wanted: Tier, policy: PacePolicy) -> int:
        """Answer the requests to be charged, never more than the ceiling lets leave together."""
        requests = REQUESTS_OF[self.tier(wanted)]
        return requests if policy.ceiling_per_h is None else min(requests, whole(policy.ceiling_per_h))

    @property
    def requests(self) -> int:
        """Requests of this run by this identity."""
        return sum(fetcher.requests for fetcher in self._each())

    @property
    def received_bytes(self) -> int:
        """Media bytes that came by this identity in this run."""
        return sum(fetcher.received_bytes for fetcher in self._each())

    def _each(self) -> list[Fetcher]:
        """One pool may serve both tiers."""
        return list({id(fetcher): fetcher for fetcher in self.fetchers.values()}.values())

    def free_at(self, policy: PacePolicy, now_s: float, wanted: Tier) -> float:
        """Answer when the next request may leave here."""
        permit_s = permit_at(self.pace, policy, now_s, self.cost(wanted, policy))
        return max(permit_s, self.bench.until_s)


@dataclass(frozen=True, slots=True)
class Place:
    """A permit for one request on one exit."""

    exit: Exit
    tier: Tier
    episode: int


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
        """Fetch on a place and learn from the answer."""
        answers = await place.exit.fetchers[place.tier].fetch(request)
        for answer in answers[:1]:
            self._learn(place, answer)
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
                await self._wait(one, free_at_s, now_s)
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

    async def _wait(self, one: Exit, free_at_s: float, now_s: float) -> None:
        is_still = one.pace.phase is not Phase.RUNNING or one.bench.is_benched
        if is_still and self._max_wait_s is not None and free_at_s - now_s > self._max_wait_s:
            raise self._too_long(one, free_at_s - now_s)
        changed = self._changed
        with suppress(TimeoutError):
            async with asyncio.timeout((free_at_s - now_s) / self._speed):
                await changed.wait()

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
        sign = _sign(answer, place.episode)
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
            return one.bench.failed(answer.code, _first_line(answer), now_s)
        if one.silences >= _MOST_SILENCE and len(self._exits) > 1:
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


def _sign(answer: Fetched | Failure, episode: int) -> Sign:
    if isinstance(answer, Fetched):
        return Clean(episode)
    if action_of(answer) is Action.THROTTLE:
        return Throttled(episode, Code(answer.code), answer.retry_after_s)
    if answer.code in SILENT or action_of(answer) is Action.LOCAL:
        return NoAnswer(episode)
    return Clean(episode)


def _first_line(failure: Failure) -> str:
    lines = failure.text.strip().splitlines()
    return lines[0][:200] if lines else failure.kind.meaning
