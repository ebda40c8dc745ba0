"""The filters: half cosines on a scale of equivalent rectangular bandwidths, and what is left at both ends.

The squares of all rows sum to 1 at every frequency but 0 Hz and the Nyquist frequency, which no row passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]

RATE = 16_000
SAMPLES = 160_000
ROWS = 171
_NYQUIST = SAMPLES // 2
_LOW_HZ, _HIGH_HZ = 20.0, 8000.0
_OVER = 4  # filters that overlap at any frequency, and a quarter of this on each side reach beyond the ends
_BANDS = _OVER * (40 + 1) - 1
_EAR_Q, _LEAST_HZ = 9.265, 24.7  # Glasberg and Moore (1990)


@dataclass(frozen=True, slots=True)
class Subband:
    """A row: gains of the bins from ``first`` on, of the spectrum of 160,000 samples; 0 elsewhere."""

    first: int
    gains: Doubles


def subbands() -> tuple[Subband, ...]:
    """Make all rows, from low to high: 4 low-pass, 163 band-pass, 4 high-pass."""
    return (*_low_passes(), *_band_passes(), *reversed(list(_high_passes())))


def centres_hz() -> Doubles:
    """Centre frequencies of the rows in Hz, shape (171,); those at the ends are where a band would lie."""
    centres, step = _centres()
    beyond = _OVER * step
    return _hz(np.concatenate([centres[:_OVER] - beyond, centres, centres[-_OVER:] + beyond]))


def _low_passes() -> Iterator[Subband]:
    centres, _ = _centres()
    for centre in centres[:_OVER]:
        end = int(np.searchsorted(_grid_hz(), _hz(centre), "left"))
        yield _rest(1, end, centre)


def _high_passes() -> Iterator[Subband]:
    """Yield them from the highest on."""
    centres, _ = _centres()
    for centre in centres[: -_OVER - 1 : -1]:
        first = int(np.searchsorted(_grid_hz(), _hz(centre), "right"))
        yield _rest(first, _NYQUIST, centre)


def _band_passes() -> Iterator[Subband]:
    centres, step = _centres()
    scale, reach = _erb(_grid_hz()), _OVER * step
    firsts = np.searchsorted(scale, centres - reach, "right")
    ends = np.searchsorted(scale, centres + reach, "left")
    for centre, first, end in zip(centres, firsts.tolist(), ends.tolist(), strict=True):
        yield Subband(first, _bell(scale[first : min(end, _NYQUIST)], centre) / np.sqrt(_OVER))


def _rest(first: int, end: int, centre: np.float64) -> Subband:
    """Pass what the band around ``centre`` does not."""
    passed = _bell(_erb(_grid_hz()[first:end]), centre)
    return Subband(first, np.sqrt(1 - passed**2) / np.sqrt(_OVER))


def _bell(scale: Doubles, centre: np.float64) -> Doubles:
    """Half a cosine, 8 steps wide, around ``centre``."""
    off = scale - centre
    reach = _OVER * _centres()[1]
    return np.where(np.abs(off) < reach, np.cos(np.pi * off / (2 * reach)), 0.0)


def _centres() -> tuple[Doubles, np.float64]:
    """Answer the centres of the bands, equally spaced, and the step between them."""
    low, high = _erb(np.array([_LOW_HZ, _HIGH_HZ]))
    points: Doubles = np.linspace(low, high, _BANDS + 2)
    return points[1:-1], points[1] - points[0]


def _grid_hz() -> Doubles:
    """Frequencies of the bins."""
    return np.arange(_NYQUIST + 1, dtype=np.float64) * (RATE / SAMPLES)


def _erb(hz: Doubles) -> Doubles:
    """Count equivalent rectangular bandwidths below a frequency."""
    return _EAR_Q * np.log(1 + hz / (_LEAST_HZ * _EAR_Q))


def _hz(erb: Doubles | np.float64) -> Doubles:
    return np.asarray(_LEAST_HZ * _EAR_Q * (np.exp(erb / _EAR_Q) - 1), np.float64)
