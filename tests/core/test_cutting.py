"""From milliseconds to samples: exact, and the same wherever the fetched bytes begin."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.cutting import (
    assumed_rate,
    clip_rate,
    first_sample,
    is_outside,
    least_samples,
    plan_cut,
    rate_problem,
    samples,
)
from asyncdl.core.model import AudioFormat, ClipSpec, Container, Span, Track

RATES = st.sampled_from([8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000])
TIMES = st.integers(0, 40_000_000)
SPANS = st.builds(lambda start, length: Span(start, start + length), TIMES, st.integers(1, 600_000))


def aac(first_ms: float = 0.0, rate: int | None = 44_100) -> Track:
    return Track("/p", Container.MP4, "mp4a.40.2", "140", first_ms, rate, 1)


def opus(first_ms: float = 0.0) -> Track:
    return Track("/p", Container.WEBM, "opus", "251", first_ms, 48_000, 1)


@given(TIMES, RATES)
def test_a_count_is_the_nearest_whole_number_and_halves_round_up(ms: int, rate: int) -> None:
    exact = Fraction(ms * rate, 1000)
    assert Fraction(-1, 2) < samples(ms, rate) - exact <= Fraction(1, 2)


@given(SPANS, RATES)
def test_a_clip_at_its_sources_rate_is_the_bare_slice(span: Span, rate: int) -> None:
    cut = plan_cut(span, aac(), ClipSpec(), rate)
    assert (cut.first, cut.lead, cut.skip) == (samples(span.start_ms, rate), 0, 0)
    assert cut.last - cut.first == cut.wanted == samples(span.duration_ms, rate)


@given(SPANS, st.integers(0, 10_000))
def test_the_same_samples_are_cut_wherever_the_fetched_bytes_begin(span: Span, frames: int) -> None:
    first_ms = frames * 1024 / 44.1
    cut = plan_cut(span, aac(first_ms), ClipSpec(), 44_100)
    assert cut.first - cut.lead + frames * 1024 == samples(span.start_ms, 44_100)


@given(st.integers(0, 100_000), st.sampled_from([0.0, 1.0, -1.0, 2.0]))
def test_opus_packets_are_counted_by_number_because_their_times_are_rounded(
    packet: int, off_ms: float
) -> None:
    assert first_sample(opus(packet * 20 + off_ms), 48_000) == packet * 960


def test_opus_times_off_the_grid_of_20_ms_are_taken_as_they_are() -> None:
    assert first_sample(opus(1_010.0), 48_000) == 48_480


@given(SPANS, RATES, RATES)
def test_a_resampled_clip_starts_earlier_by_whole_periods_of_both_rates(
    span: Span, source: int, out: int
) -> None:
    cut = plan_cut(span, aac(), ClipSpec(sample_rate=out), source)
    run_in = samples(span.start_ms, source) - cut.first
    assert run_in >= 0
    assert cut.first >= 0
    assert run_in * out == cut.skip * source
    assert cut.wanted == samples(span.duration_ms, out)
    assert (cut.last - cut.first) * out >= (cut.skip + cut.wanted) * source


def test_sound_that_begins_later_than_the_segment_is_led_in_by_silence() -> None:
    cut = plan_cut(Span(0, 1_000), aac(1024 / 44.1), ClipSpec(), 44_100)
    assert (cut.lead, cut.first, cut.lead_out) == (1024, 0, 1024)


@pytest.mark.parametrize(
    ("video_end_ms", "expected"),
    [
        (None, 0),
        (100_000.0, 48_000 - 2),
        (10_050.0, 48_000 - 2),
        (10_000.0, 48_000 - 2_400 - 2),
        (9_040.0, 0),
    ],
)
def test_the_index_tells_how_much_must_come_from_the_source(
    video_end_ms: float | None, expected: int
) -> None:
    span = Span(9_000, 10_000)
    assert least_samples(span, plan_cut(span, opus(), ClipSpec(), 48_000), video_end_ms) == expected


@pytest.mark.parametrize(
    ("end_ms", "outside"), [(None, False), (5_000.1, False), (5_000.0, True), (1.0, True)]
)
def test_a_segment_is_outside_from_the_videos_end_on(end_ms: float | None, outside: bool) -> None:
    assert is_outside(Span(5_000, 15_000), end_ms) is outside


@pytest.mark.parametrize(
    ("spec", "source", "rate"),
    [
        (ClipSpec(), 44_100, 44_100),
        (ClipSpec(sample_rate=16_000), 44_100, 16_000),
        (ClipSpec(format=AudioFormat.OPUS), 44_100, 48_000),
        (ClipSpec(format=AudioFormat.MP3), 96_000, 48_000),
        (ClipSpec(format=AudioFormat.MP3), 22_050, 22_050),
        (ClipSpec(video=True), 44_100, 44_100),
    ],
)
def test_the_rate_of_a_clip(spec: ClipSpec, source: int, rate: int) -> None:
    assert clip_rate(spec, source) == rate


@pytest.mark.parametrize(
    ("spec", "is_fine"),
    [
        (ClipSpec(sample_rate=12_345), True),
        (ClipSpec(format=AudioFormat.OPUS), True),
        (ClipSpec(format=AudioFormat.OPUS, sample_rate=48_000), True),
        (ClipSpec(format=AudioFormat.OPUS, sample_rate=16_000), False),
        (ClipSpec(format=AudioFormat.MP3, sample_rate=96_000), False),
        (ClipSpec(video=True, sample_rate=12_345), False),
    ],
)
def test_a_rate_that_a_format_cannot_hold_is_told(spec: ClipSpec, is_fine: bool) -> None:
    problem = rate_problem(spec)
    assert (problem is None) is is_fine
    assert problem is None or str(spec.sample_rate) in problem


def test_opus_is_assumed_at_48_khz_and_others_as_their_index_says() -> None:
    assert [assumed_rate(track) for track in (opus(), aac(rate=22_050), aac(rate=None))] == [
        48_000,
        22_050,
        44_100,
    ]
