"""What can be wrong with media, disk and ffmpeg, and what the cutter makes of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.core.model import AudioFormat, Clip, ClipSpec, Failure, Segment, Span
from asyncdl.errors import DiskFull, EnvironmentFault
from asyncdl.runtime.cutter import Cutter
from asyncdl.runtime.ffmpeg import Ffmpeg
from asyncdl.runtime.process import Finished, run_child
from support.sources import (
    FFMPEG,
    YTID,
    Media,
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


@pytest.mark.parametrize("start_ms", [61_400, 100_000])
async def test_a_segment_behind_the_end_is_outside_the_video(start_ms: int, root: Path) -> None:
    wanted = segment(start_ms, start_ms + 10_000)
    failed = await make(root, ClipSpec(), wanted, fetched(noise_m4a(), wanted.span, root))
    assert isinstance(failed, Failure)
    assert failed.kind == "outside_video"
    assert nothing_left(root)


async def test_bytes_that_lack_inside_the_video_are_bad_media(media: Media, root: Path) -> None:
    span = Span(15_000, 25_000)
    source = fetched(media, Span(15_000, 19_000), root)
    failed = await make(root, ClipSpec(), Segment(YTID, span, "eval"), source)
    assert isinstance(failed, Failure)
    assert (failed.kind, failed.code) == ("bad_media", "short_audio")


async def test_sound_fetched_from_too_late_a_place_is_bad_media(root: Path) -> None:
    source = fetched(noise_m4a(), Span(21_000, 31_000), root)
    failed = await make(root, ClipSpec(), segment(15_000, 25_000), source)
    assert isinstance(failed, Failure)
    assert failed.code == "short_audio"


async def test_a_whole_file_that_ends_before_the_segment_proves_it_outside(media: Media, root: Path) -> None:
    failed = await make(root, ClipSpec(), segment(62_000, 72_000), whole_file(media, root))
    assert isinstance(failed, Failure)
    assert failed.kind == "outside_video"


async def test_a_whole_file_that_breaks_off_proves_nothing(media: Media, root: Path) -> None:
    half = media.data[: len(media.data) // 2 + 1234]
    failed = await make(root, ClipSpec(), segment(50_000, 60_000), whole_file(media, root, half))
    assert isinstance(failed, Failure)
    assert failed.kind == "bad_media"


async def test_junk_is_bad_media(root: Path) -> None:
    failed = await make(root, ClipSpec(), segment(0, 1_000), whole_file(noise_m4a(), root, b"<html>" * 1000))
    assert isinstance(failed, Failure)
    assert (failed.kind, failed.code) == ("bad_media", "corrupt")
    assert nothing_left(root)


async def test_a_playlist_in_place_of_media_reads_no_other_file(root: Path) -> None:
    (root / ".parts" / "other.mp4").write_bytes(noise_m4a().data)
    source = whole_file(noise_m4a(), root, b"ffconcat version 1.0\nfile other.mp4\n")
    failed = await make(root, ClipSpec(), segment(0, 1_000), source)
    assert isinstance(failed, Failure)
    assert failed.kind == "bad_media"


def full_disk_at(path: str) -> None:
    Path(path).symlink_to("/dev/full")


async def test_a_full_disk_stops_the_run(root: Path) -> None:
    wanted = segment(1_000, 2_000)
    source = fetched(noise_m4a(), wanted.span, root)
    full_disk_at(f"{source.audio.path}.clip.wav")
    with pytest.raises(DiskFull):
        await make(root, ClipSpec(format=AudioFormat.WAV), wanted, source)
    assert nothing_left(root)


async def test_a_vanished_ffmpeg_is_the_environments_fault(root: Path) -> None:
    wanted = segment(1_000, 2_000)
    gone = replace(FFMPEG, path=str(root / "no-ffmpeg"))
    with pytest.raises(EnvironmentFault, match="does not start"):
        await Cutter(root, ClipSpec(), gone).make(wanted, fetched(noise_m4a(), wanted.span, root))
    assert nothing_left(root)


def slow_ffmpeg(folder: Path) -> Ffmpeg:
    path = folder / "slow-ffmpeg"
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    path.chmod(0o755)
    return replace(FFMPEG, path=str(path), env={"PATH": "/usr/bin:/bin"})


async def test_an_ffmpeg_that_does_not_end_is_ended(root: Path, tmp_path: Path) -> None:
    wanted = segment(1_000, 2_000)
    cutter = Cutter(root, ClipSpec(), slow_ffmpeg(tmp_path), deadline_s=0.2)
    failed = await cutter.make(wanted, fetched(noise_m4a(), wanted.span, root))
    assert isinstance(failed, Failure)
    assert failed.kind == "timed_out"
    assert nothing_left(root)


async def test_cancelling_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    wanted = segment(1_000, 2_000)
    cutter = Cutter(root, ClipSpec(), slow_ffmpeg(tmp_path))
    task = asyncio.create_task(cutter.make(wanted, fetched(noise_m4a(), wanted.span, root)))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert nothing_left(root)


async def make_second(cutter: Cutter, root: Path, start_ms: int) -> Clip | Failure:
    wanted = segment(start_ms, start_ms + 1_000)
    return await cutter.make(wanted, fetched(noise_m4a(), wanted.span, root, name=str(start_ms)))


async def test_no_more_children_run_at_once_than_there_are_slots(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = most = 0

    async def counted(*args: object, **options: object) -> Finished:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await run_child(*args, **options)  # type: ignore[arg-type]
        finally:
            running -= 1

    monkeypatch.setattr("asyncdl.runtime.run_ffmpeg.run_child", counted)
    cutter = Cutter(root, ClipSpec(), FFMPEG, slots=2)
    made = await asyncio.gather(*(make_second(cutter, root, start_ms) for start_ms in range(0, 6_000, 1_000)))
    assert all(isinstance(clip, Clip) for clip in made)
    assert most == 2
