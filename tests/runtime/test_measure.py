"""Measuring clips: what decoding gives counts, and not what a header claims."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncdl.core.model import Failure
from asyncdl.runtime.measure import Measured, fingerprint, measure
from support.sources import FFMPEG, ffmpeg

EVERY = ["flac", "wav", "opus", "m4a", "mp3"]


def sound(path: Path, source: str) -> Path:
    ffmpeg("-f", "lavfi", "-i", source, str(path))
    return path


async def measured(path: Path) -> Measured | Failure:
    return await measure(path, FFMPEG, deadline_s=30)


@pytest.mark.parametrize("ending", EVERY)
async def test_every_format_is_counted_by_decoding_it(ending: str, tmp_path: Path) -> None:
    path = sound(tmp_path / f"clip.{ending}", "sine=f=440:r=48000:d=1.5,aformat=channel_layouts=stereo")
    assert await measured(path) == Measured(72_000, 48_000, 2, is_silent=False)


@pytest.mark.parametrize("ending", EVERY)
async def test_all_zeros_are_silent(ending: str, tmp_path: Path) -> None:
    path = sound(tmp_path / f"clip.{ending}", "anullsrc=r=48000:d=0.5:cl=mono")
    assert await measured(path) == Measured(24_000, 48_000, 1, is_silent=True)


@pytest.mark.parametrize("ending", EVERY)
async def test_junk_is_a_failure(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"clip.{ending}"
    path.write_bytes(b"no sound at all" * 500)
    failed = await measured(path)
    assert isinstance(failed, Failure)
    assert failed.kind == "bad_media"


@pytest.mark.parametrize("ending", EVERY)
async def test_half_a_clip_is_never_measured_whole(ending: str, tmp_path: Path) -> None:
    path = sound(tmp_path / f"clip.{ending}", "anoisesrc=r=48000:d=1.5")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = await measured(path)
    assert isinstance(found, Failure) or found.samples < 72_000


async def test_a_flac_header_over_nothing_is_a_failure_though_it_claims_many_samples(tmp_path: Path) -> None:
    path = sound(tmp_path / "clip.flac", "sine=r=48000:d=1,atrim=start=2")
    assert isinstance(await measured(path), Failure)


async def test_the_pictures_of_a_film_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    sources = ("-f", "lavfi", "-i", "testsrc=r=10:d=1", "-f", "lavfi", "-i", "sine=r=44100:d=1")
    ffmpeg(*sources, "-pix_fmt", "yuv420p", str(path))
    assert await measured(path) == Measured(44_100, 44_100, 1, is_silent=False, pictures=10)


def test_a_fingerprint_is_size_and_sha256(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert fingerprint(path) == (3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
