"""Waveforms of ten seconds at 16 kHz whose largest sample is 1, as perib's tools make them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from asyncdl.core.export import StoredClip
from asyncdl.exporting.sound import Samples, fitted, mono, resampled

RATE = 16_000
SECONDS = 10
SAMPLES = RATE * SECONDS
SOXR, FFT = "soxr HQ", "fft"
FULL_SCALE, INT16 = "full_scale", "int16"
_INT16_SCALE = 32_768


@dataclass(frozen=True, slots=True)
class Wave:
    """``samples`` float32 (160000,), divided by ``norm``; a silent one has norm 0 and is not divided.

    ``is_padded``: silence follows sound that did not last ten seconds.
    """

    samples: Samples
    norm: float
    is_padded: bool


def wave_of(clip: StoredClip, sound: Samples, *, compat: bool) -> Wave:
    """Make it of a clip's sound. ``compat``: resampled by FFT, and the norm counts 16-bit steps."""
    rate = clip.clip.sample_rate
    cut = fitted(sound, SECONDS * rate)
    is_padded = clip.clip.samples - clip.clip.padded_samples < SECONDS * rate
    if compat:
        doubles = by_fft(cut.astype(np.float64) * _INT16_SCALE, SAMPLES).mean(axis=1)
        return _divided(doubles, is_padded=is_padded)
    return _divided(resampled(mono(cut), rate, RATE), is_padded=is_padded)


def by_fft(sound: npt.NDArray[np.float64], samples: int) -> npt.NDArray[np.float64]:
    """Resample along the first axis as if the sound went round and round, as scipy's ``resample`` does.

    What lies at the Nyquist frequency of the lower rate is in both halves of its spectrum, so it counts
    twice on the way down, and is halved on the way up.
    """
    before = len(sound)
    if before == samples:
        return sound
    kept = min(before, samples)
    spectrum = np.fft.rfft(sound, axis=0)[: kept // 2 + 1]
    if kept % 2 == 0:
        spectrum[kept // 2] *= 2 if samples < before else 0.5
    return np.asarray(np.fft.irfft(spectrum, samples, axis=0) * (samples / before))


def _divided(samples: npt.NDArray[np.floating[Any]], *, is_padded: bool) -> Wave:
    norm = float(np.abs(samples).max())
    scaled = samples / norm if norm else samples
    return Wave(np.asarray(scaled, np.float32), norm, is_padded)
