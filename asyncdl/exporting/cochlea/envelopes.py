"""From a waveform to its cochleagram: analytic subbands, their magnitudes, a low-pass at 200 Hz, square root.

An analytic subband is the inverse FFT of the few bins that its filter passes. Moved down to 0 Hz it has the
same magnitude, and then a shorter FFT gives every fourth sample of it, say: that is the fast way. The
magnitude reaches beyond the band, so that some of it folds; hence its error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from asyncdl.exporting.cochlea.filters import SAMPLES, Doubles, Subband, subbands

FRAMES = 2000  # of 80 samples, 200 a second
_STEP = SAMPLES // FRAMES
_TAPS, _LEFT, _BETA, _MIDDLE = 1001, 460, 5.0, 500.5  # the window's middle is half a sample off, on purpose
_BEFORE = -(-_LEFT // _STEP)  # frames that the window reaches back
_REACH = 13  # frames that it touches
_WIDER = 3  # a subband is sampled at this many times its width, at least
_FRAMES_AT_ONCE = 100  # in a product: so small that no BLAS starts threads, which took 4 times as long
_POINTS_AT_ONCE = 4 * SAMPLES  # of FFTs in a call: four rows share a vector register; more fall out of caches

Reals = npt.NDArray[np.floating[Any]]


class Method(Enum):
    """How it is computed; the value is its name in files."""

    DOUBLE = "float64"
    SINGLE = "complex64"
    FAST = "fast"


RELATIVE_ERRORS: Final[Mapping[Method, float]] = MappingProxyType(
    {Method.DOUBLE: 1e-12, Method.SINGLE: 5e-6, Method.FAST: 1e-4}
)
"""Bounds of the relative L2 error on the reference signal, which tests hold."""


def kernel() -> Doubles:
    """Make the low-pass, shape (13, 80): weights of the samples in the 13 frames around an output.

    A sinc at 200 Hz under a Kaiser window, correlated with the envelope after 460 zeros.
    """
    taps = np.arange(_TAPS)
    window = np.kaiser(_TAPS, _BETA) * np.sinc((taps - _MIDDLE) / _STEP) / _STEP
    return framed(window, _LEFT)


def framed(window: Doubles, left: int) -> Doubles:
    """Lay a window of 1001 taps over whole frames; ``left`` zeros come before the envelope."""
    room = np.zeros(_REACH * _STEP)
    start = _BEFORE * _STEP - left
    room[start : start + len(window)] = window
    return room.reshape(_REACH, _STEP)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows that go through one FFT call of ``points`` each; ``bins`` are their gains with the first bin."""

    rows: tuple[int, ...]
    points: int
    bins: tuple[tuple[int, npt.NDArray[Any]], ...]
    weights: Reals


class Cochlea:
    """The filters, made once. Calls are independent of each other."""

    def __init__(
        self, method: Method, bands: Sequence[Subband] | None = None, low_pass: Doubles | None = None
    ) -> None:
        is_double = method is Method.DOUBLE
        self._real = np.dtype(np.float64 if is_double else np.float32)
        self._complex = np.dtype(np.complex128 if is_double else np.complex64)
        # Samples of an envelope in each frame: all of them, or as few as its band needs.
        self._densities = (20, 40) if method is Method.FAST else (_STEP,)
        self._bands = subbands() if bands is None else tuple(bands)
        self._low_pass = kernel() if low_pass is None else low_pass
        self._batches = tuple(self._cut())

    def __call__(self, wave: Reals) -> Reals:
        """Answer the cochleagram of 160,000 samples at 16 kHz, shape (171, 2000)."""
        from scipy import fft  # noqa: PLC0415 - an extra

        spectrum = fft.rfft(np.asarray(wave, self._real))
        out = np.empty((len(self._bands), FRAMES), self._real)
        for batch in self._batches:
            analytic = np.zeros((len(batch.rows), batch.points), self._complex)
            for row, (first, gains) in zip(analytic, batch.bins, strict=True):
                np.multiply(gains, spectrum[first : first + len(gains)], out=row[: len(gains)])
            envelopes = np.abs(fft.ifft(analytic, axis=1, norm="forward", overwrite_x=True))
            out[list(batch.rows)] = _smoothed(envelopes, batch.weights)
        return np.asarray(np.sqrt(np.maximum(out, 0)))

    def _cut(self) -> Iterator[_Batch]:
        rows_of: defaultdict[int, list[int]] = defaultdict(list)
        for row, band in enumerate(self._bands):
            rows_of[self._density(band)].append(row)
        for density, rows in rows_of.items():
            points = density * FRAMES
            weights = self._low_pass.reshape(_REACH, density, -1).sum(axis=2).astype(self._real)
            most = _POINTS_AT_ONCE // points
            for start in range(0, len(rows), most):
                chosen = tuple(rows[start : start + most])
                bins = tuple(self._bins(self._bands[row], _STEP // density) for row in chosen)
                yield _Batch(chosen, points, bins, weights)

    def _density(self, band: Subband) -> int:
        fitting = (one for one in self._densities if one * FRAMES >= _WIDER * len(band.gains))
        return next(fitting, self._densities[-1])

    def _bins(self, band: Subband, stride: int) -> tuple[int, npt.NDArray[Any]]:
        """Turn gains into factors: doubled, for one side of the spectrum is dropped, and divided for the FFT.

        Where few samples stand for all, each is moved into the middle of the stretch that it stands for.
        """
        bins = np.arange(band.first, band.first + len(band.gains))
        moved = np.exp(2j * np.pi * bins * ((stride - 1) / 2) / SAMPLES)
        return band.first, (2 / SAMPLES * band.gains * moved).astype(self._complex)


def _smoothed(envelopes: Reals, weights: Reals) -> Reals:
    """Low-pass envelopes into shape (rows, 2000): a product of all frames, then sums along diagonals."""
    blocks = envelopes.reshape(-1, _FRAMES_AT_ONCE, weights.shape[1]) @ weights.T
    parts = blocks.reshape(len(envelopes), FRAMES, _REACH)
    sums = np.zeros((len(envelopes), FRAMES + _REACH - 1), parts.dtype)
    for number in range(_REACH):
        start = _REACH - 1 - number
        sums[:, start : start + FRAMES] += parts[:, :, number]
    start = _REACH - 1 - _BEFORE
    return sums[:, start : start + FRAMES]
