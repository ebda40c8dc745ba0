"""How many requests left in the last hour, in bounded memory.

Requests are counted in buckets of ten seconds, and a bucket counts until its *last* moment is an hour old.
So the count is never below the true one, whatever the requests' times within their buckets; it is above it
by at most what left in ten seconds, which costs under 0.3 % of a rate. An hour has at most 362 buckets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

HOUR_S = 3600
BUCKET_S = 10


@dataclass(frozen=True, slots=True)
class SlidingHour:
    """Pairs of (seconds since 1970 // 10, requests that left in it), oldest first; ``total`` is their sum."""

    buckets: tuple[tuple[int, int], ...] = ()
    total: int = 0

    def load(self, now_s: float) -> int:
        """Count the requests that may have left in the hour before ``now_s``."""
        oldest = _oldest(now_s)
        load = self.total
        for bucket, requests in self.buckets:
            if bucket >= oldest:
                break
            load -= requests
        return load

    def room_at(self, now_s: float, limit: int, requests: int) -> float:
        """Answer from when on ``requests`` more keep the hour within ``limit``; infinity when never."""
        if requests > limit:
            return math.inf
        excess = self.total + requests - limit
        at_s = now_s
        for bucket, counted in self.buckets:
            if excess <= 0:
                break
            excess -= counted
            at_s = max(now_s, float((bucket + 1) * BUCKET_S + HOUR_S))
        return at_s

    def plus(self, now_s: float, requests: int) -> SlidingHour:
        """Count requests that leave now, and forget what is older than an hour."""
        kept, total = self._kept(_oldest(now_s))
        bucket = int(now_s // BUCKET_S)
        if kept and kept[-1][0] >= bucket:  # a clock set back may leave the newest one a bit ahead
            last, counted = kept[-1]
            return SlidingHour((*kept[:-1], (last, counted + requests)), total + requests)
        return SlidingHour((*kept, (bucket, requests)), total + requests)

    def moved_back(self, by_s: float) -> SlidingHour:
        """Translate the record to a clock that was set back; rounded so that nothing becomes too old."""
        buckets = int(by_s // BUCKET_S)
        if not buckets:
            return self
        return SlidingHour(tuple((bucket - buckets, count) for bucket, count in self.buckets), self.total)

    def until(self, now_s: float) -> SlidingHour:
        """Leave out what is told to have left in the future, but for what rounding put there."""
        newest = int(now_s // BUCKET_S) + 1
        if not self.buckets or self.buckets[-1][0] <= newest:
            return self
        buckets = tuple(pair for pair in self.buckets if pair[0] <= newest)
        return SlidingHour(buckets, sum(requests for _, requests in buckets))

    def _kept(self, oldest: int) -> tuple[tuple[tuple[int, int], ...], int]:
        gone, total = 0, self.total
        while gone < len(self.buckets) and self.buckets[gone][0] < oldest:
            total -= self.buckets[gone][1]
            gone += 1
        return (self.buckets[gone:] if gone else self.buckets), total


def _oldest(now_s: float) -> int:
    """Name the first bucket that may still hold a request of the last hour."""
    return int((now_s - HOUR_S) // BUCKET_S)
