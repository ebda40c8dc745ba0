"""MP3 of a constant bitrate, encoded in process by libsndfile: the same sound gives the same bytes."""

from __future__ import annotations

import io

from asyncdl.core.export import Sizes
from asyncdl.exporting.sound import Samples

RATE = 32_000
BITRATE = 64_000
_FRAME_SAMPLES = 1152
_FRAME_BYTES = _FRAME_SAMPLES // 8 * BITRATE // RATE
# One frame that tells of the others, one for what the encoder's delay pushes out; measured.
_MORE_FRAMES = 2
# libsndfile turns 0 to 1 into 320 down to 32 kbit/s, evenly.
_COMPRESSION = (320_000 - BITRATE) / (320_000 - 32_000)


def mp3_of(sound: Samples) -> bytes:
    """Encode mono sound of ``RATE``, shape (samples,), full scale 1."""
    import soundfile  # noqa: PLC0415 - in worker processes only

    encoded = io.BytesIO()
    with soundfile.SoundFile(
        encoded,
        "w",
        samplerate=RATE,
        channels=1,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=_COMPRESSION,
        bitrate_mode="CONSTANT",
    ) as file:
        file.write(sound.clip(-1, 1))
    return encoded.getvalue()


def mp3_bytes(samples: Sizes) -> Sizes:
    """Say how many bytes ``mp3_of`` makes of so many samples."""
    return (-(-samples // _FRAME_SAMPLES) + _MORE_FRAMES) * _FRAME_BYTES
