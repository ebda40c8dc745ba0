"""Cuts splits into files of rows, and files into slabs: the shards that workers write into one file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from asyncdl.core.export import Shard, even_cuts
from asyncdl.errors import UsageError
from asyncdl.exporting.table import Stretch

HEADER_BYTES = 16_384  # measured: 8192, which the attributes that come at the end make of 2 kB


def slabs(
    stretches: Iterable[Stretch],
    *,
    slab_rows: int,
    row_bytes: int,
    most_bytes: int | None,
    file_of: Callable[[str], str],
) -> Iterator[Shard]:
    """Yield slabs of at most ``slab_rows``, of files of at most ``most_bytes``.

    ``file_of`` names a file by its stem: the split, with ``_00``, ``_01``, … where a split takes several.
    Raises ``UsageError`` where not even one row fits.
    """
    for stretch in stretches:
        files = even_cuts(stretch.count, _most_rows(stretch.count, row_bytes, most_bytes))
        for number, (start, rows) in enumerate(files):
            stem = stretch.split if len(files) == 1 else f"{stretch.split}_{number:02d}"
            file = file_of(stem)
            for row in range(0, rows, slab_rows):
                count = min(slab_rows, rows - row)
                name = f"{file} rows {row}-{row + count - 1}"
                yield Shard(name, stretch.split, stretch.first + start + row, count, file, row)


def _most_rows(rows: int, row_bytes: int, most_bytes: int | None) -> int:
    if most_bytes is None:
        return max(rows, 1)
    fitting = (most_bytes - HEADER_BYTES) // row_bytes
    if fitting < 1:
        least = f"one clip alone takes {row_bytes + HEADER_BYTES} bytes"
        raise UsageError(f"--max-shard-size is too small: {least}.", mend="Give a larger one.")
    return fitting
