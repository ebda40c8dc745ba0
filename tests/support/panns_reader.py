"""PANNs' files as its data set reads them: through an index, to a row of a waveform file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Read:
    """One item of PANNs' data set, before its int16 become floats."""

    waveform: npt.NDArray[np.int16]
    target: npt.NDArray[np.bool_]
    path: str
    row: int


def load(index: Path) -> dict[str, Read]:
    """Read all items of an index; the row that it names must carry its name and its target."""
    items = {}
    with h5py.File(index, "r") as meta:
        assert {name: str(meta[name].dtype) for name in meta} == {
            "audio_name": "|S20",
            "target": "bool",
            "hdf5_path": "|S200",
            "index_in_hdf5": "int32",
        }
        for number, name in enumerate(meta["audio_name"][:]):
            path, row = meta["hdf5_path"][number].decode(), int(meta["index_in_hdf5"][number])
            with h5py.File(path, "r") as file:
                assert file["audio_name"][row] == name
                np.testing.assert_array_equal(file["target"][row], meta["target"][number])
                items[name.decode()] = Read(file["waveform"][row], file["target"][row], path, row)
    return items
