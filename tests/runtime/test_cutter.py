"""Clips of real media by the real ffmpeg: noise in, and the same noise, sample for sample, out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asyncdl.core.model import AudioFormat, Clip, ClipSpec, Segment, Span
from support.sources import (
    YTID,
    Media,
    clip_file,
    decoded,
    fetched,
    make,
    noise_m4a,
    noise_webm,
    nothing_left,
    segment,
    whole_file,
)


@pytest.fixture(name="media", params=[noise_m4a, noise_webm], ids=["m4a", "webm"])
def _media(request: pytest.FixtureRequest) -> Media:
    made: Media = request.param()
    return made


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    (tmp_path / "out" / ".parts").mkdir(parents=True)
    return tmp_path / "out"


STARTS = (0, 1, 100, 5_123, 9_988, 10_600, 19_999, 30_000, 33_333, 47_017, 49_900, 51_300)


@pytest.mark.parametrize("start_ms", STARTS)
async def test_a_clip_is_the_slice_of_the_whole_decoded_sound(
    media: Media, start_ms: int, root: Path
) -> None:
    wanted = segment(start_ms, start_ms + 10_000)
    clip = await make(root, ClipSpec(), wanted, fetched(media, wanted.span, root))
    assert isinstance(clip, Clip), clip
    first = (start_ms * media.rate + 500) // 1000
    found, rate = soundfile.read(clip_file(root), dtype="int16")
    assert (rate, len(found)) == (media.rate, 10 * media.rate)
    assert (clip.samples, clip.channels, clip.padded_samples) == (10 * media.rate, 2, 0)
    assert np.array_equal(found, media.samples[first : first + 10 * media.rate])
    assert nothing_left(root)


async def test_an_opus_clip_right_behind_the_first_fetched_cluster_differs_by_its_decoders_warming_up(
    root: Path,
) -> None:
    wanted = segment(20_100, 22_000)
    clip = await make(root, ClipSpec(), wanted, fetched(noise_webm(), wanted.span, root))
    assert isinstance(clip, Clip)
    found, _ = soundfile.read(clip_file(root), dtype="int16")
    difference = np.abs(found.astype(int) - noise_webm().samples[20_100 * 48 : 22_000 * 48])
    assert 0 < difference.max() < 1000
    assert not difference[24_000:].any()


async def test_a_segment_that_runs_over_the_end_is_filled_with_counted_silence(
    media: Media, root: Path
) -> None:
    wanted = segment(55_000, 65_000)
    clip = await make(root, ClipSpec(), wanted, fetched(media, wanted.span, root))
    assert isinstance(clip, Clip), clip
    found, _ = soundfile.read(clip_file(root), dtype="int16")
    there = media.samples[55 * media.rate :]
    assert len(found) == clip.samples == 10 * media.rate
    assert clip.padded_samples == 10 * media.rate - len(there)
    assert clip.is_short
    # The last AAC frame of a file decodes a little differently.
    assert np.abs(found[: len(there)].astype(int) - there).max() <= 7
    assert not found[len(there) :].any()


async def test_a_video_that_ends_with_the_segment_is_no_short_clip(root: Path) -> None:
    wanted = segment(51_330, 61_330)
    clip = await make(root, ClipSpec(), wanted, fetched(noise_m4a(), wanted.span, root))
    assert isinstance(clip, Clip), clip
    assert 0 < clip.padded_samples < 0.05 * 44_100
    assert not clip.is_short


async def test_a_sound_that_begins_a_frame_late_keeps_its_place(root: Path) -> None:
    source = fetched(noise_m4a(), Span(0, 5_000), root)
    late = replace(source, audio=replace(source.audio, first_ms=1024 / 44.1))
    clip = await make(root, ClipSpec(), segment(0, 5_000), late)
    assert isinstance(clip, Clip), clip
    found, _ = soundfile.read(clip_file(root), dtype="int16")
    assert clip.padded_samples == 1024
    assert not found[:1024].any()
    assert np.array_equal(found[1024:], noise_m4a().samples[: 5 * 44_100 - 1024])


async def test_a_whole_file_without_index_is_cut_alike(media: Media, root: Path) -> None:
    clip = await make(root, ClipSpec(), segment(30_000, 40_000), whole_file(media, root))
    assert isinstance(clip, Clip), clip
    found, _ = soundfile.read(clip_file(root), dtype="int16")
    assert clip.whole_file
    assert np.array_equal(found, media.samples[30 * media.rate : 40 * media.rate])


@pytest.mark.parametrize("claimed", [None, 24_000, 48_000])
async def test_the_decoded_rate_counts_and_not_the_claimed_one(claimed: int | None, root: Path) -> None:
    wanted = segment(30_000, 40_000)
    source = fetched(noise_m4a(), wanted.span, root)
    source = replace(source, audio=replace(source.audio, sample_rate=claimed))
    clip = await make(root, ClipSpec(), wanted, source)
    assert isinstance(clip, Clip), clip
    found, rate = soundfile.read(clip_file(root), dtype="int16")
    assert clip.source_rate == rate == 44_100
    assert np.array_equal(found, noise_m4a().samples[30 * 44_100 : 40 * 44_100])


RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)


@pytest.mark.parametrize("rate", RATES)
async def test_a_resampled_clip_has_its_exact_count_in_one_run(
    media: Media, rate: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = ClipSpec(format=AudioFormat.WAV, sample_rate=rate, mono=True)
    for span in (Span(30_000, 40_000), Span(12_345, 12_382), Span(1_001, 2_002), Span(7, 8)):
        wanted = Segment(YTID, span, "eval")
        clip = await make(root, spec, wanted, fetched(media, span, root))
        assert isinstance(clip, Clip), clip
        expected = (span.duration_ms * rate + 500) // 1000
        assert (clip.samples, clip.sample_rate, clip.channels, clip.padded_samples) == (expected, rate, 1, 0)


async def test_a_resampled_clip_is_the_slice_of_the_whole_resampled_sound(
    media: Media, root: Path, tmp_path: Path
) -> None:
    wanted = segment(33_000, 43_000)
    spec = ClipSpec(format=AudioFormat.WAV, sample_rate=16_000, mono=True)
    clip = await make(root, spec, wanted, fetched(media, wanted.span, root))
    assert isinstance(clip, Clip), clip
    found, _ = soundfile.read(clip_file(root), dtype="int16")
    path = tmp_path / "whole"
    path.write_bytes(media.data)
    whole = decoded(path, "-af", "aformat=sample_rates=16000:channel_layouts=mono")
    difference = np.abs(found.astype(int) - whole[33 * 16_000 : 43 * 16_000])
    assert difference.max() <= 1
