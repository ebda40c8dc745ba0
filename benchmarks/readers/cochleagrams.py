"""perib's cochleagrams, compared with those of the published steps."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from readers.arrays import perib_wave, require_arrays
from readers.recipe import cochleagram
from readers.tally import Tally
from readers.truth import SPLITS, DataSet, Truth

COCH_RELATIVE_L2, COCH_PADDED_RELATIVE_L2 = 5e-6, 1e-3
"""Exact silence is where single precision leaves rounding, of which the square root is taken."""


@cache
def _cochleagrams(truths: tuple[Truth, ...]) -> dict[str, npt.NDArray[np.float32]]:
    """Make them by the published steps in double precision; some 0.9 s each."""
    with ProcessPoolExecutor(2) as pool:
        made = pool.map(_cochleagram_of, truths, chunksize=4)
        return {one.ytid: coch for one, coch in zip(truths, made, strict=True)}


def _cochleagram_of(truth: Truth) -> npt.NDArray[np.float32]:
    wave, _ = perib_wave(truth, is_compat=False)
    return cochleagram(wave.astype(np.float32)).astype(np.float32).ravel()


def read_cochleagrams(target: Path, data: DataSet, tally: Tally) -> None:
    """Find each row's clip by its nearest cochleagram, since the form names none."""
    for split in SPLITS:
        if (target / f"{split}_Coch.hdf5").exists() or split == SPLITS[0]:
            _read_split(target, split, data, tally)


def _read_split(target: Path, split: str, data: DataSet, tally: Tally) -> None:
    truths = data.of(split)
    right = _cochleagrams(tuple(truths))
    sketches = np.stack([right[one.ytid].reshape(171, -1).mean(axis=1) for one in truths])
    total, names = np.zeros(342_000), []
    with h5py.File(target / f"{split}_Coch.hdf5") as file:
        require_arrays(file, "coch", (len(truths), 342_000), tally)
        for at in range(len(file["coch"])):
            found = file["coch"][at]
            total += found
            sketch = found.reshape(171, -1).mean(axis=1)
            truth = truths[int(np.abs(sketches - sketch).max(axis=1).argmin())]
            names.append(truth.ytid)
            tally.bits(truth, file["labels"][at])
            tally.sound(truth, found, right[truth.ytid], within=1e-3, scale=1)
            _note_l2(truth, found, right[truth.ytid], tally)
        tally.names(names, [one.ytid for one in truths], split)
    mean = np.load(target / f"{split}_average.npy", allow_pickle=False)
    tally.equal((mean.dtype, mean.shape), (np.float64, (342_000,)), "average")
    off = np.abs(mean - total / len(truths)).max()
    tally.require(off <= 1e-12, f"average of {split} is off by {off:.3g}")


def _note_l2(
    truth: Truth, found: npt.NDArray[np.float32], right: npt.NDArray[np.float32], tally: Tally
) -> None:
    size = float(np.linalg.norm(right))
    off = float(np.linalg.norm(found.astype(np.float64) - right)) / size if size else float(found.any())
    is_padded = truth.seconds < 10
    name = "relative_l2_padded" if is_padded else "relative_l2"
    tally.figures[name] = max(tally.figures.get(name, 0.0), float(f"{off:.3g}"))
    within = COCH_PADDED_RELATIVE_L2 if is_padded else COCH_RELATIVE_L2
    tally.require(off <= within, f"the cochleagram of {truth.ytid} is off by {off:.3g} (relative L2)")
