"""A machine's share of the input: partition ``index`` of ``count``, counted from 1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LABEL = re.compile(r"([1-9][0-9]{0,5})of([1-9][0-9]{0,5})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """Raises ``ValueError`` for a share that is not one of ``count``."""

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count:
            raise ValueError(f"{self.index}/{self.count} is no partition")

    @property
    def label(self) -> str:
        """What names of files say of it: ``2of8``; nothing for the whole."""
        return "" if self.count == 1 else f"{self.index}of{self.count}"

    def excludes(self, other: Partition) -> bool:
        """Say whether two writers with these shares would do the same work: only shares of one cut differ."""
        return self.count != other.count or self.index == other.index


WHOLE: Final = Partition(1, 1)


def parse_label(label: str) -> Partition | None:
    """Read back a ``label``; None for what is none."""
    if not label:
        return WHOLE
    match = _LABEL.fullmatch(label)
    if match is None or not 1 <= int(match[1]) <= int(match[2]) or match[2] == "1":
        return None
    return Partition(int(match[1]), int(match[2]))
