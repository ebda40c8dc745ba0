"""Cochleagrams by the published steps, in double precision and with numpy alone: the other opinion."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

LENGTH, STEP, FRAMES, BANDS = 160_000, 80, 2000, 163
_WIDTH = 24.7 * 9.265


def _erb(hertz: Values) -> Values:
    return np.asarray(9.265 * np.log(1 + hertz / _WIDTH))


def _hertz(erb: float) -> float:
    return float(_WIDTH * (np.exp(erb / 9.265) - 1))


@cache
def filters() -> Values:
    """Shape (171, 80001): four low passes, 163 bands, four high passes; their squares sum to 1."""
    hertz = np.arange(LENGTH // 2 + 1) * 16_000 / LENGTH
    low_erb, high_erb = (float(_erb(np.array(limit))) for limit in (20.0, 8000.0))
    points, erbs = np.linspace(low_erb, high_erb, BANDS + 2), _erb(hertz)
    centres, spacing = points[1:-1], (high_erb - low_erb) / (BANDS + 1)
    away = erbs[None] - centres[:, None]
    bands = np.where(np.abs(away) < 4 * spacing, np.cos(np.pi * away / (8 * spacing)), 0.0)
    rows = np.zeros((BANDS + 8, len(hertz)))
    rows[4:-4] = bands
    for at in range(4):
        low, high = bands[at], bands[BANDS - 1 - at]
        rows[at] = np.where(hertz < _hertz(centres[at]), np.sqrt(1 - low**2), 0)
        rows[-1 - at] = np.where(hertz > _hertz(centres[BANDS - 1 - at]), np.sqrt(1 - high**2), 0)
    return rows / 2


def cochleagram(wave: npt.NDArray[np.float32]) -> Values:
    """Answer 171 x 2000 of 160,000 samples at 16 kHz."""
    times = np.arange(1001) - 500.5
    window = np.kaiser(1001, 5) * np.sinc(times / STEP) / STEP
    spectrum = np.fft.rfft(wave.astype(np.float64))
    made = np.empty((BANDS + 8, FRAMES))
    for at, one in enumerate(filters()):
        whole = np.zeros(LENGTH, np.complex128)
        whole[1 : LENGTH // 2] = 2 * (one * spectrum)[1:-1]
        padded = np.pad(np.abs(np.fft.ifft(whole)), (460, 461))
        frames = np.lib.stride_tricks.sliding_window_view(padded, 1001)[::STEP]
        made[at] = np.sqrt(np.maximum(frames @ window, 0))
    return made
