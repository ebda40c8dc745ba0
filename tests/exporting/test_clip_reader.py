"""Reading stored clips: only what was recorded, in every format, and what is made of the sound."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core import layout
from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.export import StoredClip
from asyncdl.core.model import AudioFormat, Clip, ClipSpec, RowRef
from asyncdl.errors import EnvironmentFault
from asyncdl.exporting.encoded import as_m4a
from asyncdl.exporting.sound import (
    ClipReader,
    Unfit,
    as_int16,
    fitted,
    mono,
    resampled,
    samples_at,
    unfit_by,
)
from support.sources import EXE, decoded, fetched, make, noise_m4a, segment
from support.stored_clips import clip_of

WANTED = segment(30_000, 30_250)
RATES = (8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
EVERY = [
    ClipSpec(),
    ClipSpec(format=AudioFormat.WAV),
    ClipSpec(format=AudioFormat.OPUS, mono=True),
    ClipSpec(format=AudioFormat.MP3),
    ClipSpec(format=AudioFormat.MP3, sample_rate=8000, mono=True),
    ClipSpec(format=AudioFormat.M4A),
]


def made_by_the_program(root: Path, spec: ClipSpec) -> StoredClip:
    (root / ".parts").mkdir(exist_ok=True)
    clip = asyncio.run(make(root, spec, WANTED, fetched(noise_m4a(), WANTED.span, root)))
    assert isinstance(clip, Clip), clip
    return StoredClip(WANTED, clip, layout.clip_path(WANTED, spec.extension), RowRef(0, 4), 0)


@pytest.fixture(name="flac")
def _flac(tmp_path: Path) -> StoredClip:
    """A clip of two channels whose samples count from the lowest value up."""
    path = tmp_path / layout.clip_path(WANTED, "flac")
    path.parent.mkdir(parents=True)
    samples = np.stack([np.arange(-32768, 32768, 31), np.arange(32767, -32769, -31)], axis=1)
    soundfile.write(path, samples.astype(np.int16), 44_100, subtype="PCM_16")
    clip = clip_of(path, len(samples), 44_100, 2)
    return StoredClip(WANTED, clip, layout.clip_path(WANTED, "flac"), RowRef(0, 4), 0)


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: f"{spec.format}-{spec.sample_rate}")
def test_every_format_decodes_to_what_was_recorded(spec: ClipSpec, tmp_path: Path) -> None:
    stored = made_by_the_program(tmp_path, spec)
    sound = ClipReader(tmp_path, EXE).sound_of(stored)
    assert sound.dtype == np.float32
    assert sound.shape == (stored.clip.samples, stored.clip.channels)
    by_ffmpeg = decoded(tmp_path / stored.path).reshape(sound.shape)
    if spec.format.is_lossless:
        assert np.array_equal(as_int16(sound), by_ffmpeg)
    else:  # two decoders round in their own ways
        assert np.abs(as_int16(sound).astype(int) - by_ffmpeg).max() <= 2


def gone(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def linked(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (gone, "the file is gone"),
        (cut, "the file is not the one that was recorded"),
        (changed, "the file is not the one that was recorded"),
        (linked, "the file cannot be read"),
        (a_folder, "the file cannot be read"),
        (a_pipe, "the file cannot be read"),
    ],
)
def test_what_is_no_longer_the_recorded_file_is_unfit(
    happens: Callable[[Path], None], told: str, flac: StoredClip, tmp_path: Path
) -> None:
    happens(tmp_path / flac.path)
    for read in (ClipReader(tmp_path).bytes_of, ClipReader(tmp_path).sound_of):
        with pytest.raises(Unfit, match=told) as caught:
            read(flac)
        assert not caught.value.is_lasting


@pytest.mark.parametrize("ending", ["flac", "wav", "opus", "mp3", "m4a"])
def test_a_recorded_file_that_holds_no_sound_is_unfit_for_good(ending: str, tmp_path: Path) -> None:
    path = tmp_path / layout.clip_path(WANTED, ending)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no sound at all" * 50)
    stored = StoredClip(WANTED, clip_of(path), layout.clip_path(WANTED, ending), RowRef(0, 4), 0)
    reader = ClipReader(tmp_path, EXE)
    assert reader.bytes_of(stored) == path.read_bytes()
    with pytest.raises(Unfit, match=r"it does not decode: .") as caught:
        reader.sound_of(stored)
    assert caught.value.is_lasting


def test_another_count_than_the_recorded_one_is_unfit(flac: StoredClip, tmp_path: Path) -> None:
    for clip in (replace(flac.clip, samples=1), replace(flac.clip, channels=1)):
        with pytest.raises(Unfit, match="it decodes to"):
            ClipReader(tmp_path).sound_of(replace(flac, clip=clip))


def test_a_clip_of_sound_by_aac_with_another_number_of_channels_than_recorded_is_unfit(
    tmp_path: Path,
) -> None:
    stored = made_by_the_program(tmp_path, ClipSpec(format=AudioFormat.M4A))
    for channels in (1, 3, 4, 0):
        with pytest.raises(Unfit, match=r"it (decodes|does not decode) to"):
            ClipReader(tmp_path, EXE).sound_of(replace(stored, clip=replace(stored.clip, channels=channels)))


def test_another_rate_than_the_recorded_one_is_unfit_for_good(flac: StoredClip, tmp_path: Path) -> None:
    with pytest.raises(Unfit, match=r"\(Hz, channels\) \(44100, 2\)") as caught:
        ClipReader(tmp_path).sound_of(replace(flac, clip=replace(flac.clip, sample_rate=48_000)))
    assert caught.value.is_lasting


def test_a_head_that_promises_too_much_gets_no_room_for_it(flac: StoredClip, tmp_path: Path) -> None:
    """36 bits in FLAC's head tell the samples; room for so many would be 512 GB."""
    path = tmp_path / flac.path
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F
    data[22:26] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with soundfile.SoundFile(path) as file:
        assert file.frames == (1 << 36) - 1
    with pytest.raises(Unfit):
        ClipReader(tmp_path).sound_of(replace(flac, clip=clip_of(path, flac.clip.samples, 44_100, 2)))


def killing(path: Path) -> str:
    """An ffmpeg that is killed whatever it is to decode."""
    path.write_text('#!/bin/sh\n[ "$1" = -version ] && echo ffmpeg version 1 && exit\nkill -KILL $$\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("happens", ["killed", "too slow"])
def test_an_ffmpeg_that_is_killed_or_too_slow_is_no_fault_of_the_clip(
    happens: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = made_by_the_program(tmp_path, ClipSpec(format=AudioFormat.M4A))
    monkeypatch.setattr("asyncdl.exporting.sound._DECODE_S", 0.0 if happens == "too slow" else 60.0)
    monkeypatch.setattr("asyncdl.exporting.encoded._ENCODE_S", 0.0 if happens == "too slow" else 60.0)
    reader = ClipReader(tmp_path, killing(tmp_path / "ffmpeg") if happens == "killed" else EXE)
    with pytest.raises(EnvironmentFault, match=stored.path):
        reader.sound_of(stored)
    with pytest.raises(EnvironmentFault, match="cannot be encoded"):
        as_m4a(np.zeros((100, 1), np.float32), 16_000, reader)


def test_what_took_too_much_memory_is_tried_again() -> None:
    assert not unfit_by(failure(Code.TOO_BIG, "out of memory"), "it does not decode", "x").is_lasting
    assert unfit_by(failure(Code.CORRUPT, "no frame"), "it does not decode", "x").is_lasting


def test_reading_16_bits_is_undone_exactly(flac: StoredClip, tmp_path: Path) -> None:
    sound = ClipReader(tmp_path).sound_of(flac)
    kept, _ = soundfile.read(tmp_path / flac.path, dtype="int16")
    assert np.array_equal(as_int16(sound), kept)


@given(st.lists(st.integers(-32768, 32767), max_size=50))
def test_every_value_of_16_bits_survives(values: list[int]) -> None:
    sound = np.array(values, np.int16).astype(np.float32) / np.float32(32768)
    assert as_int16(sound).tolist() == values


def test_values_between_go_to_the_nearest() -> None:
    sound = np.array([0.4, 0.6, 99.7, -0.4, -0.6, -99.7], np.float32) / np.float32(32768)
    assert as_int16(sound).tolist() == [0, 1, 100, 0, -1, -100]


def test_louder_than_full_scale_is_clipped_and_not_wrapped_round() -> None:
    assert as_int16(np.array([1.0, 1.5, -1.0, -9.0], np.float32)).tolist() == [32767, 32767, -32768, -32768]


def test_mono_is_the_mean_of_the_channels() -> None:
    sound = np.array([[0.5, -0.5], [0.25, 0.75]], np.float32)
    assert mono(sound).tolist() == [0.0, 0.5]
    assert mono(sound[:, :1]).tolist() == [0.5, 0.25]
    assert mono(sound).dtype == np.float32


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("to_rate", RATES)
def test_resampling_gives_the_exact_count(rate: int, to_rate: int) -> None:
    for samples in (0, 1, 7, rate // 8 + 1):
        wanted = int(samples * to_rate / rate + 0.5)
        assert len(resampled(np.ones(samples, np.float32), rate, to_rate)) == wanted
        assert samples_at(samples, rate, to_rate) == wanted


@pytest.mark.parametrize("rate", [44_100, 48_000, 22_050])
def test_resampling_keeps_a_tone_and_its_channels(rate: int) -> None:
    def tone(at: int) -> npt.NDArray[np.float32]:
        return np.sin(2 * np.pi * 440 * np.arange(at) / at).astype(np.float32)

    both = resampled(np.stack([tone(rate), -tone(rate)], axis=1), rate, 16_000)
    assert both.dtype == np.float32
    assert np.abs(both[200:-200, 0] - tone(16_000)[200:-200]).max() < 1e-3
    assert np.array_equal(both[:, 0], -both[:, 1])


def test_the_own_rate_changes_nothing() -> None:
    sound = np.random.default_rng(0).random((100, 2), np.float32)
    assert resampled(sound, 44_100, 44_100) is sound


def test_fitting_cuts_or_adds_silence_at_the_end() -> None:
    sound = np.array([[1, 2], [3, 4]], np.float32)
    assert fitted(sound, 1).tolist() == [[1, 2]]
    assert fitted(sound, 3).tolist() == [[1, 2], [3, 4], [0, 0]]
    assert fitted(sound[:, 0], 4).tolist() == [1, 3, 0, 0]
