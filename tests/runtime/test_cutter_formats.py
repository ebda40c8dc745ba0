"""Every format of a clip holds the exact count, and the record tells what was published."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import soundfile

from asyncdl.core.model import AudioFormat, Clip, ClipSpec, Container, Fetched, Span, Track
from support.sources import (
    clip_file,
    decoded,
    fetched,
    ffmpeg,
    lag,
    make,
    noise_m4a,
    nothing_left,
    segment,
)


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    (tmp_path / "out" / ".parts").mkdir(parents=True)
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("spec", "rate", "channels"),
    [
        (ClipSpec(format=AudioFormat.WAV), 44_100, 2),
        (ClipSpec(format=AudioFormat.OPUS, bitrate_kbps=64), 48_000, 2),
        (ClipSpec(format=AudioFormat.M4A), 44_100, 2),
        (ClipSpec(format=AudioFormat.M4A, sample_rate=16_000, mono=True), 16_000, 1),
        (ClipSpec(format=AudioFormat.MP3, bitrate_kbps=128), 44_100, 2),
        (ClipSpec(format=AudioFormat.MP3, sample_rate=16_000, mono=True), 16_000, 1),
    ],
    ids=lambda value: f"{value.format}-{value.sample_rate}" if isinstance(value, ClipSpec) else None,
)
@pytest.mark.parametrize("length_ms", [10_000, 1_234])
async def test_every_format_decodes_to_the_exact_count_and_keeps_time(
    spec: ClipSpec, rate: int, channels: int, length_ms: int, root: Path
) -> None:
    wanted = segment(30_000, 30_000 + length_ms)
    clip = await make(root, spec, wanted, fetched(noise_m4a(), wanted.span, root))
    assert isinstance(clip, Clip), clip
    expected = (length_ms * rate + 500) // 1000
    assert (clip.samples, clip.sample_rate, clip.channels) == (expected, rate, channels)
    path = clip_file(root)
    assert path.suffix == f".{spec.extension}"
    found = decoded(path)
    assert len(found) == expected * channels
    assert lag(found[::channels], noise_m4a().samples[30 * 44_100 :, 0], rate) == 0


async def test_mp3_states_an_exact_length_where_its_last_frame_is_all_filling(root: Path) -> None:
    spec = ClipSpec(format=AudioFormat.MP3, sample_rate=8_000)
    # At 8 kHz the last frame is all filling from 1009 to 1013 ms.
    for length_ms in (1_008, 1_009, 1_013, 1_014):
        wanted = segment(20_000, 20_000 + length_ms)
        clip = await make(root, spec, wanted, fetched(noise_m4a(), wanted.span, root))
        assert isinstance(clip, Clip), clip
        assert clip.samples == length_ms * 8


@pytest.mark.parametrize(("start_ms", "end_ms"), [(30_000, 40_000), (30_000, 30_001)])
async def test_flac_takes_a_first_frame_of_8_samples(start_ms: int, end_ms: int, root: Path) -> None:
    wanted = Span(30_000, 40_000)
    first_frame = 1024 - 30 * 44_100 % 1024
    assert first_frame == 8
    clip = await make(root, ClipSpec(), segment(start_ms, end_ms), fetched(noise_m4a(), wanted, root))
    assert isinstance(clip, Clip), clip
    assert clip.samples == (end_ms - start_ms) * 441 // 10


async def test_flac_holds_16_bits(root: Path) -> None:
    wanted = segment(1_000, 2_000)
    assert isinstance(await make(root, ClipSpec(), wanted, fetched(noise_m4a(), wanted.span, root)), Clip)
    assert soundfile.info(str(clip_file(root))).subtype == "PCM_16"


async def test_digital_silence_is_told(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=d=2:r=44100", "-c:a", "aac", str(path))
    for spec in (ClipSpec(), ClipSpec(format=AudioFormat.MP3), ClipSpec(format=AudioFormat.OPUS)):
        part = root / ".parts" / "silent.mp4"
        part.write_bytes(path.read_bytes())
        track = Track(str(part), Container.MP4, "mp4a.40.2", "140", 0.0, 44_100, 1)
        clip = await make(root, spec, segment(0, 1_000), Fetched(track, None, None, True, None, 1, 1))
        assert isinstance(clip, Clip), clip
        assert clip.is_silent


async def test_the_record_is_that_of_the_published_file(root: Path) -> None:
    wanted = segment(1_000, 2_000)
    clip = await make(root, ClipSpec(), wanted, fetched(noise_m4a(), wanted.span, root))
    assert isinstance(clip, Clip), clip
    data = clip_file(root).read_bytes()
    assert (clip.size_bytes, clip.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (clip.format_id, clip.source_rate, clip.title) == ("140", 44_100, "a title")
    assert clip.tool_version == "ffmpeg test"
    assert not clip.is_silent
    assert not clip.source_files


async def test_kept_source_bytes_lie_beside_the_clip(root: Path) -> None:
    wanted = segment(1_000, 2_000)
    source = fetched(noise_m4a(), wanted.span, root)
    clip = await make(root, ClipSpec(), wanted, source, keep_source=True)
    assert isinstance(clip, Clip), clip
    (name,) = clip.source_files
    assert name.endswith(f"{wanted.key}.source.m4a")
    assert (root / name).stat().st_size == source.audio.size_bytes
    assert (root / name).parent == clip_file(root).parent
    assert nothing_left(root)
