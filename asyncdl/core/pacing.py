"""When the next request of an identity may leave, and what its answers teach.

An identity is one exit (a proxy or a source address) with one guest session or account: it has one ``Pace``.
``permit_at`` says when, ``took`` counts a request that leaves, ``observe`` learns from its answer. All take
``now_s``, seconds since 1970, since a pace survives a restart. Best is a wall clock read once and carried on
with a monotonic one, so that it jumps at restarts only. A clock set back is noticed: no time counts as
passed. A clock set forward looks like time that passed, so the ceiling may be exceeded by what that explains.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from asyncdl.core.breaker import LONGEST_WAIT_S, Breaker, Phase
from asyncdl.core.codes import Code
from asyncdl.core.learning import Learned
from asyncdl.core.pace_policy import PacePolicy, whole
from asyncdl.core.retry import Rng
from asyncdl.core.window import HOUR_S, SlidingHour


@dataclass(frozen=True, slots=True)
class Clean:
    """An answer that speaks of the video, good or bad. ``episode``: ``pace.breaker.episode`` as it left."""

    episode: int


@dataclass(frozen=True, slots=True)
class Throttled:
    """A refusal that speaks of the identity; ``retry_after_s`` is the wait that the far end asked for."""

    episode: int
    code: Code
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing came back (network, deadline, a killed worker): it speaks of nobody."""

    episode: int


Sign = Clean | Throttled | NoAnswer


@dataclass(frozen=True, slots=True)
class Pace:
    """Everything known of one identity's pace; ``next_s`` and ``seen_s`` are seconds since 1970.

    ``next_s`` keeps the spacing, ``seen_s`` is the newest time this value was told, ``requests`` all that
    ever left, ``signs`` how often each throttle code was seen.
    """

    hour: SlidingHour = field(default_factory=SlidingHour)
    breaker: Breaker = field(default_factory=Breaker)
    learned: Learned = field(default_factory=Learned)
    next_s: float = 0.0
    seen_s: float = 0.0
    requests: int = 0
    signs: tuple[tuple[Code, int], ...] = ()

    @property
    def phase(self) -> Phase:
        """Running, cooling or probing."""
        return self.breaker.phase


def allowed_per_h(pace: Pace, policy: PacePolicy) -> float:
    """Answer the requests an hour that the pace grows or shrinks to now; infinity while nothing bounds it."""
    return pace.learned.allowed(policy.growth, policy.ceiling_per_h)


def on_clock(pace: Pace, now_s: float) -> Pace:
    """Translate a pace to a clock that was set back; call it after a restart and on each waking."""
    if now_s >= pace.seen_s:
        return pace
    by_s = pace.seen_s - now_s
    return replace(
        pace,
        hour=pace.hour.moved_back(by_s),
        breaker=pace.breaker.moved_back(by_s),
        next_s=pace.next_s - by_s,
        seen_s=now_s,
    )


def bounded(pace: Pace, now_s: float) -> Pace:
    """Put a pace that was read on this clock, and cut waits that no cool-down of this program can be.

    Journals come from other machines and other hands; one may name a time that never comes.
    """
    pace = on_clock(pace, now_s)
    # The order of min's arguments also rids of what is no number.
    latest_s = now_s + LONGEST_WAIT_S
    return replace(
        pace,
        hour=pace.hour.until(now_s),
        breaker=replace(pace.breaker, until_s=min(latest_s, pace.breaker.until_s)),
        next_s=min(latest_s, pace.next_s),
    )


def permit_at(pace: Pace, policy: PacePolicy, now_s: float, requests: int = 1) -> float:
    """Answer the earliest moment, in seconds since 1970 and never before ``now_s``, for the next request.

    Infinity when ``requests`` together can never fit under the ceiling.
    """
    if not policy.allows(requests):
        return math.inf
    pace = on_clock(pace, now_s)
    if pace.phase is not Phase.RUNNING:
        # A probe is bound by the ceiling, not by what was learned.
        room_s = _room_at(pace, policy.ceiling_per_h, now_s, requests)
        return max(room_s, pace.next_s, pace.breaker.until_s)
    room_s = _room_at(pace, max(requests, allowed_per_h(pace, policy)), now_s, requests)
    return room_s if _is_burst(pace, policy, now_s, requests) else max(room_s, pace.next_s)


def took(pace: Pace, policy: PacePolicy, now_s: float, requests: int = 1) -> Pace:
    """Count requests that leave now; the first one after a cool-down is the probe."""
    pace = on_clock(pace, now_s)
    spacing_s = requests * HOUR_S / allowed_per_h(pace, policy)
    if _is_burst(pace, policy, now_s, requests):
        next_s = now_s + spacing_s
    else:
        next_s = max(pace.next_s, now_s - policy.catch_up_s) + spacing_s
    is_probe = pace.phase is not Phase.RUNNING and now_s >= pace.breaker.until_s
    return Pace(
        hour=pace.hour.plus(now_s, requests),
        breaker=pace.breaker.probed(now_s) if is_probe else pace.breaker,
        learned=pace.learned,
        next_s=next_s,
        seen_s=now_s,
        requests=pace.requests + requests,
        signs=pace.signs,
    )


def observe(pace: Pace, policy: PacePolicy, sign: Sign, now_s: float, rng: Rng) -> Pace:
    """Learn from what came back of a request."""
    pace = on_clock(pace, now_s)
    # What left before the breaker opened, or against it, is no probe.
    is_stray = sign.episode != pace.breaker.episode or pace.phase is Phase.COOLING
    match sign:
        case Throttled(_, code, asked_s) if is_stray:
            pace = replace(pace, breaker=pace.breaker.stretched(code, asked_s, now_s))
            return _counted(pace, code, now_s)
        case Throttled(_, code, asked_s):
            return _counted(_blocked(pace, policy, code, asked_s, now_s, rng), code, now_s)
        case Clean() if not is_stray:
            return _clean(pace, policy, now_s)
        case NoAnswer() if not is_stray:
            return replace(pace, breaker=pace.breaker.unanswered(now_s), seen_s=now_s)
        case Clean() | NoAnswer():
            return pace


def _clean(pace: Pace, policy: PacePolicy, now_s: float) -> Pace:
    learned = pace.learned
    if pace.phase is Phase.RUNNING:
        learned = learned.clean(policy.growth, policy.ceiling_per_h, pace.hour.load(now_s))
    breaker = pace.breaker.answered()
    return Pace(pace.hour, breaker, learned, pace.next_s, now_s, pace.requests, pace.signs)


def _blocked(
    pace: Pace, policy: PacePolicy, code: Code, asked_s: float | None, now_s: float, rng: Rng
) -> Pace:
    learned = pace.learned
    if pace.breaker.is_trusted:
        learned = learned.blocked(policy.growth, pace.hour.load(now_s))
    elif pace.phase is Phase.RUNNING:
        learned = learned.blocked_again(policy.growth)
    return replace(pace, breaker=pace.breaker.opened(code, asked_s, now_s, rng), learned=learned)


def _counted(pace: Pace, code: Code, now_s: float) -> Pace:
    counts = dict(pace.signs)
    counts[code] = counts.get(code, 0) + 1
    return replace(pace, signs=tuple(sorted(counts.items())), seen_s=now_s)


def _room_at(pace: Pace, limit_per_h: float | None, now_s: float, requests: int) -> float:
    if limit_per_h is None or math.isinf(limit_per_h):
        return now_s
    return pace.hour.room_at(now_s, whole(limit_per_h), requests)


def _is_burst(pace: Pace, policy: PacePolicy, now_s: float, requests: int) -> bool:
    if policy.burst <= 1 or not pace.learned.is_regained or pace.phase is not Phase.RUNNING:
        return False
    return pace.hour.load(now_s) + requests <= policy.burst
