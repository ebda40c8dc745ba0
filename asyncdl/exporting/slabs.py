"""Files of rows, cut into slabs: the shards that workers write into one file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from asyncdl.core.export import Shard, Sizes, even_cuts
from asyncdl.errors import UsageError
from asyncdl.exporting.table import Stretch

HEADER_BYTES = 8192  # measured: 2048 to 6144


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


def sizes_of(shards: Sequence[Shard], row_bytes: int, file_bytes: int) -> Sizes:
    """Bytes of each clip: a row, and for the first one of a file what it takes beside its rows."""
    sizes = np.full(sum(shard.count for shard in shards), row_bytes)
    sizes[[shard.first for shard in shards if not shard.row]] += file_bytes
    return sizes


def numbered_files(
    stretch: Stretch, cuts: Sequence[tuple[int, int]], file_of: Callable[[str, int, int], str]
) -> Iterator[FileOfRows]:
    """Name the files of a split, which is cut into stretches (first, count).

    ``file_of`` names the file of a split, a number from 0 and how many there are.
    """
    for number, (first, rows) in enumerate(cuts):
        yield FileOfRows(file_of(stretch.split, number, len(cuts)), first, rows)


def even_files(stretch: Stretch, ending: str, row_bytes: int, most_bytes: int | None) -> Iterator[FileOfRows]:
    """Cut a split evenly; files have its name, with ``_00``, ``_01``, … where there are several."""

    def file_of(split: str, number: int, files: int) -> str:
        return f"{split}{ending}" if files == 1 else f"{split}_{number:02d}{ending}"

    cuts = even_cuts(stretch.count, rows_fitting(stretch.count, row_bytes, most_bytes))
    return numbered_files(stretch, cuts, file_of)


def rows_fitting(rows: int, row_bytes: int, most_bytes: int | None) -> int:
    """Say how many of the rows a file may have; raises ``UsageError`` where not even one fits."""
    if most_bytes is None:
        return max(rows, 1)
    fitting = (most_bytes - HEADER_BYTES) // row_bytes
    if fitting < 1:
        least = f"one clip alone takes {row_bytes + HEADER_BYTES} bytes"
        raise UsageError(f"--max-shard-size is too small: {least}.", mend="Give a larger one.")
    return fitting
