"""The absolute paths in PANNs' indexes: how long they may be, and how they follow an export that moves."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.panns_index import reanchor
from support.exports import Sounding, export_all, files_of, make_data_set
from support.panns_reader import load

WAVEFORMS = ("hdf5s/waveforms/balanced_train.h5", "hdf5s/waveforms/eval.h5")


def target_of(root: Path) -> Path:
    return root / "exports" / "panns"


async def test_an_export_that_was_moved_loads_again_once_it_is_reanchored(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    target = export_all(tmp_path, "panns", terms=Terms(root="/data/panns")).place.target
    before = {name: (target / name).stat().st_mtime_ns for name in WAVEFORMS}
    moved = target.rename(tmp_path / "moved")
    with pytest.raises(FileNotFoundError):
        load(moved / "hdf5s/indexes/eval.h5")
    assert reanchor(moved, moved) == 8 + 4  # of two indexes, and of the full one
    assert len(load(moved / "hdf5s/indexes/eval.h5")) == 4
    assert len(load(moved / "hdf5s/indexes/full_train.h5")) == 4
    assert {name: (moved / name).stat().st_mtime_ns for name in WAVEFORMS} == before
    assert reanchor(moved, moved) == 0


async def test_a_reanchored_index_has_the_bytes_of_one_that_was_written_so(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    target = export_all(tmp_path, "panns", terms=Terms(root="/data/panns")).place.target
    written = files_of(target)
    assert reanchor(target, Path("/elsewhere")) == 12
    assert files_of(target) != written
    assert reanchor(target, Path("/data/panns")) == 12
    assert files_of(target) == written


async def test_what_is_no_index_of_ours_is_let_alone(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    target = export_all(tmp_path, "panns").place.target
    foreign = target / "hdf5s/indexes/mine.h5"
    with h5py.File(foreign, "w") as file:
        file["hdf5_path"] = np.array([b"/x/hdf5s/waveforms/eval.h5"], "S300")
        file.create_group("more")
    before = foreign.read_bytes()
    reanchor(target, Path("/elsewhere"))
    assert foreign.read_bytes() == before


def root_for(path_bytes: int) -> str:
    """A folder below which the path of ``eval.h5`` has so many bytes; most of its letters take two."""
    room = path_bytes - len("//hdf5s/waveforms/eval.h5")
    return "/" + "ä" * (room // 2) + "a" * (room % 2)


async def test_a_path_of_200_bytes_fits(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=1, splits=("eval",)))
    export_all(tmp_path, "panns", terms=Terms(root=root_for(200)))
    with h5py.File(target_of(tmp_path) / "hdf5s/indexes/eval.h5", "r") as index:
        (path,) = index["hdf5_path"][:].tolist()
    assert len(path) == 200


async def test_a_longer_path_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=1, splits=("eval",)))
    with pytest.raises(UsageError, match="--root"):
        export_all(tmp_path, "panns", terms=Terms(root=root_for(201)))
    assert not files_of(target_of(tmp_path))
    export_all(tmp_path, "panns")
    before = files_of(target_of(tmp_path))
    with pytest.raises(UsageError, match="--root"):
        reanchor(target_of(tmp_path), Path(root_for(201)))
    assert files_of(target_of(tmp_path)) == before
