"""What holds of a pace for any sequence of requests, answers and jumps of the clock."""

from __future__ import annotations

import json
import math
import random

from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.breaker import Phase, first_wait_s
from asyncdl.core.codes import Code
from asyncdl.core.error_table import TABLE
from asyncdl.core.pace_json import from_json, to_json
from asyncdl.core.pace_policy import PacePolicy, parse_rate
from asyncdl.core.pacing import (
    Clean,
    NoAnswer,
    Pace,
    Sign,
    Throttled,
    bounded,
    observe,
    on_clock,
    permit_at,
    took,
)

NOW_S = 1_800_000_000.0
HOUR_S = 3600.0
POLICY = PacePolicy()
THROTTLES = [code for code in Code if TABLE[code].kind.is_throttle]


def _rng() -> random.Random:
    return random.Random(7)


def _throttled(pace: Pace, now_s: float, code: Code = Code.BOT_CHECK, after_s: float | None = None) -> Pace:
    return observe(pace, POLICY, Throttled(pace.breaker.episode, code, after_s), now_s, _rng())


def _most_in_an_hour(times_s: list[float], span_s: float = HOUR_S) -> int:
    """Count the requests of the fullest (t - span, t]."""
    most, first = 0, 0
    for last, time_s in enumerate(times_s):
        while times_s[first] <= time_s - span_s:
            first += 1
        most = max(most, last - first + 1)
    return most


_STEPS = st.lists(
    st.tuples(
        st.floats(0, 400),  # waiting beyond the permit, in seconds
        st.integers(1, 60),  # requests, one after the other
        st.sampled_from(["clean"] * 8 + ["lost", *[code.value for code in THROTTLES]]),
    ),
    max_size=60,
)
_POLICIES = st.sampled_from(["900/h", "37/h", "15/min", "0.01/s", "1.5/h", "2000/h"]).map(parse_rate)


def _sign(answer: str, episode: int) -> Sign:
    if answer == "clean":
        return Clean(episode)
    return NoAnswer(episode) if answer == "lost" else Throttled(episode, Code(answer))


def _play(
    policy: PacePolicy, steps: list[tuple[float, int, str]], jumps_s: list[float]
) -> tuple[list[float], Pace]:
    """Honour permits under true time while the clock jumps; answer the true times of requests."""
    pace, true_s, offset_s, times_s = Pace(), NOW_S, 0.0, []
    for number, (idle_s, count, answer) in enumerate(steps):
        true_s += idle_s
        offset_s += jumps_s[number % len(jumps_s)] if jumps_s else 0.0
        for _ in range(count):
            pace = on_clock(pace, true_s + offset_s)
            true_s = max(true_s, permit_at(pace, policy, true_s + offset_s) - offset_s)
            pace = took(pace, policy, true_s + offset_s)
            times_s.append(true_s)
            sign = _sign(answer, pace.breaker.episode)
            pace = observe(pace, policy, sign, true_s + offset_s, _rng())
    return times_s, pace


@given(_POLICIES, _STEPS)
def test_no_sliding_hour_ever_holds_more_than_the_ceiling(
    policy: PacePolicy, steps: list[tuple[float, int, str]]
) -> None:
    times_s, _ = _play(policy, steps, [])
    assert policy.ceiling_per_h is not None
    assert _most_in_an_hour(times_s) <= max(1, math.floor(policy.ceiling_per_h))


@given(_POLICIES, _STEPS, st.lists(st.floats(-1e5, 0), min_size=1, max_size=5))
def test_a_clock_that_is_set_back_never_lifts_the_ceiling(
    policy: PacePolicy, steps: list[tuple[float, int, str]], jumps_s: list[float]
) -> None:
    times_s, _ = _play(policy, steps, jumps_s)
    assert policy.ceiling_per_h is not None
    # The millisecond: sums of clock and offset are rounded.
    assert _most_in_an_hour(times_s, HOUR_S - 0.001) <= max(1, math.floor(policy.ceiling_per_h))


@given(_POLICIES, _STEPS, st.floats(0, 7200))
def test_a_clock_set_forward_lifts_the_ceiling_by_what_the_jump_explains(
    policy: PacePolicy, steps: list[tuple[float, int, str]], jump_s: float
) -> None:
    times_s, _ = _play(policy, steps, [jump_s] + [0.0] * len(steps))
    halfway_s, _ = _play(policy, steps, [0.0] * (len(steps) // 2) + [jump_s] + [0.0] * len(steps))
    assert policy.ceiling_per_h is not None
    hours = math.ceil((HOUR_S + jump_s) / HOUR_S)
    for times in (times_s, halfway_s):
        assert _most_in_an_hour(times, HOUR_S - 0.001) <= hours * max(1, math.floor(policy.ceiling_per_h))


@given(_POLICIES, _STEPS)
def test_what_is_written_is_read_back_the_same(
    policy: PacePolicy, steps: list[tuple[float, int, str]]
) -> None:
    _, pace = _play(policy, steps, [])
    text = json.dumps(to_json(pace), allow_nan=False)
    assert from_json(json.loads(text)) == pace
    assert bounded(pace, pace.seen_s) == pace
    assert len(text) < 16_000


@given(_STEPS, st.sampled_from(THROTTLES), st.floats(0, 1), st.floats(0, 1e5))
def test_after_a_sign_nothing_may_leave_before_its_wait_is_over(
    steps: list[tuple[float, int, str]], code: Code, share: float, asked_s: float
) -> None:
    pace = _play(POLICY, steps, [])[1]
    now_s = permit_at(pace, POLICY, pace.seen_s)
    pace = _throttled(took(pace, POLICY, now_s), now_s, code, asked_s)
    wait_s = max(first_wait_s(code), asked_s)
    assert permit_at(pace, POLICY, now_s + share * wait_s) >= now_s + wait_s
    assert pace.phase is Phase.COOLING


@given(_STEPS)
def test_while_a_probe_is_under_way_no_second_one_leaves(steps: list[tuple[float, int, str]]) -> None:
    pace = _throttled(_play(POLICY, steps, [])[1], NOW_S + 1e7)
    probe_s = permit_at(pace, POLICY, NOW_S + 1e7)
    pace = took(pace, POLICY, probe_s)
    assert pace.phase is Phase.PROBING
    assert permit_at(pace, POLICY, probe_s + 599) >= probe_s + 600
