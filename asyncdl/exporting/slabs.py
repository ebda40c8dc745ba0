"""Files of rows, cut into slabs: the shards that workers write into one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asyncdl.core.export import Shard, even_cuts
from asyncdl.errors import UsageError
from asyncdl.exporting.table import Stretch

HEADER_BYTES = 16_384  # measured: 8192, which the attributes that come at the end make of 2 kB


@dataclass(frozen=True, slots=True)
class FileOfRows:
    """A file with ``rows`` clips, from number ``first`` of its split on."""

    name: str
    first: int
    rows: int


def slabs(stretch: Stretch, files: Iterable[FileOfRows], slab_rows: int) -> Iterator[Shard]:
    """Yield slabs of at most ``slab_rows`` of the files of a split."""
    for file in files:
        for row in range(0, file.rows, slab_rows):
            count = min(slab_rows, file.rows - row)
            name = f"{file.name} rows {row}-{row + count - 1}"
            yield Shard(name, stretch.split, stretch.first + file.first + row, count, file.name, row)


def numbered_files(
    stretch: Stretch, ending: str, row_bytes: int, most_bytes: int | None
) -> Iterator[FileOfRows]:
    """Name the files of a split: by it, with ``_00``, ``_01``, … where it takes several."""
    files = even_cuts(stretch.count, rows_fitting(stretch.count, row_bytes, most_bytes))
    for number, (first, rows) in enumerate(files):
        stem = stretch.split if len(files) == 1 else f"{stretch.split}_{number:02d}"
        yield FileOfRows(f"{stem}{ending}", first, rows)


def rows_fitting(rows: int, row_bytes: int, most_bytes: int | None) -> int:
    """Say how many of the rows a file may have; raises ``UsageError`` where not even one fits."""
    if most_bytes is None:
        return max(rows, 1)
    fitting = (most_bytes - HEADER_BYTES) // row_bytes
    if fitting < 1:
        least = f"one clip alone takes {row_bytes + HEADER_BYTES} bytes"
        raise UsageError(f"--max-shard-size is too small: {least}.", mend="Give a larger one.")
    return fitting
