"""Reads stored clips: the very bytes that were recorded, and the sound in them as a trainer wants it.

A clip whose SHA-256 is the recorded one is the file that was decoded when it was stored; any other is left
out and named.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asyncdl.core.argv import MEMORY_BYTES, decode_argv
from asyncdl.core.export import StoredClip
from asyncdl.core.ffmpeg_report import Report
from asyncdl.core.model import Failure
from asyncdl.runtime.ffmpeg import Ffmpeg, find_ffmpeg
from asyncdl.runtime.files import open_plain
from asyncdl.runtime.limits import Limits
from asyncdl.runtime.run_ffmpeg import run_ffmpeg

Samples = npt.NDArray[np.float32]
_SOUNDFILE = frozenset({".flac", ".wav", ".opus", ".mp3"})
_DECODE_S = 300.0
_WRITING = Limits(memory_bytes=MEMORY_BYTES, file_bytes=16 << 30)


class Unfit(Exception):
    """This clip cannot be exported; the text says why. ``it`` is the sound, and always will be so."""


def is_of_the_file(reason: str) -> bool:
    """Whether ``Unfit`` speaks of the file, which may be put back, and not of the sound."""
    return not reason.startswith("it ")


class ClipReader:
    """Reads the clips of the data set in ``root``; ``ffmpeg`` is a path or a name, None for the usual one."""

    def __init__(self, root: Path, ffmpeg: str | None = None) -> None:
        self._root = root
        self._wanted = ffmpeg
        self._ffmpeg: Ffmpeg | None = None

    def bytes_of(self, stored: StoredClip) -> bytes:
        """Read a clip's file; raises ``Unfit`` where it is gone or no longer what was recorded."""
        try:
            with open_plain(self._root / stored.path) as file:
                data = file.read()
        except FileNotFoundError:
            raise Unfit("the file is gone") from None
        except OSError as error:
            raise Unfit(f"the file cannot be read: {error.strerror}") from None
        if hashlib.sha256(data).hexdigest() != stored.clip.sha256:
            raise Unfit("the file is not the one that was recorded")
        return data

    def sound_of(self, stored: StoredClip) -> Samples:
        """Decode a clip to float32 of full scale 1, shape (samples, channels), at its own rate.

        Raises ``Unfit`` also for what does not decode to the recorded number of samples.
        """
        return self.sound_in(stored, self.bytes_of(stored))

    def sound_in(self, stored: StoredClip, data: bytes) -> Samples:
        """Decode what ``bytes_of`` read, for formats that may take a file as it stands."""
        suffix = Path(stored.path).suffix
        if suffix in _SOUNDFILE:
            sound = _with_soundfile(data)
        else:
            sound = self._with_ffmpeg(data, suffix, stored.clip.channels)
        if sound.shape != (stored.clip.samples, stored.clip.channels):
            raise Unfit(f"it decodes to (samples, channels) {sound.shape}, not to what was recorded")
        return sound

    def _with_ffmpeg(self, data: bytes, suffix: str, channels: int) -> Samples:
        """Decode what libsndfile does not know: AAC in MP4, and films."""
        with tempfile.TemporaryDirectory() as folder:
            clip, raw = Path(folder, f"clip{suffix}"), Path(folder, "sound.f32")
            clip.write_bytes(data)
            done = asyncio.run(self._decode(clip, raw))
            if isinstance(done, Failure):
                raise Unfit(f"it does not decode: {done.text}")
            sound = np.fromfile(raw, np.float32)
        if channels < 1 or len(sound) % channels:
            raise Unfit(f"it does not decode to the {channels} channels that were recorded")
        return sound.reshape(-1, channels)

    async def _decode(self, clip: Path, raw: Path) -> Report | Failure:
        ffmpeg = await self.ffmpeg()
        argv = decode_argv(ffmpeg.path, str(clip), clip.suffix[1:], str(raw))
        return await run_ffmpeg(ffmpeg, argv, _DECODE_S, _WRITING)

    async def ffmpeg(self) -> Ffmpeg:
        """Find the ffmpeg to use, once."""
        self._ffmpeg = self._ffmpeg or await find_ffmpeg(self._wanted)
        return self._ffmpeg


def mono(sound: Samples) -> Samples:
    """Mean of the channels, shape (samples,); column by column, which takes a tenth of numpy's ``mean``."""
    total = sound[:, 0]
    for channel in range(1, sound.shape[1]):
        total = total + sound[:, channel]
    return total / np.float32(sound.shape[1]) if sound.shape[1] > 1 else total


def resampled(sound: Samples, rate: int, to_rate: int) -> Samples:
    """Resample along the first axis, by soxr's high quality; the count is exact: rounded half up."""
    if rate == to_rate:
        return sound
    import soxr  # noqa: PLC0415 - in worker processes only

    wanted = samples_at(len(sound), rate, to_rate)
    return fitted(soxr.resample(sound, rate, to_rate, quality="HQ").astype(np.float32, copy=False), wanted)


def samples_at(samples: int, rate: int, to_rate: int) -> int:
    """Count what ``resampled`` makes of so many samples."""
    return (2 * samples * to_rate + rate) // (2 * rate)


def fitted(sound: Samples, samples: int) -> Samples:
    """Cut, or add silence, at the end: exactly so many samples."""
    if len(sound) >= samples:
        return sound[:samples]
    padding = [(0, samples - len(sound)), *[(0, 0)] * (sound.ndim - 1)]
    return np.pad(sound, padding)


def as_int16(sound: Samples) -> npt.NDArray[np.int16]:
    """Round to the nearest 16-bit value; undoes exactly what reading 16-bit samples did."""
    return np.asarray(np.clip(np.rint(sound * np.float32(32768)), -32768, 32767), np.int16)


def _with_soundfile(data: bytes) -> Samples:
    import soundfile  # noqa: PLC0415 - in worker processes only

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            return np.asarray(file.read(dtype="float32", always_2d=True), np.float32)
    except soundfile.LibsndfileError as error:
        raise Unfit(f"it does not decode: {error.error_string}") from None
