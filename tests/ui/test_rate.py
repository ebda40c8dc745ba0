"""The rate and the time left are told only when they can be known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.rate import WINDOW_S, RateWindow


def steady(
    seconds: int, *, per_s: float = 1.0, stored_share: float = 1.0, start_s: float = 0.0
) -> RateWindow:
    """Feed four readings a second, as a screen does."""
    window = RateWindow()
    for quarter in range(seconds * 4 + 1):
        settled = int(quarter / 4 * per_s)
        window = window.observe(start_s + quarter / 4, settled=settled, stored=int(settled * stored_share))
    return window


def test_nothing_is_told_before_anything_was_seen() -> None:
    assert RateWindow().stored_per_min == 0.0
    assert RateWindow().eta_s(10) is None


def test_a_steady_run_is_told_exactly() -> None:
    window = steady(300)
    assert window.stored_per_min == pytest.approx(60)
    assert window.eta_s(600) == pytest.approx(600)


def test_the_clock_may_start_anywhere() -> None:
    assert steady(300, start_s=1e6).eta_s(600) == pytest.approx(600)


def test_no_promise_within_the_first_minute() -> None:
    assert steady(59).eta_s(600) is None


def test_no_promise_while_the_rest_is_not_known() -> None:
    assert steady(300).eta_s(None) is None


def test_no_promise_from_a_handful_of_segments() -> None:
    assert steady(300, per_s=7 / 300).eta_s(600) is None


def test_no_promise_while_everything_fails() -> None:
    window = steady(300, stored_share=0.0)
    assert window.eta_s(600) is None
    assert window.stored_per_min == 0.0


def test_a_promise_ends_when_nothing_is_stored_any_more() -> None:
    window = steady(300)
    for second in range(301, 421):
        window = window.observe(second, settled=300, stored=300)
    assert window.eta_s(600) is not None
    assert window.observe(422, settled=400, stored=300).eta_s(600) is None


def test_failed_segments_count_for_the_time_left_and_not_for_the_rate() -> None:
    window = steady(300, stored_share=0.5)
    assert window.stored_per_min == pytest.approx(30, rel=0.02)
    assert window.eta_s(300) == pytest.approx(300)


def test_what_is_older_than_the_window_is_forgotten() -> None:
    window = steady(600, per_s=10.0)
    for second in range(601, 601 + int(WINDOW_S) + 10):
        window = window.observe(second, settled=6000 + second - 600, stored=6000 + second - 600)
    assert window.stored_per_min == pytest.approx(60, rel=0.02)


def test_reopened_failures_begin_a_new_window() -> None:
    window = steady(300).observe(301, settled=200, stored=200)
    assert window.stored_per_min == 0.0
    assert window.eta_s(10) is None


def test_a_long_run_keeps_few_readings() -> None:
    assert len(steady(3_000).readings) < 130


@given(
    st.lists(
        st.tuples(
            st.floats(min_value=0, max_value=1000), st.integers(0, 10_000), st.integers(-10_000, 10_000)
        ),
        max_size=40,
    ),
    st.integers(0, 10**7),
)
def test_figures_are_never_negative_and_never_promised_from_nothing(
    steps: list[tuple[float, int, int]], remaining: int
) -> None:
    window, now_s, stored = RateWindow(), 0.0, 0
    for pause_s, failed, change in steps:
        now_s, stored = now_s + pause_s, max(stored + change, 0)
        window = window.observe(now_s, settled=stored + failed, stored=stored)
        eta_s = window.eta_s(remaining)
        assert window.stored_per_min >= 0
        assert eta_s is None or eta_s >= 0
        assert eta_s is None or window.stored_per_min > 0
