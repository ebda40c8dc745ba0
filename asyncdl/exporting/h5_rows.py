"""HDF5 files whose rows several processes write at once, each its own, so that a killed export can go on.

HDF5 itself has one writer. But a dataset that is stored in one stretch begins at a known byte: the file is
made with its full size first (sparse, so that takes no time), then rows are written where they belong, and
what has been synced is there whatever happens. A clip is one read, as with chunks of one row. The attributes
are there from the beginning, so that the finished part is the file, and only its name changes.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asyncdl.exporting.shared import SharedFile
from asyncdl.runtime.files import REAL_FILES, sync_file, sync_folder, write_all

_COPIED_BYTES = 4 << 20
Attributes = Mapping[str, object]
H5File = Any
_H5Dataset = Any  # h5py ships no types


@dataclass(frozen=True, slots=True)
class Column:
    """One dataset: shape of a row, and a numpy dtype as text."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


class RowWriter:
    """Puts rows into a file that was begun: to the disk's cache at once, so that none stays in memory."""

    def __init__(self, fd: int, columns: Mapping[str, _Stored], first: int) -> None:
        self._fd = fd
        self._columns = columns
        self._first = first

    def put(self, row: int, **values: npt.ArrayLike) -> None:
        """Write a row of some columns, by their names; ``row`` counts from the writer's first one."""
        for name, value in values.items():
            column = self._columns[name]
            block = np.ascontiguousarray(value, column.dtype).reshape(-1).view(np.uint8)
            if block.nbytes != column.row_bytes:
                raise ValueError(f"{name} has {block.nbytes} bytes, and a row {column.row_bytes}")
            os.lseek(self._fd, column.start + (self._first + row) * column.row_bytes, os.SEEK_SET)
            write_all(REAL_FILES, self._fd, block.data)


@dataclass(frozen=True, slots=True)
class _Stored:
    """Where a dataset lies in its file: its first byte, the bytes of a row, and the type of its values."""

    start: int
    row_bytes: int
    dtype: np.dtype[Any]


def begin_rows(path: Path, columns: tuple[Column, ...], rows: int, attributes: Attributes) -> None:
    """Make a file with room for ``rows``; it has its name only when it is whole."""
    making = path.with_name(f"{path.name}.begun")
    make_rows(making, columns, rows, attributes)
    sync_file(making)
    making.rename(path)
    sync_folder(path.parent)


def make_rows(path: Path, columns: tuple[Column, ...], rows: int, attributes: Attributes) -> None:
    """Make a file with room for ``rows``, for one process that fills and syncs it."""
    with open_h5(path, "w") as file:
        for column in columns:
            _make_dataset(file, column, rows)
        file.attrs.update(attributes)


@contextmanager
def row_writer(path: Path, first: int) -> Iterator[RowWriter]:
    """Lend what writes rows from ``first`` on, which are synced at the end; several processes may."""
    columns = _stored(path)
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        yield RowWriter(fd, columns, first)
        os.fdatasync(fd)
    finally:
        os.close(fd)


def end_rows(shared: SharedFile, out: Path, columns: tuple[Column, ...], attributes: Attributes) -> Path:
    """Answer where the finished file is: the part as it stands, unless clips were left out.

    Then it is ``out``, a copy without their rows and with these ``attributes``; the part stays as it is.
    """
    if shared.kept.all():
        return shared.part
    make_rows(out, columns, shared.kept_rows, attributes)
    _copy_rows(shared.part, out, shared.kept)
    return out


@contextmanager
def open_h5(path: Path, mode: str = "r") -> Iterator[H5File]:
    """Open a file without HDF5's own lock, which some file systems refuse; the export has one of its own."""
    import h5py  # noqa: PLC0415 - an extra

    with h5py.File(path, mode, libver="earliest", locking=False) as file:
        yield file


def _copy_rows(part: Path, out: Path, kept: npt.NDArray[np.bool_]) -> None:
    where = _stored(part)
    with part.open("rb", buffering=0) as source, out.open("r+b", buffering=0) as target:
        for name, made in _stored(out).items():
            target.seek(made.start)
            for first, rows in _runs(kept):
                source.seek(where[name].start + first * made.row_bytes)
                for block in _read(source, rows * made.row_bytes):
                    write_all(REAL_FILES, target.fileno(), block)


def _runs(kept: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield the first number and the count of what is kept in a row."""
    changes = np.flatnonzero(np.diff(kept, prepend=False, append=False)).tolist()
    for first, end in zip(changes[::2], changes[1::2], strict=True):
        yield first, end - first


def _read(source: io.FileIO, size: int) -> Iterator[bytes]:
    while size and (block := source.read(min(size, _COPIED_BYTES))):
        size -= len(block)
        yield block


def _make_dataset(file: H5File, column: Column, rows: int) -> _H5Dataset:
    import h5py  # noqa: PLC0415 - an extra

    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_layout(h5py.h5d.CONTIGUOUS)
    how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    how.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    how.set_obj_track_times(False)
    space = h5py.h5s.create_simple((rows, *column.shape))
    kind = h5py.h5t.py_create(np.dtype(column.dtype), logical=True)
    return h5py.Dataset(h5py.h5d.create(file.id, column.name.encode(), kind, space, how))


def _stored(path: Path) -> dict[str, _Stored]:
    """Look where each dataset of a file lies."""
    with open_h5(path) as file:
        return {
            name: _Stored(one.id.get_offset(), one.dtype.itemsize * int(np.prod(one.shape[1:])), one.dtype)
            for name, one in file.items()
            if one.shape[0]  # one without rows lies nowhere
        }
