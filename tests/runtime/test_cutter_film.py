"""Films: sound and picture of the same exact span."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asyncdl.core.model import Clip, ClipSpec, Failure, Fetched, Span
from support.sources import (
    BITS,
    FPS,
    clip_file,
    counting_film,
    decoded,
    fetched,
    fetched_track,
    ffmpeg,
    lag,
    make,
    noise_m4a,
    nothing_left,
    segment,
)

FILM = ClipSpec(video=True)


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    (tmp_path / ".parts").mkdir()
    return tmp_path


def with_picture(span: Span, root: Path) -> Fetched:
    sound = fetched(noise_m4a(), span, root)
    track = fetched_track(counting_film(), span, root / ".parts" / "picture.mp4")
    return replace(sound, video=replace(track, format_id="134"))


def shown_numbers(clip: Path, height: int = 180) -> list[int]:
    """Read the number in each frame: bit n is white in field n."""
    size = 320 * height // 180, height
    raw = ffmpeg("-i", str(clip), "-map", "0:v:0", "-pix_fmt", "gray", "-f", "rawvideo", "-")
    frames = np.frombuffer(raw, np.uint8).reshape(-1, size[1], size[0])
    columns = [(32 * bit + 16) * height // 180 for bit in range(BITS)]
    bits = frames[:, height // 2, columns] > 128
    return [int(number) for number in bits @ (1 << np.arange(BITS))]


def number_at(time_ms: int) -> int:
    """Name the frame on show, by the source's index; a millisecond is granted to rounded times."""
    since_ms = time_ms + 1 - counting_film().entries[0].start_ms
    return max(0, int(since_ms * FPS // 1000))


@pytest.mark.parametrize("start_ms", [0, 1, 39, 40, 4_000, 5_020, 7_999, 12_345])
async def test_each_moment_of_a_film_shows_what_the_source_showed(start_ms: int, root: Path) -> None:
    wanted = segment(start_ms, start_ms + 2_000)
    clip = await make(root, FILM, wanted, with_picture(wanted.span, root))
    assert isinstance(clip, Clip), clip
    assert shown_numbers(clip_file(root)) == [number_at(start_ms + 40 * n) for n in range(2 * FPS)]
    assert (clip.samples, clip.sample_rate, clip.padded_samples) == (88_200, 44_100, 0)
    assert clip.format_id == "134+140"
    assert nothing_left(root)


async def test_the_sound_of_a_film_is_that_of_its_span(root: Path) -> None:
    wanted = segment(5_000, 7_000)
    clip = await make(root, FILM, wanted, with_picture(wanted.span, root))
    assert isinstance(clip, Clip), clip
    found = decoded(clip_file(root))[::2]
    assert len(found) == clip.samples == 88_200
    assert lag(found, noise_m4a().samples[5 * 44_100 :, 0], 44_100) == 0


async def test_a_picture_that_ends_early_stands_still(root: Path) -> None:
    end_ms = int(counting_film().end_ms)
    wanted = segment(end_ms - 1_000, end_ms + 1_000)
    clip = await make(root, FILM, wanted, with_picture(wanted.span, root))
    assert isinstance(clip, Clip), clip
    last = number_at(end_ms)
    assert shown_numbers(clip_file(root)) == [*range(last - FPS, last), *[last - 1] * FPS]
    assert clip.samples == 88_200


async def test_a_film_is_scaled_down_and_never_up(root: Path) -> None:
    wanted = segment(1_000, 2_000)
    for asked, height in ((91, 90), (720, 180)):
        spec = replace(FILM, max_height=asked)
        clip = await make(root, spec, wanted, with_picture(wanted.span, root))
        assert isinstance(clip, Clip), clip
        assert shown_numbers(clip_file(root), height)[0] == number_at(1_000)


async def test_kept_sources_of_a_film_are_two_files(root: Path) -> None:
    wanted = segment(1_000, 2_000)
    clip = await make(root, FILM, wanted, with_picture(wanted.span, root), keep_source=True)
    assert isinstance(clip, Clip), clip
    assert [name.partition(".source.")[2] for name in clip.source_files] == ["audio.m4a", "video.mp4"]
    assert all((root / name).is_file() for name in clip.source_files)
    assert nothing_left(root)


async def test_a_film_without_a_fetched_picture_fails(root: Path) -> None:
    wanted = segment(1_000, 2_000)
    failed = await make(root, FILM, wanted, fetched(noise_m4a(), wanted.span, root))
    assert isinstance(failed, Failure)
    assert failed.code == "format_missing"
