"""Measuring a finished clip by decoding all of it: an exit code proves nothing."""

from __future__ import annotations

import asyncio
import hashlib
import wave
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.argv import check_argv
from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.model import Failure
from asyncdl.runtime.ffmpeg import Ffmpeg
from asyncdl.runtime.run_ffmpeg import run_ffmpeg

_BLOCK = 1 << 16
_WAV_WIDTH = 2
_SOUNDFILE = frozenset({"flac", "wav"})


@dataclass(frozen=True, slots=True)
class Measured:
    """What decoding gave: samples per channel, Hz, channels; ``pictures`` is None for sound alone."""

    samples: int
    sample_rate: int
    channels: int
    is_silent: bool
    pictures: int | None = None


async def measure(clip: Path, ffmpeg: Ffmpeg, *, deadline_s: float) -> Measured | Failure:
    """Decode ``clip`` (its name's ending tells the format) to its end, in bounded memory."""
    if clip.suffix[1:] in _SOUNDFILE:
        return await asyncio.to_thread(_measure_lossless, clip)
    return await _measure_with_ffmpeg(clip, ffmpeg, deadline_s)


def fingerprint(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 in hex."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return file.tell(), digest.hexdigest()


def _measure_lossless(clip: Path) -> Measured | Failure:
    plain = _measure_wav(clip) if clip.suffix == ".wav" else None
    return plain or _measure_with_soundfile(clip)


def _measure_wav(clip: Path) -> Measured | None:
    """Count the samples that are there, whatever the head claims; None where the head is out of the common.

    The standard library will do: numpy and libsndfile take 0.2 s and 25 MB to load.
    """
    try:
        with wave.open(str(clip)) as file:
            width = file.getsampwidth() * file.getnchannels()
            size, is_silent = 0, True
            while block := file.readframes(_BLOCK):
                size += len(block)
                is_silent = is_silent and block.count(0) == len(block)
            is_whole = file.getsampwidth() == _WAV_WIDTH and size == file.getnframes() * width
            found = Measured(size // width, file.getframerate(), file.getnchannels(), is_silent)
            return found if is_whole else None
    except (wave.Error, EOFError):
        return None


def _measure_with_soundfile(clip: Path) -> Measured | Failure:
    """Count what is really decoded: the header of an empty FLAC file claims 2**63 - 1 samples."""
    import soundfile  # noqa: PLC0415 - loads numpy and a library that no other command needs

    try:
        with soundfile.SoundFile(str(clip)) as file:
            samples, is_silent = 0, True
            while len(block := file.read(_BLOCK, dtype="int16", always_2d=True)):
                samples += len(block)
                is_silent = is_silent and not block.any()
            return Measured(samples, file.samplerate, file.channels, is_silent)
    except soundfile.LibsndfileError as error:
        return failure(Code.CORRUPT, f"the clip does not decode: {error.error_string}")


async def _measure_with_ffmpeg(clip: Path, ffmpeg: Ffmpeg, deadline_s: float) -> Measured | Failure:
    done = await run_ffmpeg(ffmpeg, check_argv(ffmpeg.path, str(clip), clip.suffix[1:]), deadline_s)
    if isinstance(done, Failure):
        return done
    if not done.source or done.counted_samples is None:
        return failure(Code.CORRUPT, "the clip holds no sound that decodes")
    return Measured(
        samples=done.counted_samples,
        sample_rate=done.source[0][0],
        channels=len(done.peaks_db),
        is_silent=all(peak == "-inf" for peak in done.peaks_db),
        pictures=done.pictures,
    )
