"""Rows of an HDF5 file that processes write each by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest

from asyncdl.exporting.h5_rows import Column, begin_rows, make_rows, row_writer

COLUMNS = (
    Column("name", (), "S16"),
    Column("wave", (3, 5), "<f4"),
    Column("target", (527,), "?"),
    Column("count", (), "<i4"),
)
WRITER = """
import sys
from pathlib import Path
import numpy as np
from asyncdl.exporting.h5_rows import row_writer
path, first = Path(sys.argv[1]), int(sys.argv[2])
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
with row_writer(path, first) as file:
    for row in range(0, 40, 2):
        file.put(row, wave=np.full((3, 5), first + row), count=first + row + 1)
"""


def block(first: int, rows: int) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]]:
    rng = np.random.default_rng(first)
    return {
        "name": np.array([f"clip {first + row}".encode() for row in range(rows)], "S16"),
        "wave": rng.random((rows, 3, 5), np.float32),
        "target": rng.random((rows, 527)) > 0.5,
        "count": np.arange(first, first + rows, dtype="<i4"),
    }


def write(path: Path, first: int, rows: int) -> None:
    values = block(first, rows)
    with row_writer(path, first) as file:
        for row in range(rows):
            file.put(row, **{name: column[row] for name, column in values.items()})


def test_rows_stand_where_they_belong_whatever_the_order_of_writing(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    begin_rows(path, COLUMNS, 9, {})
    for first, rows in ((6, 3), (0, 2), (2, 4)):
        write(path, first, rows)
    with h5py.File(path) as file:
        for first, rows in ((0, 2), (2, 4), (6, 3)):
            for name, values in block(first, rows).items():
                assert np.array_equal(file[name][first : first + rows], values)
        assert {name: (one.shape, one.dtype.str) for name, one in file.items()} == {
            "name": ((9,), "|S16"),
            "wave": ((9, 3, 5), "<f4"),
            "target": ((9, 527), "|b1"),
            "count": ((9,), "<i4"),
        }


def test_h5py_itself_would_have_written_the_same(tmp_path: Path) -> None:
    begin_rows(tmp_path / "rows", COLUMNS, 4, {"size": 4})
    make_rows(tmp_path / "by_h5py", COLUMNS, 4, {"size": 4})
    write(tmp_path / "rows", 0, 4)
    with h5py.File(tmp_path / "by_h5py", "r+") as file:
        for name, values in block(0, 4).items():
            file[name][:] = values
    assert (tmp_path / "rows").read_bytes() == (tmp_path / "by_h5py").read_bytes()


def test_columns_that_are_not_written_stay_as_they_are(tmp_path: Path) -> None:
    begin_rows(tmp_path / "rows", COLUMNS, 2, {})
    write(tmp_path / "rows", 0, 2)
    with row_writer(tmp_path / "rows", 1) as file:
        file.put(0, count=77)
    with h5py.File(tmp_path / "rows") as file:
        assert file["count"][:].tolist() == [0, 77]
        assert np.array_equal(file["wave"][:], block(0, 2)["wave"])


def test_a_file_begun_takes_no_room_for_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    begin_rows(path, (Column("wave", (320_000,), "<i2"),), 1000, {})
    status = path.stat()
    assert status.st_size > 640_000_000
    assert status.st_blocks * 512 < 1_000_000
    assert list(tmp_path.iterdir()) == [path]


def test_attributes_are_there_from_the_beginning(tmp_path: Path) -> None:
    begin_rows(tmp_path / "rows", COLUMNS, 1, {"size": 1, "unit": "int16"})
    with h5py.File(tmp_path / "rows") as file:
        assert dict(file.attrs) == {"size": 1, "unit": "int16"}


def test_the_name_of_a_file_begun_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []

    def fsync(fd: int) -> None:
        synced.append((os.fstat(fd).st_ino, (tmp_path / "rows").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    begin_rows(tmp_path / "rows", COLUMNS, 1, {})
    assert synced == [((tmp_path / "rows").stat().st_ino, False), (tmp_path.stat().st_ino, True)]


def test_rows_are_neither_gathered_nor_copied_in_memory(tmp_path: Path) -> None:
    begin_rows(tmp_path / "rows", (Column("wave", (320_000,), "<i2"),), 50, {})
    wave = np.ones(320_000, "<i2")
    with row_writer(tmp_path / "rows", 0) as file:
        tracemalloc.start()
        for row in range(50):
            file.put(row, wave=wave)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < wave.nbytes / 4


@pytest.mark.parametrize("wave", [np.zeros((3, 4)), np.zeros((2, 3, 5)), 0])
def test_a_row_of_another_size_is_a_bug(wave: object, tmp_path: Path) -> None:
    begin_rows(tmp_path / "rows", COLUMNS, 2, {})
    with row_writer(tmp_path / "rows", 0) as file, pytest.raises(ValueError, match="wave has"):
        file.put(0, wave=np.asarray(wave))


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_bytes_of_a_row_are_those_of_the_file(column: Column, tmp_path: Path) -> None:
    make_rows(tmp_path / "rows", (column,), 7, {})
    with h5py.File(tmp_path / "rows") as file:
        assert file[column.name].id.get_storage_size() == 7 * column.row_bytes


def test_two_processes_write_rows_of_one_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    begin_rows(path, COLUMNS, 40, {})
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(first)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for first in range(2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    for writer in writers:
        with writer:
            assert writer.wait(60) == 0
    with h5py.File(path) as file:
        assert file["count"][:].tolist() == list(range(1, 41))
        assert file["wave"][:, 2, 4].tolist() == list(range(40))
        assert not file["target"][:].any()
