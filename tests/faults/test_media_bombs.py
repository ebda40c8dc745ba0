"""Media that promise or unfold to far more than they are: bounded in time, memory and disk, never a lie."""

from __future__ import annotations

import random
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import AudioFormat, Clip, ClipSpec, Container, Failure, Fetched, Span, Track
from asyncdl.runtime.cutter import Cutter
from asyncdl.runtime.limits import Limits
from asyncdl.runtime.run_ffmpeg import run_ffmpeg
from support.hostile import sound, with_long_index
from support.sources import (
    EXE,
    FFMPEG,
    Media,
    clip_file,
    ffmpeg,
    make,
    noise_m4a,
    noise_webm,
    nothing_left,
    segment,
    whole_file,
)

YEARS = b"\x7f\xff\xff\xff"
HOUR_MS = 3_600_000


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    (tmp_path / "out" / ".parts").mkdir(parents=True)
    return tmp_path / "out"


def _pcm(tmp_path: Path, *filters: str) -> bytes:
    coder = ("-af", ",".join(filters), "-c:a", "pcm_s16le", "-f", "mov")
    return sound(tmp_path, "sine=r=8000:d=2", *coder, ending="mov")


def _as_mp4(root: Path, data: bytes, codec: str = "pcm", *, rate: int | None = 8_000) -> Fetched:
    path = root / ".parts" / "bomb.mp4"
    path.write_bytes(data)
    track = Track(str(path), Container.MP4, codec, "140", 0.0, rate, len(data))
    return Fetched(track, track, None, True, None, len(data), 1)


async def _told(root: Path, source: Fetched, start_ms: int = 0, **settings: float) -> Clip | Failure:
    """What making one second of this source ends with."""
    cutter = Cutter(root, ClipSpec(), FFMPEG, slots=1, **settings)  # type: ignore[arg-type] # one keyword
    return await cutter.make(segment(start_ms, start_ms + 1_000), source)


@pytest.mark.parametrize("hz", [1, 100, 10_000_000])
async def test_a_rate_that_no_sound_has_is_bad_media(hz: int, root: Path, tmp_path: Path) -> None:
    told = await _told(root, _as_mp4(root, _pcm(tmp_path, f"asetrate={hz}")))
    assert isinstance(told, Failure)
    assert (told.kind, str(hz) in told.text) == (FailureKind.BAD_MEDIA, True), told
    assert nothing_left(root)


@pytest.mark.parametrize("claimed", [1, 10**9])
async def test_a_rate_that_is_only_claimed_costs_nothing(claimed: int, root: Path) -> None:
    """Taken at its word, it would be 40 GB of samples."""
    source = _as_mp4(root, noise_m4a().data, "mp4a.40.2", rate=claimed)
    made = await Cutter(root, ClipSpec(format=AudioFormat.WAV), FFMPEG).make(segment(0, 1_000), source)
    assert isinstance(made, Clip)
    assert (made.sample_rate, made.samples) == (44_100, 44_100)


@pytest.mark.parametrize("channels", [9, 255, 1_000])
async def test_more_channels_than_anybody_has_are_bad_media(
    channels: int, root: Path, tmp_path: Path
) -> None:
    data = bytearray(_pcm(tmp_path, "aformat=channel_layouts=mono"))
    at = data.index(b"sowt") + 20
    assert data[at : at + 2] == (1).to_bytes(2)
    data[at : at + 2] = channels.to_bytes(2)
    told = await _told(root, _as_mp4(root, bytes(data)))
    assert isinstance(told, Failure)
    assert told.kind is FailureKind.BAD_MEDIA, told
    assert nothing_left(root)


async def test_a_length_of_years_changes_neither_clip_nor_time(root: Path) -> None:
    data = bytearray(noise_m4a().data)
    for name, skip in ((b"mvhd", 20), (b"mdhd", 20)):
        at = data.index(name) + skip
        data[at : at + 4] = YEARS
    made = await make(root, ClipSpec(), segment(30_000, 40_000), whole_file(noise_m4a(), root, bytes(data)))
    assert isinstance(made, Clip), made
    found, _ = soundfile.read(clip_file(root), dtype="int16")
    assert np.array_equal(found, noise_m4a().samples[30 * 44_100 : 40 * 44_100])


async def test_hours_of_silence_in_a_small_file_are_cut_short_by_the_deadline(
    root: Path, tmp_path: Path
) -> None:
    """Two hours in 20 kB: their beginning is a clip, their end is out of reach."""
    coder = ("-c:a", "flac", "-frame_size", "65535", "-strict", "-2", "-f", "mp4")
    data = sound(tmp_path, "anullsrc=r=8000:cl=mono:d=7200", *coder, ending="mp4")
    assert len(data) < 20_000
    first = await _told(root, _as_mp4(root, data, "flac"))
    assert isinstance(first, Clip)
    assert first.is_silent
    begun_s = time.monotonic()
    told = await _told(root, _as_mp4(root, data, "flac"), 2 * HOUR_MS - 5_000, deadline_s=0.02)
    assert isinstance(told, Failure)
    assert told.kind is FailureKind.TIMED_OUT
    assert time.monotonic() - begun_s < 5
    assert nothing_left(root)


@pytest.mark.parametrize("frames", [80_000_000, pytest.param(2_000_000_000, marks=pytest.mark.slow)])
async def test_an_index_that_takes_all_memory_is_the_medias_fault_and_stops_no_run(
    frames: int, root: Path, tmp_path: Path
) -> None:
    """80 million frames leave ffmpeg no memory for threads, which machines lack too; more fail at once."""
    plain = sound(tmp_path, "sine=r=44100:d=2", "-c:a", "aac", "-f", "mp4", ending="m4a")
    told = await _told(root, _as_mp4(root, with_long_index(plain, frames), "mp4a.40.2", rate=44_100))
    assert isinstance(told, Failure)
    assert told.kind is FailureKind.BAD_MEDIA, told
    assert nothing_left(root)


async def test_a_huge_picture_is_refused_before_it_is_decoded(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "huge.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "color=black:s=4000x4000:r=1:d=1", "-f", "lavfi", "-i", "sine=r=44100:d=2"),
        *("-c:v", "mpeg4", "-c:a", "aac", "-f", "mp4", str(path)),
    )
    source = _as_mp4(root, path.read_bytes(), "mp4a.40.2", rate=44_100)
    told = await make(root, ClipSpec(video=True), segment(0, 1_000), source)
    assert isinstance(told, Failure)
    assert told.kind is FailureKind.BAD_MEDIA, told
    assert nothing_left(root)


async def test_ffmpeg_may_not_take_all_memory() -> None:
    """One frame of this picture takes 1.5 GB."""
    one = ("-threads", "1", "-filter_threads", "1", "-filter_complex_threads", "1")
    picture = ("-f", "lavfi", "-i", "color=black:s=16000x16000:d=0.04,format=yuv444p16")
    argv = [EXE, "-nostdin", "-v", "level+verbose", *one, *picture, *one[:2], "-f", "null", "-"]
    told = await run_ffmpeg(FFMPEG, argv, 20, Limits(memory_bytes=1 << 30))
    assert isinstance(told, Failure)
    assert (told.kind, told.code) == (FailureKind.BAD_MEDIA, "too_big")
    assert "Cannot allocate memory" in told.text


async def test_ffmpeg_may_not_fill_the_disk(tmp_path: Path) -> None:
    path, most = tmp_path / "flood.wav", 1 << 20
    argv = [EXE, "-nostdin", "-v", "level+verbose", "-f", "lavfi", "-i", "anoisesrc=d=3600", str(path)]
    told = await run_ffmpeg(FFMPEG, argv, 20, Limits(file_bytes=most))
    assert isinstance(told, Failure)
    assert (told.kind, told.code) == (FailureKind.BAD_MEDIA, "too_big")
    assert "SIGXFSZ: it wrote more than the 1048576 bytes allowed" in told.text
    assert path.stat().st_size <= most


@pytest.mark.parametrize("media", [noise_m4a(), noise_webm()], ids=["m4a", "webm"])
async def test_a_file_cut_anywhere_is_the_right_clip_or_none_at_all(media: Media, root: Path) -> None:
    """Never a short or shifted clip, and never a word that the video ends there or has no sound."""
    rng = random.Random(7)
    head = len(media.init)
    cuts = [
        1,
        8,
        20,
        40,
        head // 2,
        head - 1,
        head,
        head + 9,
        *(rng.randrange(len(media.data)) for _ in range(5)),
    ]
    span = Span(20_000, 21_000)
    clean = media.samples[20 * media.rate : 21 * media.rate]
    for cut in cuts:
        made = await make(
            root, ClipSpec(), segment(span.start_ms, span.end_ms), whole_file(media, root, media.data[:cut])
        )
        if isinstance(made, Failure):
            assert made.kind is FailureKind.BAD_MEDIA, (cut, made)
        else:
            found, _ = soundfile.read(clip_file(root), dtype="int16")
            assert np.array_equal(found, clean), cut


@pytest.mark.parametrize("media", [noise_m4a(), noise_webm()], ids=["m4a", "webm"])
async def test_junk_behind_a_right_head_is_bad_media(media: Media, root: Path) -> None:
    junk = random.Random(8).randbytes(60_000)
    for head in (b"", media.data[:36], media.init):
        told = await _told(root, whole_file(media, root, head + junk))
        assert isinstance(told, Failure)
        assert told.kind is FailureKind.BAD_MEDIA, told
    assert nothing_left(root)
