"""Reads stored clips: the very bytes that were recorded, and the sound in them as a trainer wants it.

A clip whose SHA-256 is the recorded one is the file that was decoded when it was stored; any other is left
out and named.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from asyncdl.core.argv import MEMORY_BYTES, decode_argv
from asyncdl.core.codes import Code
from asyncdl.core.export import StoredClip
from asyncdl.core.ffmpeg_report import Report
from asyncdl.core.model import Clip, Failure
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.ffmpeg import Ffmpeg, find_ffmpeg
from asyncdl.runtime.files import open_plain
from asyncdl.runtime.limits import Limits
from asyncdl.runtime.run_ffmpeg import run_ffmpeg
from asyncdl.runtime.verifying import BLAMES_CLIP

_NO_FILE = frozenset({errno.ELOOP, errno.EINVAL, errno.ENXIO})  # as ``open_plain`` refuses links and pipes
Samples = npt.NDArray[np.float32]
_SOUNDFILE = frozenset({".flac", ".wav", ".opus", ".mp3"})
_DECODE_S = 300.0
_WRITING = Limits(memory_bytes=MEMORY_BYTES, file_bytes=16 << 30)


class Unfit(Exception):
    """This clip cannot be exported; the text says why.

    ``is_lasting``: the recorded bytes themselves will not do, now or later; else the file may be put back.
    """

    def __init__(self, reason: str, *, is_lasting: bool = False) -> None:
        super().__init__(reason)
        self.is_lasting = is_lasting


def unfit_by(failed: Failure, what: str, name: str) -> Unfit:
    """Make it of what ffmpeg said: ``what`` it could not do, with the clip that is called ``name``.

    Raises ``EnvironmentFault`` where that was no fault of the bytes: no time, or ended by a signal. Where
    memory was short that cannot be told, so such a clip is tried again by the next export.
    """
    if failed.kind not in BLAMES_CLIP:
        raise EnvironmentFault(
            f"{name}: {what}: {failed.text}",
            mend="Its bytes are the recorded ones, so the tool or the machine is at fault:"
            " the same command may do when it has less to do, or with another ffmpeg.",
        )
    return Unfit(f"{what}: {failed.text}", is_lasting=failed.code != Code.TOO_BIG)


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
            reason = "there is no plain file" if error.errno in _NO_FILE else error.strerror
            raise Unfit(f"the file cannot be read: {reason}") from None
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
            sound = _with_soundfile(data, stored.clip)
        else:
            sound = self._with_ffmpeg(data, stored.path, stored.clip.channels)
        if sound.shape != (stored.clip.samples, stored.clip.channels):
            raise _other_than_recorded("samples, channels", sound.shape)
        return sound

    def _with_ffmpeg(self, data: bytes, path: str, channels: int) -> Samples:
        """Decode what libsndfile does not know: AAC in MP4, and films."""
        with tempfile.TemporaryDirectory() as folder:
            clip, raw = Path(folder, f"clip{Path(path).suffix}"), Path(folder, "sound.f32")
            clip.write_bytes(data)
            done = asyncio.run(self._decode(clip, raw))
            if isinstance(done, Failure):
                raise unfit_by(done, "it does not decode", path)
            sound = np.fromfile(raw, np.float32)
        if channels < 1 or len(sound) % channels:
            raise Unfit(f"it does not decode to the {channels} channels that were recorded", is_lasting=True)
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


class Head(NamedTuple):
    """What a file's head says, in libsndfile's words for format and subtype."""

    format: str
    subtype: str
    rate: int
    channels: int
    samples: int


def head_of(data: bytes) -> Head | None:
    """Read the head of a file; None for what libsndfile does not know."""
    import soundfile  # noqa: PLC0415 - in worker processes only

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            return Head(file.format, file.subtype, file.samplerate, file.channels, file.frames)
    except soundfile.LibsndfileError:
        return None


def _with_soundfile(data: bytes, clip: Clip) -> Samples:
    """Decode, and trust no head: at most one sample more than recorded is read, or given room."""
    import soundfile  # noqa: PLC0415 - in worker processes only

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if (file.samplerate, file.channels) != (clip.sample_rate, clip.channels):
                raise _other_than_recorded("Hz, channels", (file.samplerate, file.channels))
            sound = file.read(clip.samples + 1, dtype="float32", always_2d=True)
            return np.asarray(sound, np.float32)
    except soundfile.LibsndfileError as error:
        raise Unfit(f"it does not decode: {error.error_string}", is_lasting=True) from None


def _other_than_recorded(of_what: str, found: tuple[int, ...]) -> Unfit:
    return Unfit(f"it decodes to ({of_what}) {found}, not to what was recorded", is_lasting=True)
