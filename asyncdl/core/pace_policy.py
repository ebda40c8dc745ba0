"""What the user allows an identity: ``--rate``, or the polite default."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from asyncdl.core.learning import Growth
from asyncdl.errors import UsageError

DEFAULT_CEILING_PER_H = 900.0
DEFAULT_BURST = 250
# Requests that came too late for their place may make up for so much time, in seconds.
_CATCH_UP_S = 10.0

_UNITS_PER_H = {"h": 1.0, "hour": 1.0, "min": 60.0, "m": 60.0, "s": 3600.0, "sec": 3600.0}
_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*/\s*([a-z]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class PacePolicy:
    """Bounds on the player and webpage requests of one identity.

    At most ``ceiling_per_h`` leave in any sliding hour (None: no ceiling), of which ``burst`` at once after
    quiet. What is learned from throttle signs moves below the ceiling, never above it.
    """

    ceiling_per_h: float | None = DEFAULT_CEILING_PER_H
    burst: int = DEFAULT_BURST
    growth: Growth = field(default_factory=Growth)

    @property
    def catch_up_s(self) -> float:
        """How much lost time late requests may make up; none where the wish was a spacing."""
        return _CATCH_UP_S if self.burst > 1 else 0.0

    def allows(self, requests: int) -> bool:
        """Whether so many requests can ever leave together under the ceiling."""
        return self.ceiling_per_h is None or requests <= whole(self.ceiling_per_h)


def parse_rate(text: str) -> PacePolicy:
    """Read ``900/h``, ``15/min``, ``0.25/s`` or ``unlimited``; raises ``UsageError``.

    A rate by the hour allows a burst after quiet. One by the minute or second holds in those too: it becomes
    the same rate by the hour with a spacing between any two requests.
    """
    wish = text.strip().lower()
    if wish == "unlimited":
        return PacePolicy(ceiling_per_h=None)
    match = _RATE.fullmatch(wish)
    per_h = _UNITS_PER_H.get(match[2]) if match else None
    count = float(match[1]) if match else 0.0
    if per_h is None or count <= 0:
        raise UsageError(f"--rate {text!r} is no rate", mend="write 900/h, 15/min, 0.25/s or unlimited")
    ceiling_per_h = count * per_h
    return PacePolicy(ceiling_per_h, min(DEFAULT_BURST, whole(ceiling_per_h)) if per_h == 1.0 else 1)


def whole(per_h: float) -> int:
    """Answer how many requests fit in one hour; at least one, since rates below it only space wider."""
    return max(1, math.floor(per_h + 1e-9))
