"""PANNs' index files: where each clip is, in which HDF5 file and row, by absolute paths.

The paths are what breaks when a set moves; ``reanchor`` mends them without touching the waveforms. A file is
replaced in one step, in blocks of rows: 2 million of them are 1.5 GB.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asyncdl.errors import UsageError
from asyncdl.exporting.h5_rows import Column, H5File, make_rows, open_h5
from asyncdl.exporting.targets import CLASSES
from asyncdl.runtime.files import make_folders, part_beside, publish, telling

WAVEFORMS = "hdf5s/waveforms"
INDEXES = "hdf5s/indexes"
FULL = f"{INDEXES}/full_train.h5"
PATH_BYTES = 200
COLUMNS = (
    Column("audio_name", (), "S20"),
    Column("target", (CLASSES,), "bool"),
    Column("hdf5_path", (), f"S{PATH_BYTES}"),
    Column("index_in_hdf5", (), "int32"),
)
_BLOCK = 8192


def index_of(waveforms: str) -> str:
    """Name the index of a waveform file; both are paths in the export."""
    return f"{INDEXES}/{waveforms.removeprefix(f'{WAVEFORMS}/')}"


def write_index(target: Path, name: str, sources: Sequence[tuple[Path, bytes]]) -> None:
    """Write an index in one step: all rows of all ``sources``, in their order.

    ``name`` is its path below ``target``; a source is a waveform file, and the path by which it is found.
    """
    with telling("reading", target / WAVEFORMS):
        counts = [_rows_of(path) for path, _ in sources]
    with _replacing(target / name, target) as part:
        make_rows(part, COLUMNS, sum(counts), {})
        with open_h5(part, "r+") as index:
            first = 0
            for (path, seen_as), count in zip(sources, counts, strict=True):
                _add_source(index, first, path, seen_as)
                first += count


def path_bytes(path: Path) -> bytes:
    """Encode a path for an index; raises ``UsageError`` where it does not fit."""
    encoded = str(path).encode()
    if len(encoded) > PATH_BYTES:
        raise UsageError(
            f"{path} has {len(encoded)} bytes; an index of PANNs holds {PATH_BYTES}.",
            mend="Give a shorter folder with --root, a link to it will do.",
        )
    return encoded


def reanchor(folder: Path, root: Path) -> int:
    """Let all indexes of the export in ``folder`` name its files below ``root``; count the changed paths.

    Paths that lead to no waveform file of such an export stay. Raises ``UsageError`` before anything changes.
    """
    indexes = filter(_is_index, sorted((folder / INDEXES).rglob("*.h5")))
    changes = {path: _changes(path, root) for path in indexes}
    return sum(_rewrite(folder, path, changed) for path, changed in changes.items() if changed)


def _add_source(index: H5File, first: int, waveforms: Path, seen_as: bytes) -> None:
    with open_h5(waveforms) as source:
        for start, stop in _blocks(len(source["audio_name"])):
            rows = slice(first + start, first + stop)
            index["audio_name"][rows] = source["audio_name"][start:stop]
            index["target"][rows] = source["target"][start:stop]
            index["hdf5_path"][rows] = np.full(stop - start, seen_as, f"S{PATH_BYTES}")
            index["index_in_hdf5"][rows] = np.arange(start, stop, dtype=np.int32)


def _changes(path: Path, root: Path) -> dict[bytes, bytes]:
    """Say which paths of an index become which."""
    with telling("reading", path), open_h5(path) as index:
        column = index["hdf5_path"]
        known = {one for start, stop in _blocks(len(column)) for one in set(column[start:stop].tolist())}
    moved = {one: _below(root, one) for one in known}
    return {old: new for old, new in moved.items() if old != new}


def _below(root: Path, path: bytes) -> bytes:
    _, here, name = path.rpartition(f"/{WAVEFORMS}/".encode())
    return path_bytes(root / WAVEFORMS / name.decode()) if here else path


def _rewrite(folder: Path, path: Path, changes: dict[bytes, bytes]) -> int:
    """Copy an index row by row, with other paths; answers how many were changed."""
    changed = 0
    with open_h5(path) as old, _replacing(path, folder) as part:
        rows = len(old["audio_name"])
        make_rows(part, COLUMNS, rows, {})
        with open_h5(part, "r+") as new:
            for start, stop in _blocks(rows):
                for column in COLUMNS:
                    values = old[column.name][start:stop]
                    if column.name == "hdf5_path":
                        changed += _replace(values, changes)
                    new[column.name][start:stop] = values
    return changed


def _replace(paths: npt.NDArray[np.bytes_], changes: dict[bytes, bytes]) -> int:
    """Change paths in place, and count."""
    masks = {new: paths == old for old, new in changes.items()}
    for new, mask in masks.items():
        paths[mask] = new
    return sum(int(mask.sum()) for mask in masks.values())


def _is_index(path: Path) -> bool:
    with telling("reading", path), open_h5(path) as file:
        found = {
            name: (getattr(item, "shape", ())[1:], getattr(item, "dtype", None))
            for name, item in file.items()
        }
    return found == {column.name: (column.shape, np.dtype(column.dtype)) for column in COLUMNS}


def _rows_of(path: Path) -> int:
    with open_h5(path) as file:
        return len(file["audio_name"])


def _blocks(rows: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + _BLOCK, rows)) for start in range(0, rows, _BLOCK))


@contextmanager
def _replacing(path: Path, root: Path) -> Iterator[Path]:
    """Lend a name to write under; what stands there gets the name ``path`` at the end."""
    make_folders(path.parent, root)
    part = part_beside(path)
    try:
        with telling("writing", path):
            yield part
        publish(part, path, root)
    finally:
        part.unlink(missing_ok=True)
