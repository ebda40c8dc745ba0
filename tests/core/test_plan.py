"""A plan foretells segments, disk and time, and says what stands in the way."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.finding import Level
from asyncdl.core.model import AudioFormat, ClipSpec
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.pacing import Pace, permit_at, took
from asyncdl.core.plan import (
    Advice,
    Means,
    Work,
    expected_clip_bytes,
    expected_source_bytes,
    expected_time_s,
    picture_kbps,
    plan,
)

ROOM = 10**15
POLITE = Means(identities=1, allowed_per_h=900, concurrency=8)


def test_a_wav_clip_is_foretold_exactly() -> None:
    """320,000 bytes of samples and the header that ffmpeg writes."""
    assert expected_clip_bytes(ClipSpec(AudioFormat.WAV, 16_000, mono=True), 10.0) == 320_078
    assert expected_clip_bytes(ClipSpec(AudioFormat.WAV, 44_100), 2.5) == 441_078


def test_a_flac_clip_of_ten_seconds_is_about_a_megabyte() -> None:
    assert 900_000 < expected_clip_bytes(ClipSpec(), 10.0) < 1_100_000


@pytest.mark.parametrize("audio", [AudioFormat.OPUS, AudioFormat.M4A, AudioFormat.MP3])
def test_a_lossy_clip_follows_its_bit_rate(audio: AudioFormat) -> None:
    assert expected_clip_bytes(ClipSpec(audio, bitrate_kbps=64), 10.0) == 80_000
    usual = expected_clip_bytes(ClipSpec(audio), 10.0)
    assert expected_clip_bytes(ClipSpec(audio, mono=True), 10.0) < usual < 200_000


def test_a_film_grows_with_its_lines() -> None:
    sizes = [
        expected_clip_bytes(ClipSpec(video=True, max_height=lines), 10.0) for lines in (144, 360, 1080, 4320)
    ]
    assert sizes == sorted(set(sizes))
    assert sizes[1] == 10 * (picture_kbps(360) + 128) * 125


def test_kept_sources_need_room_too() -> None:
    work = Work(to_do=1_000)
    kept = plan(work, ClipSpec(), POLITE, ROOM, keep_source=True).needed_bytes
    bare = plan(work, ClipSpec(), POLITE, ROOM).needed_bytes
    assert kept - bare == 1_000 * expected_source_bytes(ClipSpec(), 10.0)


def test_a_small_job_is_bound_by_its_workers_alone() -> None:
    assert expected_time_s(240, POLITE) == 240 * 3.0 / 8


@pytest.mark.parametrize("segments", [600, 900, 1_800, 4_000])
def test_the_time_is_that_of_the_pace_itself(segments: int) -> None:
    """Foretold against the policy that gives the permits; many workers, so that the pace alone counts."""
    policy, pace, now_s = PacePolicy(900.0), Pace(), 1e9
    pace = replace(pace, learned=replace(pace.learned, limit_per_h=900.0))
    for _ in range(segments):
        now_s = permit_at(pace, policy, now_s)
        pace = took(pace, policy, now_s)
    foretold_s = expected_time_s(segments, replace(POLITE, concurrency=1_000))
    assert foretold_s == pytest.approx(now_s - 1e9, rel=0.15)


def test_more_identities_and_fewer_requests_each_are_faster() -> None:
    one = expected_time_s(20_000, POLITE)
    assert expected_time_s(20_000, replace(POLITE, identities=4, concurrency=32)) < one / 3.5
    assert expected_time_s(20_000, replace(POLITE, requests_each=5)) > 4.5 * one


@pytest.mark.parametrize("allowed", [None, math.inf])
def test_without_a_bound_the_workers_set_the_time(allowed: float | None) -> None:
    assert expected_time_s(80_000, replace(POLITE, allowed_per_h=allowed)) == 30_000


def test_a_disk_that_will_not_hold_it_is_a_fault() -> None:
    work = Work(to_do=1_000)
    needed = plan(work, ClipSpec(), POLITE, ROOM).needed_bytes
    small, tight, enough = (plan(work, ClipSpec(), POLITE, free) for free in (needed - 1, needed, 2 * needed))
    assert (small.advice, small.fits) == ((Advice.DISK_TOO_SMALL,), False)
    assert small.advice[0].level is Level.FAULT
    assert (tight.advice, tight.fits) == ((Advice.DISK_TIGHT,), True)
    assert enough.advice == ()


@pytest.mark.parametrize(
    ("segments", "means", "advice"),
    [
        (1_000, POLITE, ()),
        (1_001, POLITE, (Advice.LONG_FOR_ONE,)),
        (201, replace(POLITE, requests_each=5), (Advice.LONG_FOR_ONE,)),
        (4_000, replace(POLITE, is_guest=False), ()),
        (20_000, replace(POLITE, identities=5), ()),
        (1_000, replace(POLITE, allowed_per_h=None), ()),
        (20_000, replace(POLITE, allowed_per_h=None), (Advice.ABOVE_LIMIT,)),
        (20_000, replace(POLITE, allowed_per_h=math.inf, identities=5), (Advice.ABOVE_LIMIT,)),
        (20_000, replace(POLITE, allowed_per_h=1_500), (Advice.ABOVE_LIMIT,)),
        (20_000, replace(POLITE, allowed_per_h=1_500, is_guest=False), (Advice.LONG_FOR_ONE,)),
    ],
)
def test_long_lists_meet_the_documented_limits(
    segments: int, means: Means, advice: tuple[Advice, ...]
) -> None:
    assert plan(Work(segments), ClipSpec(), means, ROOM).advice == advice


def test_a_pace_above_the_limit_is_told_what_it_takes_at_least() -> None:
    told = plan(Work(20_000), ClipSpec(), replace(POLITE, allowed_per_h=None, concurrency=100), ROOM)
    assert told.time_s == 600
    assert told.least_s == 20 * 3_600


def test_nothing_to_do_takes_nothing() -> None:
    told = plan(Work(0, settled=7), ClipSpec(), POLITE, free_bytes=0)
    assert (told.needed_bytes, told.time_s, told.advice) == (0, 0.0, ())


@given(
    to_do=st.integers(0, 3_000_000),
    per_h=st.one_of(st.none(), st.floats(0.1, 1e6)),
    identities=st.integers(1, 500),
    concurrency=st.integers(1, 500),
    free=st.integers(0, 10**14),
)
def test_more_work_never_takes_less(
    to_do: int, per_h: float | None, identities: int, concurrency: int, free: int
) -> None:
    means = Means(identities, per_h, concurrency)
    less, more = (plan(Work(count), ClipSpec(), means, free) for count in (to_do, to_do + 1))
    assert 0 <= less.time_s <= more.time_s < math.inf
    assert less.time_s <= less.least_s
    assert less.needed_bytes < more.needed_bytes
    assert less.fits or not more.fits
