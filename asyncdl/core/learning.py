"""What an identity learns about a limit that nobody tells it, in requests an hour.

A limit shows itself only by a block, and then exactly: the requests of the last hour were one too many. So
the load of the block is remembered as a wall. Regrowth from half of it is quick up to a goal a little below
the wall, slow beyond, and the quicker the farther it gets: a limit that rose is found again in hours, one
that stayed is touched seldom. A block at a load that was fine for an hour says something else: the limit
fell below it, nobody knows how far; then the goal is set well lower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Growth:
    """How an allowance grows and shrinks; tuned with ``benchmarks/pacing.py``, shares are of 1.

    ``*_per_h`` without a unit of requests are growth in an hour, as a share of the goal (``creep``), of the
    way still below it (``regain``), of the way beyond it (``press``).
    """

    start_per_h: float = 900.0  # requests an hour before anything is known
    climb_per_h: float = 250.0  # requests an hour, added each hour until the first block
    least_per_h: float = 60.0  # requests an hour; a block at a load below this speaks of no hourly limit
    after_block: float = 0.5  # of the load that was blocked
    settle: float = 0.96  # goal after a limit was met
    settle_lower: float = 0.8  # goal after a limit fell
    creep_per_h: float = 0.0006
    regain_per_h: float = 3.0
    press_per_h: float = 0.12
    flat: float = 0.97  # of the blocked load, kept up for an hour: the load did not grow, the limit fell
    same_wall: float = 0.015  # a block so close to the last one's load met the same limit
    proven: float = 0.88  # of the allowance must be in use before more is allowed


@dataclass(frozen=True, slots=True)
class Learned:
    """Requests an hour: the allowance now, the load last blocked, where quick growth ends, the usual load.

    None where nothing is known. ``usual`` is the load's mean over about an hour of clean answers.
    """

    limit_per_h: float | None = None
    wall_per_h: float | None = None
    goal_per_h: float | None = None
    usual_per_h: float = 0.0

    def allowed(self, growth: Growth, ceiling_per_h: float | None) -> float:
        """Answer the allowance, in requests an hour; infinity while nothing bounds it."""
        if ceiling_per_h is None:
            return math.inf if self.limit_per_h is None else self.limit_per_h
        return min(ceiling_per_h, growth.start_per_h if self.limit_per_h is None else self.limit_per_h)

    @property
    def is_regained(self) -> bool:
        """Whether the allowance is back where quick growth ends."""
        return self.goal_per_h is None or (self.limit_per_h or 0.0) >= 0.95 * self.goal_per_h

    def clean(self, growth: Growth, ceiling_per_h: float | None, load: int) -> Learned:
        """Note a clean answer while ``load`` requests had left in the last hour."""
        allowed = self.allowed(growth, ceiling_per_h)
        if math.isinf(allowed):
            return self
        # An allowance in full use brings as many answers an hour as it allows.
        usual = self.usual_per_h + (load - self.usual_per_h) / max(1.0, allowed)
        return Learned(self._grown(growth, ceiling_per_h, load), self.wall_per_h, self.goal_per_h, usual)

    def blocked(self, growth: Growth, load: int) -> Learned:
        """Note a throttle sign at ``load`` requests in the last hour."""
        share = growth.settle_lower if self._fell(growth, load) else growth.settle
        return Learned(
            limit_per_h=max(growth.least_per_h, load * growth.after_block),
            wall_per_h=float(load),
            goal_per_h=max(growth.least_per_h, load * share),
        )

    def blocked_again(self, growth: Growth) -> Learned:
        """Note a throttle sign soon after a block: it was not over; this tells nothing of a limit."""
        if self.limit_per_h is None:
            return self
        return replace(self, limit_per_h=max(growth.least_per_h, self.limit_per_h * growth.after_block))

    def _grown(self, growth: Growth, ceiling_per_h: float | None, load: int) -> float | None:
        allowed = self.allowed(growth, ceiling_per_h)
        if ceiling_per_h is None:
            return allowed + self._step(growth, allowed, load) / max(1.0, allowed)
        if allowed >= ceiling_per_h:  # the user's wish is not something learned
            return self.limit_per_h
        return min(ceiling_per_h, allowed + self._step(growth, allowed, load) / max(1.0, allowed))

    def _step(self, growth: Growth, allowed: float, load: int) -> float:
        is_used = load >= growth.proven * allowed
        if self.goal_per_h is None:
            return growth.climb_per_h if is_used else 0.0
        way = allowed - self.goal_per_h
        if way < 0:
            return growth.creep_per_h * self.goal_per_h - growth.regain_per_h * way
        return growth.creep_per_h * self.goal_per_h + growth.press_per_h * way if is_used else 0.0

    def _fell(self, growth: Growth, load: int) -> bool:
        is_flat = self.usual_per_h >= growth.flat * load
        is_wall = self.wall_per_h is not None and abs(load - self.wall_per_h) <= growth.same_wall * load
        return is_flat and not is_wall
