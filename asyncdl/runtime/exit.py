"""One identity at work: its workers, pace, bench and counters, and what its answers say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from asyncdl.core.bench import Bench
from asyncdl.core.classify import action_of, failure
from asyncdl.core.codes import Action, Code
from asyncdl.core.identity import Identity
from asyncdl.core.model import Failure, Fetched, Tier
from asyncdl.core.pace_policy import PacePolicy, whole
from asyncdl.core.pacing import (
    Clean,
    NoAnswer,
    Pace,
    Sign,
    Throttled,
    permit_at,
)
from asyncdl.core.ports import Fetcher

# Player and webpage requests of one extraction; what a fuller one costs is an upper bound.
REQUESTS_OF = {Tier.FIRST: 1, Tier.FULL: 5}
# With other exits to take over, one that brings so many requests in a row nothing at all sits out.
MOST_SILENCE = 5
_LOOK_AGAIN_S = 60.0

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

    @property
    def is_named(self) -> bool:
        """Whether the user chose this way; the plain connection is the machine's own."""
        return self.identity.proxy is not None or self.identity.source_address is not None

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
        if self.bench.is_benched and self.held:
            return now_s + _LOOK_AGAIN_S  # one request at a time tells whether it is back
        permit_s = permit_at(self.pace, policy, now_s, self.cost(wanted, policy))
        return max(permit_s, self.bench.until_s)


@dataclass(frozen=True, slots=True)
class Place:
    """A permit for one request on one exit."""

    exit: Exit
    tier: Tier
    episode: int


def blamed(one: Exit, answer: Fetched | Failure) -> Fetched | Failure:
    """Blame a chosen way that has never brought anything for its silence; not the video."""
    if isinstance(answer, Fetched) or answer.code not in SILENT:
        return answer
    if one.bench.has_worked or not one.is_named:
        return answer
    return failure(Code.PROXY_DOWN, answer.text)


def telling_answer(answers: Sequence[Fetched | Failure]) -> Fetched | Failure:
    """Choose what one extraction says of an identity: a throttle sign before all, silence last."""
    return answers[0] if len(answers) == 1 else min(answers, key=_rank)


def _rank(answer: Fetched | Failure) -> int:
    if isinstance(answer, Fetched):
        return 1
    if action_of(answer) is Action.THROTTLE:
        return 0
    return 3 if answer.code in SILENT else 2


def sign_of(answer: Fetched | Failure, episode: int) -> Sign:
    """Say what an answer means for the identity's pace; ``episode`` is that of its place."""
    if isinstance(answer, Fetched):
        return Clean(episode)
    if action_of(answer) is Action.THROTTLE:
        return Throttled(episode, Code(answer.code), answer.retry_after_s)
    if answer.code in SILENT or action_of(answer) is Action.LOCAL:
        return NoAnswer(episode)
    return Clean(episode)
