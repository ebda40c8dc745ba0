"""What follows a failure: bounded twice, and a blocked address never fails a segment."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.bench import NO_WAY_OUT
from asyncdl.core.classify import failure
from asyncdl.core.codes import Action, Code
from asyncdl.core.error_table import TABLE
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Tier
from asyncdl.core.retry import (
    GiveUp,
    RetryAfter,
    RetryPolicy,
    StopCause,
    StopRun,
    Tried,
    TryElsewhere,
    TryFuller,
    decide,
)

POLICY = RetryPolicy(max_attempts=4, first_delay_s=1, max_delay_s=60, max_total_s=1800)


def _decide(code: Code, attempt: int = 1, spent_s: float = 0.0, retry_after_s: float | None = None) -> object:
    told = failure(code, "", retry_after_s=retry_after_s)
    return decide(told, Tried(attempt, spent_s), POLICY, random.Random(7))


@pytest.mark.parametrize("code", [code for code in Code if TABLE[code].kind.is_throttle])
def test_a_throttle_sign_costs_the_segment_nothing(code: Code) -> None:
    assert _decide(code) == TryElsewhere()
    assert _decide(code, attempt=99, spent_s=1e6) == TryElsewhere()


@pytest.mark.parametrize("code", sorted(NO_WAY_OUT))
def test_a_dead_way_out_costs_the_segment_nothing(code: Code) -> None:
    assert _decide(code, attempt=99, spent_s=1e6) == TryElsewhere()


@pytest.mark.parametrize("code", [code for code in Code if TABLE[code].action is Action.FULLER])
def test_what_a_fuller_extraction_could_cure_gets_it_once(code: Code) -> None:
    told = failure(code, "")
    first = decide(told, Tried(1, 0, Tier.FIRST, can_try_fuller=True), POLICY, random.Random(7))
    assert first == TryFuller()
    second = decide(told, Tried(1, 0, Tier.FULL, can_try_fuller=True), POLICY, random.Random(7))
    if TABLE[code].kind is FailureKind.OUTDATED_TOOL:
        assert isinstance(second, RetryAfter)
    else:
        assert second == GiveUp(is_final=True)


@pytest.mark.parametrize("code", [code for code in Code if TABLE[code].kind.is_permanent])
def test_what_is_gone_for_good_is_given_up_at_once(code: Code) -> None:
    if code is not Code.COOKIES_ROTATED:
        assert isinstance(_decide(code), GiveUp)


def test_a_full_disk_stops_the_run() -> None:
    assert _decide(Code.DISK_FULL) == StopRun(StopCause.DISK_FULL)


@pytest.mark.parametrize("code", [Code.BAD_OPTION, Code.NOT_WRITABLE, Code.NO_FFMPEG])
def test_a_fault_of_this_machine_stops_the_run(code: Code) -> None:
    assert _decide(code) == StopRun(StopCause.ENVIRONMENT)


def test_passing_faults_are_tried_again_until_attempts_run_out() -> None:
    assert isinstance(_decide(Code.HTTP_5XX, 1), RetryAfter)
    assert isinstance(_decide(Code.HTTP_5XX, 3), RetryAfter)
    assert _decide(Code.HTTP_5XX, 4) == GiveUp()


def test_passing_faults_are_given_up_when_time_runs_out() -> None:
    assert _decide(Code.CONN_RESET, 1, spent_s=1800) == GiveUp()


def test_the_far_ends_own_wish_is_respected() -> None:
    decision = _decide(Code.HTTP_5XX, 1, retry_after_s=120)
    assert isinstance(decision, RetryAfter)
    assert decision.delay_s == 120


@given(st.integers(1, 3), st.randoms(use_true_random=False))
def test_jitter_is_laid_on_after_the_cap(attempt: int, rng: random.Random) -> None:
    policy = RetryPolicy(max_attempts=9, first_delay_s=40, max_delay_s=60, max_total_s=1e9)
    decision = decide(failure(Code.TIMEOUT, ""), Tried(attempt, 0), policy, rng)
    assert isinstance(decision, RetryAfter)
    capped_s = min(60, 40 * 2 ** (attempt - 1))
    assert 0.5 * capped_s <= decision.delay_s <= 1.5 * capped_s
