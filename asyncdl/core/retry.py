"""What follows a failed attempt: again later, given up for this round, or the run stops.

Bounded twice, in attempts and in time; exponential; jitter is laid on after the cap, so that capped waits
spread too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from asyncdl.core.bench import NO_WAY_OUT
from asyncdl.core.classify import action_of
from asyncdl.core.codes import Action, Code
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure, Tier


class Rng(Protocol):
    """The one thing asked of a random source."""

    def uniform(self, a: float, b: float, /) -> float:
        """Answer a number between ``a`` and ``b``."""
        ...


class StopCause(Enum):
    """Why a run cannot go on although segments are left."""

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
class TryElsewhere:
    """Put the segment back at once: the identity was refused, not the video. No attempt is lost."""


@dataclass(frozen=True, slots=True)
class TryFuller:
    """Ask once more at once, with all that yt-dlp can do. No attempt is lost."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Settle the segment without a clip for this round; ``is_final`` when asking again is of no use."""

    is_final: bool = False


@dataclass(frozen=True, slots=True)
class StopRun:
    """Take no further segments; this one stays open."""

    cause: StopCause


Decision = RetryAfter | TryElsewhere | TryFuller | GiveUp | StopRun


@dataclass(frozen=True, slots=True)
class Tried:
    """What has been tried of a segment in this run: attempts (this one included), seconds, and how fully.

    ``can_try_fuller`` tells whether this installation has what a fuller extraction needs.
    """

    attempts: int
    spent_s: float
    tier: Tier = Tier.FIRST
    can_try_fuller: bool = False


# Local faults that pass by themselves or belong to one video, so that trying again is right.
_PASSING = frozenset({Code.EMFILE})


def decide(failure: Failure, tried: Tried, policy: RetryPolicy, rng: Rng) -> Decision:
    """Answer what follows a failure of a segment that has been tried so."""
    action = action_of(failure)
    if failure.kind.stops_run:
        return StopRun(StopCause.DISK_FULL)
    if action is Action.THROTTLE or failure.code in NO_WAY_OUT:
        return TryElsewhere()
    if action is Action.LOCAL and failure.code not in _PASSING:
        return StopRun(StopCause.ENVIRONMENT)
    if action is Action.FULLER:
        return _fuller(failure, tried, policy, rng)
    if action is Action.TRANSIENT or failure.code in _PASSING:
        return _again(failure, tried, policy, rng)
    return GiveUp()


def _fuller(failure: Failure, tried: Tried, policy: RetryPolicy, rng: Rng) -> Decision:
    if tried.tier is Tier.FIRST and tried.can_try_fuller:
        return TryFuller()
    if failure.kind is FailureKind.OUTDATED_TOOL:
        return _again(failure, tried, policy, rng)
    return GiveUp(is_final=tried.tier is Tier.FULL)


def _again(failure: Failure, tried: Tried, policy: RetryPolicy, rng: Rng) -> RetryAfter | GiveUp:
    if tried.attempts >= policy.max_attempts:
        return GiveUp()
    capped_s = min(policy.max_delay_s, policy.first_delay_s * 2.0 ** (tried.attempts - 1))
    delay_s = max(capped_s * rng.uniform(0.5, 1.5), failure.retry_after_s or 0.0)
    return GiveUp() if tried.spent_s + delay_s > policy.max_total_s else RetryAfter(delay_s)
