"""Hears which second of a video a clip begins with: the pitch of a chirp at t seconds is 200 + 10 t Hz.

numpy and soundfile are imported inside the functions: the site itself needs neither, and starts quicker.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from asyncdl.demo.media import Master
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.process import run_child

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BASE_HZ = 200.0
HZ_PER_S = 10.0
WINDOW_BEGIN_S = 0.5
WINDOW_S = 0.25
NEEDED_S = WINDOW_BEGIN_S + WINDOW_S
_SPECTRUM_S = 10.0
_DEADLINE_S = 60.0


def heard_start_ms(clip: Path, *, delay_ms: float = 0.0) -> float:
    """Tell where on the video's time line the first sample of an audio file lies, in milliseconds.

    ``delay_ms`` is how late the master's sound is by its own making (``sound_delay_ms``). Raises
    ``ValueError`` when the clip is shorter than 0.75 s or silent.
    """
    import soundfile  # noqa: PLC0415 - see the module's docstring

    samples, rate = soundfile.read(clip, dtype="float64", always_2d=True)
    return heard_in(samples.mean(axis=1), rate, delay_ms=delay_ms)


def heard_in(samples: NDArray[np.float64], rate: int, *, delay_ms: float = 0.0) -> float:
    """Do the same for mono samples, shape (n,), at ``rate`` Hz; the pitch must stay below ``rate`` / 2."""
    import numpy as np  # noqa: PLC0415 - see the module's docstring

    begin, length = round(WINDOW_BEGIN_S * rate), round(WINDOW_S * rate)
    window = samples[begin : begin + length]
    if len(window) < length or not np.any(window):
        raise ValueError("too short or silent")
    spectrum = np.abs(np.fft.rfft(window * np.hanning(length), _points(rate)))
    peak = min(max(int(np.argmax(spectrum)), 1), len(spectrum) - 2)
    below, at, above = np.log(spectrum[peak - 1 : peak + 2] + 1e-300)
    pitch = (peak + (below - above) / (2 * (below - 2 * at + above))) * rate / _points(rate)
    middle_s = (begin + (length - 1) / 2) / rate
    return float(((pitch - BASE_HZ) / HZ_PER_S - middle_s) * 1000 + delay_ms)


async def sound_delay_ms(master: Master, ffmpeg: str) -> float:
    """Measure how many milliseconds late a chirp master's sound is: the priming of its AAC encoder.

    Decodes the file's first two seconds from byte 0 and listens. Raises ``EnvironmentFault`` when ffmpeg
    cannot.
    """
    with tempfile.TemporaryDirectory(prefix="asyncdl-listen-") as folder:
        sound = Path(folder) / "head.wav"
        source = ("-i", f"file:{master.path}", "-t", "2", "-map", "0:a:0", f"file:{sound}")
        argv = (ffmpeg, "-nostdin", "-v", "error", *source)
        finished = await run_child(argv, deadline_s=_DEADLINE_S, env=os.environ)
        if finished.returncode or finished.timed_out:
            raise EnvironmentFault(f"ffmpeg could not decode the demo's media: {finished.error_text}")
        return -heard_start_ms(sound)


def _points(rate: int) -> int:
    """Return the size of the zero-padded transform: a power of two, 2**19 at 48 kHz."""
    return 1 << (int(_SPECTRUM_S * rate) - 1).bit_length()
