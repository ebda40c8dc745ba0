"""A file that many shards are written into, as rows: what its format is given to begin and to end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.export import LeftOut, Shard
from asyncdl.exporting.contract import Facts, Terms
from asyncdl.exporting.table import Table

PARTS = "parts"
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class SharedFile:
    """``part`` is where it is being made, a file or a folder; ``shards`` are all of it, in order of rows.

    ``left_out`` and ``facts`` are known at its end only.
    """

    file: str
    part: Path
    shards: Sequence[Shard]
    digests: Sequence[str]
    table: Table
    terms: Terms
    left_out: Mapping[str, LeftOut]
    facts: Mapping[str, Facts]

    @property
    def split(self) -> str:
        """The split that all its clips are of."""
        return self.shards[0].split

    @property
    def rows(self) -> int:
        """How many rows were planned."""
        return sum(shard.count for shard in self.shards)

    def kept_rows(self) -> list[int]:
        """Numbers of the rows whose clips were not left out."""
        if not self.left_out:
            return list(range(self.rows))
        clips = self.table.clips(self.shards[0].first, self.rows)
        return [row for row, clip in enumerate(clips) if clip.key not in self.left_out]


def part_of(state: Path, file: str, digest: str) -> Path:
    """Say where a shared file is being made of what ``digest`` tells; on the file system where it will be."""
    return state / PARTS / f"{digest[:_DIGITS]}-{file.replace('/', '%')}"


def is_part_of_same(path: Path, part: Path) -> bool:
    """Whether ``path`` is one where the same file was being made, of whatever."""
    return path.name[_DIGITS:].removesuffix(".begun") == part.name[_DIGITS:]
