"""Sound as the bytes of a file: WAV of 16 bits, or AAC in M4A by ffmpeg."""

from __future__ import annotations

import asyncio
import io
import tempfile
import wave
from pathlib import Path

from asyncdl.core.argv import MEMORY_BYTES, aac_argv
from asyncdl.core.ffmpeg_report import Report
from asyncdl.core.model import Failure
from asyncdl.exporting.sound import ClipReader, Samples, Unfit, as_int16, unfit_by
from asyncdl.runtime.limits import Limits
from asyncdl.runtime.run_ffmpeg import run_ffmpeg

WAV_HEADER_BYTES = 44
# Sizes in a WAV file have 32 bits.
_MOST_WAV_BYTES = (1 << 32) - 1 - WAV_HEADER_BYTES
_ENCODE_S = 300.0
_WRITING = Limits(memory_bytes=MEMORY_BYTES, file_bytes=4 << 30)


def as_wav(sound: Samples, rate: int) -> bytes:
    """Write sound of full scale 1, shape (samples, channels), as 16-bit WAV."""
    samples = as_int16(sound)
    if samples.nbytes > _MOST_WAV_BYTES:
        raise Unfit("it is too long for a WAV file", is_lasting=True)
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2", copy=False).tobytes())
    return content.getvalue()


def as_m4a(sound: Samples, rate: int, reader: ClipReader) -> bytes:
    """Encode to AAC with the reader's ffmpeg; one ffmpeg gives the same bytes for the same sound."""
    with tempfile.TemporaryDirectory() as folder:
        wav, out = Path(folder, "sound.wav"), Path(folder, "sound.m4a")
        wav.write_bytes(as_wav(sound, rate))
        done = asyncio.run(_encode(wav, out, reader))
        if isinstance(done, Failure):
            raise unfit_by(done, "it cannot be encoded", "AAC of a clip")
        return out.read_bytes()


async def _encode(wav: Path, out: Path, reader: ClipReader) -> Report | Failure:
    ffmpeg = await reader.ffmpeg()
    return await run_ffmpeg(ffmpeg, aac_argv(ffmpeg.path, str(wav), str(out)), _ENCODE_S, _WRITING)
