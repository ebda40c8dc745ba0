"""What follows a failed attempt: again later, given up for this round, or the run stops.

Bounded twice, in attempts and in time; exponential; jitter is laid on after the cap, so that capped waits
spread too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from asyncdl.core.classify import action_of
from asyncdl.core.codes import Action, Code
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure


class Rng(Protocol):
    """The one thing asked of a random source."""

    def uniform(self, a: float, b: float, /) -> float:
        """Answer a number between ``a`` and ``b``."""
        ...


class StopCause(Enum):
    """Why a run cannot go on although segments are left."""

    THROTTLED = "throttled"
    ENVIRONMENT = "environment"
    DISK_FULL = "disk_full"
    STORM = "storm"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds on trying one segment again within a round; times in seconds."""

    max_attempts: int = 4
    first_delay_s: float = 1.0
    max_delay_s: float = 60.0
    max_total_s: float = 1800.0


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Try the segment again after ``delay_s``."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Settle the segment without a clip for this round."""


@dataclass(frozen=True, slots=True)
class StopRun:
    """Take no further segments; this one stays open."""

    cause: StopCause


Decision = RetryAfter | GiveUp | StopRun

# Local faults that pass by themselves or belong to one video, so that trying again is right.
_PASSING = frozenset({Code.EMFILE})


def decide(failure: Failure, attempt: int, spent_s: float, policy: RetryPolicy, rng: Rng) -> Decision:
    """Answer what follows failure number ``attempt`` (from 1) of a segment tried for ``spent_s`` so far."""
    action = action_of(failure)
    if failure.kind is FailureKind.DISK_FULL:
        return StopRun(StopCause.DISK_FULL)
    if action is Action.THROTTLE:
        return StopRun(StopCause.THROTTLED)
    if action is Action.LOCAL and failure.code not in _PASSING:
        return StopRun(StopCause.ENVIRONMENT)
    if action is Action.TRANSIENT or failure.code in _PASSING or failure.kind is FailureKind.OUTDATED_TOOL:
        return _again(failure, attempt, spent_s, policy, rng)
    return GiveUp()


def _again(
    failure: Failure, attempt: int, spent_s: float, policy: RetryPolicy, rng: Rng
) -> RetryAfter | GiveUp:
    if attempt >= policy.max_attempts:
        return GiveUp()
    capped_s = min(policy.max_delay_s, policy.first_delay_s * 2.0 ** (attempt - 1))
    delay_s = max(capped_s * rng.uniform(0.5, 1.5), failure.retry_after_s or 0.0)
    return GiveUp() if spent_s + delay_s > policy.max_total_s else RetryAfter(delay_s)
