"""A pace as members of a record, and back.

Members that a newer version added are ignored, those that an older one lacked take their defaults. A restored
cool-down keeps cooling; a probe that was under way counts as lost after its patience.
"""

from __future__ import annotations

from asyncdl.core.breaker import Breaker, Phase
from asyncdl.core.codes import Code
from asyncdl.core.learning import Learned
from asyncdl.core.pacing import Pace
from asyncdl.core.records import Fields
from asyncdl.core.window import SlidingHour

_CODES = frozenset(code.value for code in Code)


def to_json(pace: Pace) -> Fields:
    """Members that any JSON writer takes; at most about 6 kB."""
    return {
        "hour": [list(pair) for pair in pace.hour.buckets],
        "breaker": _from_breaker(pace.breaker),
        "learned": _from_learned(pace.learned),
        "next_s": pace.next_s,
        "seen_s": pace.seen_s,
        "requests": pace.requests,
        "signs": {code.value: count for code, count in pace.signs},
    }


def from_json(fields: Fields) -> Pace:
    """Rebuild a pace; raises ``TypeError``, ``ValueError`` or ``AttributeError`` for another form."""
    buckets = tuple((int(bucket), int(requests)) for bucket, requests in fields.get("hour", ()))
    signs = fields.get("signs", {}).items()
    return Pace(
        hour=SlidingHour(buckets, sum(requests for _, requests in buckets)),
        breaker=_breaker(fields.get("breaker", {})),
        learned=_learned(fields.get("learned", {})),
        next_s=float(fields.get("next_s", 0.0)),
        seen_s=float(fields.get("seen_s", 0.0)),
        requests=int(fields.get("requests", 0)),
        signs=tuple(sorted((Code(code), int(count)) for code, count in signs if code in _CODES)),
    )


def _from_breaker(breaker: Breaker) -> Fields:
    return {
        "phase": breaker.phase.value,
        "episode": breaker.episode,
        "cause": None if breaker.cause is None else breaker.cause.value,
        "until_s": breaker.until_s,
        "failures": breaker.failures,
        "clean": breaker.clean,
    }


def _breaker(fields: Fields) -> Breaker:
    fresh, cause = Breaker(), fields.get("cause")
    return Breaker(
        phase=Phase(fields.get("phase", fresh.phase)),
        episode=int(fields.get("episode", fresh.episode)),
        cause=Code(cause) if cause in _CODES else None,
        until_s=float(fields.get("until_s", fresh.until_s)),
        failures=int(fields.get("failures", fresh.failures)),
        clean=int(fields.get("clean", fresh.clean)),
    )


def _from_learned(learned: Learned) -> Fields:
    return {
        "limit_per_h": learned.limit_per_h,
        "wall_per_h": learned.wall_per_h,
        "goal_per_h": learned.goal_per_h,
        "usual_per_h": learned.usual_per_h,
    }


def _learned(fields: Fields) -> Learned:
    return Learned(
        limit_per_h=_optional(fields.get("limit_per_h")),
        wall_per_h=_optional(fields.get("wall_per_h")),
        goal_per_h=_optional(fields.get("goal_per_h")),
        usual_per_h=float(fields.get("usual_per_h", 0.0)),
    )


def _optional(per_h: float | None) -> float | None:
    """Read a rate; what none can be (zero, less, no number) is nothing that was learned."""
    return float(per_h) if per_h is not None and float(per_h) > 0 else None
