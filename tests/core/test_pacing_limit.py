"""The pace finds a limit that nobody tells it; figures of many runs: ``benchmarks/pacing.py``."""

from __future__ import annotations

import random
from collections import deque

import pytest

from asyncdl.core.codes import Code
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.pacing import Clean, Pace, Throttled, observe, permit_at, took

NOW_S = 1_800_000_000.0
HOUR_S = 3600.0


class HiddenLimit:
    """So many requests in any sliding hour; one more blocks for an hour."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.blocks = self.served = self.refused_while_blocked = 0
        self._blocked_until_s = 0.0
        self._sent: deque[float] = deque()

    def serves(self, now_s: float) -> bool:
        if now_s < self._blocked_until_s:
            self.refused_while_blocked += 1
            return False
        while self._sent and self._sent[0] <= now_s - HOUR_S:
            self._sent.popleft()
        self._sent.append(now_s)
        if len(self._sent) > self.limit:
            self.blocks += 1
            self._blocked_until_s = now_s + HOUR_S
            return False
        self.served += 1
        return True


def _run(pace: Pace, site: HiddenLimit, from_h: float, to_h: float) -> Pace:
    rng, policy, now_s = random.Random(3), PacePolicy(), NOW_S + from_h * HOUR_S
    while (now_s := permit_at(pace, policy, now_s)) < NOW_S + to_h * HOUR_S:
        pace = took(pace, policy, now_s)
        episode = pace.breaker.episode
        answer = Clean(episode) if site.serves(now_s) else Throttled(episode, Code.SESSION_LIMIT)
        pace = observe(pace, policy, answer, now_s, rng)
    return pace


@pytest.mark.parametrize("limit", [300, 500, 800])
def test_a_limit_that_stays_is_met_once_and_then_used_nearly_whole(limit: int) -> None:
    site = HiddenLimit(limit)
    _run(Pace(), site, 0, 24)
    assert site.blocks <= 2
    assert site.refused_while_blocked == 0
    assert site.served >= 0.85 * 24 * limit


def test_a_limit_above_the_ceiling_is_never_met() -> None:
    site = HiddenLimit(901)
    _run(Pace(), site, 0, 24)
    assert site.blocks == 0
    assert site.served >= 0.98 * 24 * 900


def test_a_limit_that_fell_is_found_in_few_blocks() -> None:
    site = HiddenLimit(850)
    pace = _run(Pace(), site, 0, 12)
    blocks, served, site.limit = site.blocks, site.served, 510
    _run(pace, site, 12, 36)
    assert site.blocks - blocks <= 3
    assert site.served - served >= 0.75 * 24 * 510


def test_a_limit_that_rose_is_found_again() -> None:
    site = HiddenLimit(400)
    pace = _run(Pace(), site, 0, 6)
    site.limit = 2000
    pace = _run(pace, site, 6, 60)
    served = site.served
    _run(pace, site, 60, 70)
    assert site.served - served >= 0.95 * 10 * 900
