"""A file that many shards are written into, as rows: what its format is given to begin and to end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asyncdl.core.export import LeftOut, Shard
from asyncdl.exporting.contract import Facts, Terms
from asyncdl.exporting.table import Table

PARTS = "parts"
_DIGITS = 12
_ASIDE = ".aside"


@dataclass(frozen=True)
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

    @cached_property
    def kept(self) -> npt.NDArray[np.bool_]:
        """Which of the rows are of clips that were not left out."""
        kept = np.ones(self.rows, np.bool_)
        if any(one.split == self.split for one in self.left_out.values()):
            for row, clip in enumerate(self.table.clips(self.shards[0].first, self.rows)):
                kept[row] = clip.key not in self.left_out
        return kept

    @property
    def kept_rows(self) -> int:
        """How many rows the file has in the end."""
        return int(np.count_nonzero(self.kept))


def part_of(state: Path, file: str, digest: str) -> Path:
    """Say where a shared file is being made of what ``digest`` tells; on the file system where it will be."""
    return state / PARTS / f"{digest[:_DIGITS]}-{file.replace('/', '%')}"


def aside(part: Path) -> Path:
    """Name a folder for what waits for the end of a file and is too large for receipts."""
    return part.with_name(f"{part.name}{_ASIDE}")


def is_part_of_same(path: Path, part: Path) -> bool:
    """Whether ``path`` is one where the same file was being made, of whatever, or what belongs to it."""
    return path.name[_DIGITS:].removesuffix(".begun").removesuffix(_ASIDE) == part.name[_DIGITS:]
