"""How fast it goes and when it will be over, told only when it can be known.

A promise needs a minute-long look, enough settled segments, and clips that are being stored right now: a
run that only collects failures, or that cools down, gets no time of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

WINDOW_S = 600.0
_STEP_S = 5.0
_MIN_RATE_SPAN_S = 5.0
_MIN_SPAN_S = 60.0
_MIN_SETTLED = 8
_STALL_S = 120.0
_STALL_GAPS = 5.0


@dataclass(frozen=True, slots=True)
class Reading:
    """Counts of this run at one moment; ``now_s`` by any clock that only goes forward."""

    now_s: float
    settled: int
    stored: int


@dataclass(frozen=True, slots=True)
class RateWindow:
    """The readings of the last ten minutes, about five seconds apart, newest last."""

    readings: tuple[Reading, ...] = ()
    last_stored_s: float = 0.0

    def observe(self, now_s: float, *, settled: int, stored: int) -> Self:
        """Take in a reading; counts that fall (failures were opened again) begin a new window."""
        new = Reading(now_s, settled, stored)
        newest = self.readings[-1] if self.readings else new
        if settled < newest.settled or stored < newest.stored or not self.readings:
            return type(self)((new,), now_s)
        readings = (*_thinned(self.readings), new)
        return type(self)(_recent(readings, now_s), now_s if stored > newest.stored else self.last_stored_s)

    @property
    def span_s(self) -> float:
        """Seconds between the first and the last reading."""
        return self.readings[-1].now_s - self.readings[0].now_s if self.readings else 0.0

    @property
    def stored_per_min(self) -> float:
        """Clips stored per minute over the window, 0 in the first seconds."""
        return self._gain().stored / self.span_s * 60 if self.span_s >= _MIN_RATE_SPAN_S else 0.0

    def eta_s(self, remaining: int | None) -> float | None:
        """Seconds until ``remaining`` more segments are settled; None while nobody can know."""
        if remaining is None or not self._is_telling():
            return None
        return max(remaining, 0) * self.span_s / self._gain().settled

    def _gain(self) -> Reading:
        first, last = self.readings[0], self.readings[-1]
        return Reading(self.span_s, last.settled - first.settled, last.stored - first.stored)

    def _is_telling(self) -> bool:
        if self.span_s < _MIN_SPAN_S:
            return False
        gain = self._gain()
        if gain.settled < _MIN_SETTLED or gain.stored == 0:
            return False
        idle_s = self.readings[-1].now_s - self.last_stored_s
        return idle_s <= max(_STALL_S, _STALL_GAPS * self.span_s / gain.stored)


def _thinned(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Drop the newest reading while it is less than a step away from the one before."""
    is_close = len(readings) >= 2 and readings[-1].now_s - readings[-2].now_s < _STEP_S
    return readings[:-1] if is_close else readings


def _recent(readings: tuple[Reading, ...], now_s: float) -> tuple[Reading, ...]:
    """Cut what is older than the window, but keep the reading that stands on its edge."""
    first = 0
    while first + 1 < len(readings) and readings[first + 1].now_s <= now_s - WINDOW_S:
        first += 1
    return readings[first:]
