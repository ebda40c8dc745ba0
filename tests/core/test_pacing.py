"""When requests may leave: ceilings, the breaker's waits, and what a restart keeps."""

from __future__ import annotations

import json
import math
import random
from itertools import pairwise

import pytest

from asyncdl.core.breaker import LONGEST_WAIT_S, Phase
from asyncdl.core.codes import Code
from asyncdl.core.pace_json import from_json, to_json
from asyncdl.core.pace_policy import PacePolicy, parse_rate
from asyncdl.core.pacing import (
    Clean,
    NoAnswer,
    Pace,
    Throttled,
    allowed_per_h,
    bounded,
    observe,
    on_clock,
    permit_at,
    took,
)
from asyncdl.errors import UsageError

NOW_S = 1_800_000_000.0
HOUR_S = 3600.0
POLICY = PacePolicy()
FIRST_WAIT_S = {
    Code.BOT_CHECK: 900,
    Code.CAPTCHA: 900,
    Code.IP_BLOCKED: 900,
    Code.SESSION_LIMIT: 3600,
    Code.ACCOUNT_BLOCKED: 3600,
    Code.HTTP_429: 300,
    Code.HTTP_402: 300,
}


def _rng() -> random.Random:
    return random.Random(7)


def _clean(pace: Pace, now_s: float) -> Pace:
    return observe(pace, POLICY, Clean(pace.breaker.episode), now_s, _rng())


def _throttled(pace: Pace, now_s: float, code: Code = Code.BOT_CHECK, after_s: float | None = None) -> Pace:
    return observe(pace, POLICY, Throttled(pace.breaker.episode, code, after_s), now_s, _rng())


def _sent(pace: Pace, count: int, now_s: float, policy: PacePolicy = POLICY) -> tuple[Pace, float]:
    """Send as fast as allowed, each answered clean at once."""
    for _ in range(count):
        now_s = permit_at(pace, policy, now_s)
        pace = took(pace, policy, now_s)
        pace = observe(pace, policy, Clean(pace.breaker.episode), now_s, _rng())
    return pace, now_s


def _blocked_at_load(load: int, code: Code = Code.SESSION_LIMIT) -> tuple[Pace, float]:
    pace, now_s = _sent(Pace(), load, NOW_S)
    return _throttled(pace, now_s, code), now_s


def _reopened(pace: Pace) -> tuple[Pace, float]:
    """Send the probe and twenty more, all clean."""
    return _sent(pace, 21, pace.breaker.until_s)


@pytest.mark.parametrize(
    ("text", "ceiling_per_h", "burst"),
    [
        ("900/h", 900, 250),
        ("2000/h", 2000, 250),
        ("100/h", 100, 100),
        ("15/min", 900, 1),
        ("0.25/s", 900, 1),
        (" 15 / MIN ", 900, 1),
        ("unlimited", None, 250),
    ],
)
def test_a_rate_is_read_with_its_unit(text: str, ceiling_per_h: float | None, burst: int) -> None:
    policy = parse_rate(text)
    assert (policy.ceiling_per_h, policy.burst) == (ceiling_per_h, burst)


@pytest.mark.parametrize("text", ["", "900", "0/h", "-1/h", "nan/h", "inf/s", "1e3/h", "900/day", "\u0661/h"])
def test_what_is_no_rate_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match=r"is no rate\nwrite 900/h"):
        parse_rate(text)


def test_a_small_job_is_done_at_full_speed() -> None:
    _, now_s = _sent(Pace(), 250, NOW_S)
    assert now_s == NOW_S


def test_after_the_burst_requests_are_spaced() -> None:
    pace, now_s = _sent(Pace(), 250, NOW_S)
    assert 3.9 <= permit_at(pace, POLICY, now_s) - now_s <= 6.1


def test_a_burst_comes_back_after_quiet_only() -> None:
    pace, now_s = _sent(Pace(), 300, NOW_S)
    assert permit_at(pace, POLICY, now_s) > now_s
    later_s = now_s + HOUR_S + 10
    assert _sent(pace, 250, later_s)[1] == later_s


def test_with_a_ceiling_of_900_the_allowance_climbs_to_it_and_stays_in_use() -> None:
    pace, now_s = Pace(), NOW_S
    while now_s < NOW_S + 6 * HOUR_S:
        pace, now_s = _sent(pace, 1, now_s)
    before = pace.requests
    while now_s < NOW_S + 10 * HOUR_S:
        pace, now_s = _sent(pace, 1, now_s)
    assert allowed_per_h(pace, POLICY) == 900
    assert 0.99 * 3600 <= pace.requests - before <= 3600


def test_rates_by_the_second_keep_their_spacing_even_after_quiet() -> None:
    policy, pace, now_s = parse_rate("0.25/s"), Pace(), NOW_S
    times_s = []
    for _ in range(50):
        pace, now_s = _sent(pace, 1, now_s, policy)
        times_s.append(now_s)
    assert all(later - earlier >= 4 for earlier, later in pairwise(times_s))


def test_without_a_ceiling_nothing_waits_until_a_block() -> None:
    policy = parse_rate("unlimited")
    pace, now_s = _sent(Pace(), 5000, NOW_S, policy)
    assert now_s == NOW_S
    pace = observe(pace, policy, Throttled(0, Code.SESSION_LIMIT), now_s, _rng())
    assert allowed_per_h(pace, policy) == 2500


def test_more_requests_at_once_than_the_ceiling_never_leave() -> None:
    assert permit_at(Pace(), parse_rate("2/h"), NOW_S, requests=4) == math.inf


@pytest.mark.parametrize(("code", "wait_s"), FIRST_WAIT_S.items())
def test_each_sign_has_its_first_wait_and_then_one_probe(code: Code, wait_s: float) -> None:
    pace, now_s = _blocked_at_load(10, code)
    assert pace.phase is Phase.COOLING
    probe_s = permit_at(pace, POLICY, now_s)
    assert wait_s <= probe_s - now_s <= 1.1 * wait_s
    pace = took(pace, POLICY, probe_s)
    assert pace.phase is Phase.PROBING
    assert permit_at(pace, POLICY, probe_s) >= probe_s + 600


def test_a_longer_wait_that_the_far_end_asks_for_is_respected() -> None:
    pace = _throttled(Pace(), NOW_S, Code.HTTP_429, 7200)
    assert permit_at(pace, POLICY, NOW_S) == NOW_S + 7200


@pytest.mark.parametrize("after_s", [math.nan, -5.0, 1.0])
def test_a_shorter_or_senseless_wait_shortens_nothing(after_s: float) -> None:
    pace = _throttled(Pace(), NOW_S, Code.HTTP_429, after_s)
    assert permit_at(pace, POLICY, NOW_S) >= NOW_S + 300


def test_a_wait_of_ages_is_taken_for_garbage() -> None:
    pace = _throttled(Pace(), NOW_S, Code.HTTP_429, math.inf)
    assert permit_at(pace, POLICY, NOW_S) == NOW_S + 7 * 24 * 3600


def test_each_failed_probe_doubles_the_wait_up_to_a_day() -> None:
    pace, now_s, waits_h = _throttled(Pace(), NOW_S), NOW_S, []
    for _ in range(9):
        probe_s = permit_at(pace, POLICY, now_s)
        waits_h.append((probe_s - now_s) / 3600)
        pace, now_s = _throttled(took(pace, POLICY, probe_s), probe_s), probe_s
    for wait_h, expected_h in zip(waits_h, [0.25, 0.5, 1, 2, 4, 8, 16, 24, 24], strict=True):
        assert expected_h <= wait_h <= 1.1 * expected_h


def test_a_sign_soon_after_a_clean_probe_goes_on_doubling() -> None:
    pace, now_s = _sent(_throttled(Pace(), NOW_S), 5, NOW_S)
    pace = _throttled(pace, now_s)
    assert permit_at(pace, POLICY, now_s) - now_s >= 1800


def test_twenty_clean_answers_after_a_probe_forget_the_doubling() -> None:
    pace, now_s = _reopened(_throttled(Pace(), NOW_S))
    pace = _throttled(pace, now_s)
    assert permit_at(pace, POLICY, now_s) - now_s <= 1.1 * 900


def test_signs_of_requests_already_under_way_double_nothing() -> None:
    pace = _throttled(Pace(), NOW_S)
    for late_s in range(16):
        pace = observe(pace, POLICY, Throttled(0, Code.BOT_CHECK), NOW_S + late_s, _rng())
    assert NOW_S + 900 <= permit_at(pace, POLICY, NOW_S) <= NOW_S + 1.1 * 900
    assert pace.signs == ((Code.BOT_CHECK, 17),)


def test_a_graver_sign_under_way_lengthens_the_wait_to_its_own() -> None:
    pace = _throttled(Pace(), NOW_S, Code.HTTP_429)
    pace = observe(pace, POLICY, Throttled(0, Code.BOT_CHECK), NOW_S + 1, _rng())
    assert permit_at(pace, POLICY, NOW_S + 1) == NOW_S + 901
    assert pace.breaker.cause is Code.BOT_CHECK


def test_a_clean_answer_under_way_closes_nothing() -> None:
    pace = observe(_throttled(Pace(), NOW_S), POLICY, Clean(0), NOW_S + 1, _rng())
    assert pace.phase is Phase.COOLING
    probing = took(pace, POLICY, pace.breaker.until_s)
    assert observe(probing, POLICY, Clean(0), pace.breaker.until_s, _rng()).phase is Phase.PROBING


def test_a_probe_that_brings_no_answer_is_sent_again_without_doubling() -> None:
    pace = _throttled(Pace(), NOW_S)
    probe_s = permit_at(pace, POLICY, NOW_S)
    pace = observe(took(pace, POLICY, probe_s), POLICY, NoAnswer(1), probe_s + 5, _rng())
    assert pace.phase is Phase.COOLING
    assert permit_at(pace, POLICY, probe_s + 5) == probe_s + 65
    assert pace.breaker.failures == 0


def test_an_answer_that_never_came_slows_nothing_while_running() -> None:
    pace, now_s = _sent(Pace(), 10, NOW_S)
    assert observe(pace, POLICY, NoAnswer(0), now_s, _rng()) == pace


def test_a_block_is_left_at_half_pace_spaced_and_regrows_towards_a_goal_below_it() -> None:
    blocked, _ = _blocked_at_load(400)
    assert allowed_per_h(blocked, POLICY) == 200
    pace, now_s = _sent(blocked, 2, blocked.breaker.until_s)
    assert permit_at(pace, POLICY, now_s) - now_s > 10
    while now_s < blocked.breaker.until_s + 8 * HOUR_S:
        pace, now_s = _sent(pace, 1, now_s)
    assert pace.learned.goal_per_h is not None
    assert pace.learned.goal_per_h < 400
    assert 0.95 * pace.learned.goal_per_h <= allowed_per_h(pace, POLICY) < 1.1 * 400


def test_a_block_at_a_load_that_was_fine_for_hours_is_a_limit_that_fell() -> None:
    pace, now_s = Pace(), NOW_S
    while now_s < NOW_S + 8 * HOUR_S:
        pace, now_s = _sent(pace, 1, now_s)
    fell = _throttled(pace, now_s, Code.SESSION_LIMIT).learned
    met = _blocked_at_load(400)[0].learned
    assert fell.goal_per_h is not None
    assert fell.wall_per_h is not None
    assert met.goal_per_h is not None
    assert fell.goal_per_h / fell.wall_per_h < met.goal_per_h / 400


def test_a_block_after_few_requests_does_not_pass_for_an_hourly_limit() -> None:
    pace = _throttled(Pace(), NOW_S)
    assert allowed_per_h(pace, POLICY) == 60
    block, _ = _blocked_at_load(400)
    again, now_s = _sent(block, 3, block.breaker.until_s)
    again = _throttled(again, now_s)
    assert again.learned.goal_per_h == block.learned.goal_per_h
    assert allowed_per_h(again, POLICY) == pytest.approx(100, rel=0.05)


def test_a_low_ceiling_of_one_day_is_not_learned_as_a_limit() -> None:
    pace, _ = _sent(Pace(), 50, NOW_S, parse_rate("100/h"))
    assert pace.learned.limit_per_h is None


def test_a_restored_cool_down_keeps_cooling() -> None:
    pace, now_s = _blocked_at_load(10)
    restored = from_json(json.loads(json.dumps(to_json(pace))))
    assert permit_at(restored, POLICY, now_s + 600) == permit_at(pace, POLICY, now_s)


@pytest.mark.parametrize("never", [1e300, "inf", "nan"])
def test_a_time_that_never_comes_holds_no_run_for_longer_than_a_cool_down_can_be(never: object) -> None:
    fields = to_json(_blocked_at_load(10)[0])
    fields["breaker"]["until_s"] = fields["next_s"] = never
    fields["hour"] = [*fields["hour"], [10**15, 900]]
    pace = bounded(from_json(fields), NOW_S)
    assert permit_at(pace, POLICY, NOW_S) == NOW_S + LONGEST_WAIT_S


def test_the_longest_wait_that_a_server_may_ask_for_is_restored_whole() -> None:
    pace = observe(Pace(), POLICY, Throttled(0, Code.HTTP_429, 1e9), NOW_S, random.Random(7))
    restored = bounded(from_json(to_json(pace)), NOW_S + 60)
    assert permit_at(restored, POLICY, NOW_S + 60) == pace.breaker.until_s == NOW_S + LONGEST_WAIT_S


def test_unknown_members_are_ignored_and_missing_ones_take_their_defaults() -> None:
    fields = to_json(_blocked_at_load(10)[0])
    fields["breaker"] |= {"cause": "code_of_tomorrow", "colour": 1}
    fields["signs"]["code_of_tomorrow"] = 3
    restored = from_json(fields | {"mood": "good"})
    assert restored.breaker.cause is None
    assert restored.signs == ((Code.SESSION_LIMIT, 1),)
    assert from_json({}) == Pace()


def test_a_clock_set_back_a_year_keeps_what_was_left_of_a_cool_down() -> None:
    pace, now_s = _blocked_at_load(10)
    left_s = permit_at(pace, POLICY, now_s) - now_s
    earlier_s = now_s - 365 * 24 * HOUR_S
    moved = on_clock(pace, earlier_s)
    assert permit_at(moved, POLICY, earlier_s) - earlier_s == pytest.approx(left_s)
    assert permit_at(moved, POLICY, earlier_s + left_s) - earlier_s == pytest.approx(left_s)
