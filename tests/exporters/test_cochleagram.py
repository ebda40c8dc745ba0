"""Cochleagrams in perib's form, read back with h5py and numpy; mostly by the fast way, to be quick."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr

from asyncdl.core.export import StoredClip
from asyncdl.errors import UsageError
from asyncdl.exporters import cochleagram
from asyncdl.exporting.cochlea.envelopes import Cochlea, Method
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.steps import plan, prepare
from asyncdl.labels import load_labels
from support.exports import Sounding, export_all, files_of, make_data_set, make_todo, opened, stored_clips

h5py = pytest.importorskip("h5py")
pytest.importorskip("scipy")

FEW = Sounding(count=3, splits=("eval",))
FAST = Terms(fast=True)
NAMES = {"eval_Coch.hdf5", "eval_average.npy"}


@dataclass(frozen=True)
class Read:
    """A file and its average."""

    coch: npt.NDArray[np.float32]
    labels: npt.NDArray[np.bool_]
    attributes: dict[str, Any]
    average: npt.NDArray[np.float64]


def load(target: Path, name: str = "eval") -> Read:
    average = np.load(target / f"{name}_average.npy", allow_pickle=False)
    assert (average.shape, average.dtype) == ((342_000,), np.float64)
    with h5py.File(target / f"{name}_Coch.hdf5", "r") as file:
        assert sorted(file) == ["coch", "labels"]
        assert (file["coch"].dtype, file["labels"].dtype) == (np.float32, np.bool_)
        read = Read(file["coch"][:], file["labels"][:], dict(file.attrs), average)
    assert read.coch.shape == (read.attributes["size"], 342_000)
    assert read.labels.shape == (read.attributes["size"], 527)
    return read


def wave_of(root: Path, clip: StoredClip) -> npt.NDArray[np.float32]:
    sound, rate = soundfile.read(root / clip.path, dtype="float32", always_2d=True)
    padded = np.zeros(10 * rate, np.float32)
    padded[: len(sound)] = sound.mean(axis=1)
    wave = np.asarray(soxr.resample(padded, rate, 16_000, quality="HQ"), np.float32)
    return np.asarray(wave / np.abs(wave).max(), np.float32)


def targets_of(clips: Sequence[StoredClip]) -> npt.NDArray[np.bool_]:
    mids = [label.mid for label in load_labels().classes]
    return np.array([[mid in clip.segment.labels for mid in mids] for clip in clips])


def in_order(root: Path) -> list[StoredClip]:
    with opened(root, "cochleagram", terms=FAST) as export:
        return list(export.table.clips())


async def test_each_row_is_the_cochleagram_of_its_clip_and_the_average_their_mean(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FEW)
    target = export_all(tmp_path, "cochleagram", terms=FAST).place.target
    assert set(files_of(target)) == NAMES
    read, clips, cochlea = load(target), in_order(tmp_path), Cochlea(Method.FAST)
    right = np.array([cochlea(wave_of(tmp_path, clip)).ravel() for clip in clips])
    np.testing.assert_allclose(read.coch, right, rtol=0, atol=1e-4)
    np.testing.assert_array_equal(read.labels, targets_of(clips))
    np.testing.assert_allclose(read.average, read.coch.mean(axis=0, dtype=np.float64), rtol=1e-14)
    told = {"size": 3, "resampler": "soxr HQ", "method": "fast", "relative_l2_error": 1e-4}
    assert read.attributes == told


async def test_the_usual_way_is_single_precision_and_says_so(tmp_path: Path) -> None:
    await make_data_set(tmp_path, replace(FEW, count=1, seconds=10))
    read = load(export_all(tmp_path, "cochleagram").place.target)
    (clip,) = stored_clips(tmp_path)
    right = Cochlea(Method.DOUBLE)(wave_of(tmp_path, clip)).ravel()
    assert np.linalg.norm(read.coch[0] - right) / np.linalg.norm(right) < 5e-6
    assert (read.attributes["method"], read.attributes["relative_l2_error"]) == ("complex64", 5e-6)


@pytest.mark.parametrize("compat", [False, True])
async def test_made_of_an_hdf5_export_it_is_the_same_as_made_of_the_clips(
    compat: bool, tmp_path: Path
) -> None:
    await make_data_set(tmp_path, FEW)
    terms = Terms(compat=compat)
    waves = export_all(tmp_path, "hdf5", terms=terms).place.target / "eval.hdf5"
    of_clips = export_all(tmp_path, "cochleagram", tmp_path / "one", replace(terms, fast=True))
    of_file = export_all(tmp_path, "cochleagram", tmp_path / "two", replace(FAST, source=str(waves)))
    assert set(files_of(of_file.place.target)) == NAMES
    assert files_of(of_file.place.target) == files_of(of_clips.place.target)
    assert load(tmp_path / "two").attributes["resampler"] == ("fft" if compat else "soxr HQ")


def write_waves(path: Path, rows: int, size: int | None) -> npt.NDArray[np.float32]:
    """As the older tool does: chunks, and rows at the end that nobody filled."""
    waves = np.random.default_rng(rows).uniform(-1, 1, (rows, 160_000)).astype(np.float32)
    labels = np.zeros((rows, 527), np.bool_)
    labels[range(rows), range(rows)] = True
    if size is not None:
        waves[size:], labels[size:] = 0, False
    with h5py.File(path, "w") as file:
        file.create_dataset("wav", data=waves, chunks=(1, 160_000))
        file.create_dataset("labels", data=labels, chunks=(1, 527))
        if size is not None:
            file.attrs["size"] = size
    return waves


async def test_of_a_file_of_the_older_tool_only_the_filled_rows_are_taken(tmp_path: Path) -> None:
    await make_data_set(tmp_path, replace(FEW, count=1))
    source = tmp_path / "mine.hdf5"
    waves = write_waves(source, rows=4, size=2)
    finish = export_all(tmp_path, "cochleagram", terms=replace(FAST, source=str(source)))
    read, cochlea = load(finish.place.target, "mine"), Cochlea(Method.FAST)
    np.testing.assert_array_equal(read.coch, [cochlea(wave).ravel() for wave in waves[:2]])
    assert np.argwhere(read.labels).tolist() == [[0, 0], [1, 1]]
    assert read.attributes["resampler"] == "fft"


async def test_a_source_that_is_as_it_was_is_not_read_again_and_a_changed_one_is(tmp_path: Path) -> None:
    await make_data_set(tmp_path, replace(FEW, count=1))
    source = tmp_path / "mine.hdf5"
    write_waves(source, rows=1, size=None)
    terms = replace(FAST, source=str(source))
    before = files_of(export_all(tmp_path, "cochleagram", terms=terms).place.target)
    with opened(tmp_path, "cochleagram", terms=terms) as export:
        assert prepare(export).todo == ()
    with h5py.File(source, "r+") as file:
        file["wav"][0] = file["wav"][0][::-1]
    told = source.stat()
    os.utime(source, ns=(told.st_atime_ns, told.st_mtime_ns + 1))
    assert files_of(export_all(tmp_path, "cochleagram", terms=terms).place.target) != before


async def test_an_export_of_one_file_leaves_that_of_another_alone(tmp_path: Path) -> None:
    await make_data_set(tmp_path, replace(FEW, count=1))
    for name in ("one", "two"):
        source = tmp_path / f"{name}.hdf5"
        write_waves(source, rows=1, size=None)
        target = export_all(tmp_path, "cochleagram", terms=replace(FAST, source=str(source))).place.target
    expected = {f"{name}{ending}" for name in ("one", "two") for ending in ("_Coch.hdf5", "_average.npy")}
    assert set(files_of(target)) == expected


def write_other_form(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["wav"] = np.zeros((2, 80_000), np.float32)
        file["labels"] = np.zeros((2, 527), np.bool_)


def write_no_labels(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["wav"] = np.zeros((2, 160_000), np.float32)
        file.create_group("labels")


def write_text(path: Path) -> None:
    path.write_text("no HDF5 file")


def write_empty(path: Path) -> None:
    write_waves(path, rows=1, size=0)


def write_nothing(path: Path) -> None:
    assert not path.exists()


@pytest.mark.parametrize("write", [write_other_form, write_no_labels, write_text, write_empty, write_nothing])
async def test_a_source_of_another_form_is_refused_with_its_name(write: Any, tmp_path: Path) -> None:
    await make_data_set(tmp_path, replace(FEW, count=1))
    write(tmp_path / "mine.hdf5")
    terms = replace(FAST, source=str(tmp_path / "mine.hdf5"))
    with (
        opened(tmp_path, "cochleagram", terms=terms) as export,
        pytest.raises(UsageError, match=r"mine\.hdf5"),
    ):
        plan(export)


async def test_neither_a_kill_nor_the_order_of_slabs_changes_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cochleagram, "_SLAB_ROWS", 1)
    await make_data_set(tmp_path, FEW)
    undisturbed = files_of(export_all(tmp_path, "cochleagram", tmp_path / "one", FAST).place.target)
    with opened(tmp_path, "cochleagram", tmp_path / "two", FAST) as export:
        agenda = prepare(export)
        make_todo(export, replace(agenda, todo=agenda.todo[::-1]), most=2)
    with opened(tmp_path, "cochleagram", tmp_path / "two", FAST) as export:
        agenda = prepare(export)
        assert agenda.todo == (0,)
        make_todo(export, agenda)
        complete(export, agenda)
    assert files_of(tmp_path / "two") == undisturbed


async def test_a_clip_that_is_left_out_has_no_row_and_no_part_in_the_average(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FEW)
    clips = in_order(tmp_path)
    (tmp_path / clips[1].path).unlink()
    read = load(export_all(tmp_path, "cochleagram", terms=FAST).place.target)
    np.testing.assert_array_equal(read.labels, targets_of([clips[0], clips[2]]))
    np.testing.assert_allclose(read.average, read.coch.mean(axis=0, dtype=np.float64), rtol=1e-14)
    assert read.coch.any(axis=1).all()


async def test_a_largest_size_gives_files_that_each_have_their_average(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FEW)
    most = 2 * 4 * 342_000 + 20_000
    terms = replace(FAST, max_shard_bytes=most)
    target = export_all(tmp_path, "cochleagram", terms=terms).place.target
    with opened(tmp_path, "cochleagram", terms=terms) as export:
        sizes = export.exporter.clip_bytes(export.table, terms)
    names = ("eval_00", "eval_01")
    assert set(files_of(target)) == {
        f"{name}{end}" for name in names for end in ("_Coch.hdf5", "_average.npy")
    }
    for name in names:
        read = load(target, name)
        np.testing.assert_allclose(read.average, read.coch.mean(axis=0, dtype=np.float64), rtol=1e-14)
        assert (target / f"{name}_Coch.hdf5").stat().st_size <= most
    assert sum(len(content) for content in files_of(target).values()) <= sum(sizes)
