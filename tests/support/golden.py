"""The reference signal of cochleagrams, and values of its cochleagram that another program computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

GOLDEN = Path(__file__).parents[1] / "data" / "cochleagram_golden.npz"
ROW_STEP, FRAME_STEP = 5, 20  # of the values that are kept
_SIGNS = 0x39A0AA66AAEB1F0EAAAA8AA96


def golden() -> dict[str, npt.NDArray[np.float64]]:
    with np.load(GOLDEN, allow_pickle=False) as values:
        return {name: values[name] for name in values.files}


def reference_wave() -> npt.NDArray[np.float32]:
    """A sweep with tremolo, a square wave and noise, shape (160000,), largest sample 1."""
    number = np.arange(160_000, dtype=np.int64)
    time_s = number / 16_000
    sweep = 0.5 * np.sin(2 * np.pi * (100 * time_s + 390 * time_s * time_s))
    tremolo = 1 + 0.5 * np.sin(2 * np.pi * 3 * time_s)
    noise = ((1_103_515_245 * number + 12_345) % 2**31) / 2**31 - 0.5
    wave = (sweep * tremolo + 0.2 * _square(number) + noise * 0.1).astype(np.float32)
    return np.asarray(wave / np.abs(wave).max(), np.float32)


def _square(number: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The sign of a sine at 55 Hz; at its zeros, where rounding decides, that of a table."""
    square = np.where(55 * number % 16_000 < 8000, 1.0, -1.0)
    square[::1600] = [1.0 if bit == "1" else -1.0 for bit in format(_SIGNS, "0100b")]
    square[0] = 0
    return square
