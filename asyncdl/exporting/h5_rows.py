"""HDF5 files whose rows several processes write at once, each its own, so that a killed export can go on.

HDF5 itself has one writer. But a dataset that is stored in one stretch begins at a known byte: the file is
made with its full size first (sparse, so that takes no time), then rows are written where they belong, and
what has been synced is there whatever happens. A clip is one read, as with chunks of one row.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asyncdl.exporting.shared import SharedFile
from asyncdl.runtime.files import REAL_FILES, sync_file, write_all

_ROWS_AT_ONCE = 64
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


def begin_rows(path: Path, columns: tuple[Column, ...], rows: int) -> None:
    """Make a file with room for ``rows``; it has its name only when it is whole."""
    making = path.with_name(f"{path.name}.begun")
    make_rows(making, columns, rows)
    sync_file(making)
    making.rename(path)


def make_rows(path: Path, columns: tuple[Column, ...], rows: int) -> None:
    """Make a file with room for ``rows``, for one process that fills and syncs it."""
    with open_h5(path, "w") as file:
        for column in columns:
            _make_dataset(file, column, rows)


def write_rows(path: Path, row: int, values: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Write rows from ``row`` on, of every column the same number, and sync them; several processes may."""
    starts = _starts(path)
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        for name, block in values.items():
            start, row_bytes = starts[name]
            os.lseek(fd, start + row * row_bytes, os.SEEK_SET)
            write_all(REAL_FILES, fd, np.ascontiguousarray(block).tobytes())
        os.fdatasync(fd)
    finally:
        os.close(fd)


def end_rows(shared: SharedFile, out: Path, columns: tuple[Column, ...], attributes: Attributes) -> None:
    """Make ``out`` of the finished part: without the rows of clips that were left out, with ``attributes``.

    Where none was left out the part itself is renamed.
    """
    kept = shared.kept_rows()
    if len(kept) == shared.rows:
        shared.part.rename(out)
    else:
        _copy_rows(shared.part, out, columns, kept)
    with open_h5(out, "r+") as file:
        file.attrs.update(attributes)


@contextmanager
def open_h5(path: Path, mode: str = "r") -> Iterator[H5File]:
    """Open a file without HDF5's own lock, which some file systems refuse; the export has one of its own."""
    import h5py  # noqa: PLC0415 - an extra

    with h5py.File(path, mode, libver="earliest", locking=False) as file:
        yield file


def _copy_rows(part: Path, out: Path, columns: tuple[Column, ...], kept: list[int]) -> None:
    with open_h5(part) as source, open_h5(out, "w") as target:
        for column in columns:
            made = _make_dataset(target, column, len(kept))
            for first in range(0, len(kept), _ROWS_AT_ONCE):
                chosen = kept[first : first + _ROWS_AT_ONCE]
                made[first : first + len(chosen)] = source[column.name][chosen]


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


def _starts(path: Path) -> dict[str, tuple[int, int]]:
    """First byte of each dataset, and the bytes of a row."""
    with open_h5(path) as file:
        return {
            name: (dataset.id.get_offset(), dataset.id.get_storage_size() // max(dataset.shape[0], 1))
            for name, dataset in file.items()
        }
