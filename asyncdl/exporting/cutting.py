"""Shards that are files of their own: so many clips, or so many bytes, in each."""

from __future__ import annotations

from collections.abc import Callable

from asyncdl.core.export import Shard, Sizes, cuts_by_size
from asyncdl.errors import UsageError
from asyncdl.exporting.table import Table


def shards_by_size(
    table: Table,
    sizes: Sizes,
    *,
    most_clips: int,
    most_bytes: int,
    file_of: Callable[[str, int, int], str],
) -> list[Shard]:
    """Cut each split into even shards of at most ``most_clips`` and ``most_bytes``.

    ``sizes`` are of the clips; ``file_of`` names the file of a split, a number from 0 and how many there are.
    Raises ``UsageError`` where a single clip is too large.
    """
    shards = []
    for stretch in table.stretches:
        first, count = stretch.first, stretch.count
        try:
            cuts = cuts_by_size(sizes[first : first + count], most_clips, most_bytes)
        except ValueError as error:
            raise UsageError(
                f"--max-shard-size is too small: {error}, counted as the most that it can become.",
                mend="Give a larger one.",
            ) from error
        for number, (start, length) in enumerate(cuts):
            file = file_of(stretch.split, number, len(cuts))
            shards.append(Shard(file, stretch.split, first + start, length, file))
    return shards
