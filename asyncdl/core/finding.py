"""What an examination of the surroundings finds: one value a check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters, from nothing to all."""

    OK = "ok"
    NOTE = "note"  # worth knowing; nothing is to be done
    WARNING = "warning"  # a run works, but less well than it could
    FAULT = "fault"  # a run could not work

    @property
    def rank(self) -> int:
        """0 for the mildest."""
        return tuple(Level).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``asyncdl doctor``: what was looked at, what it is, and how to mend it."""

    name: str
    level: Level
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say about what was looked at."""

    level: Level
    what: str
    mend: str = ""


def gather(name: str, is_so: str, remarks: Iterable[Remark] = ()) -> Finding:
    """Make one finding of all remarks: the worst level, every text, worst first; without any, it is ok."""
    told = sorted(remarks, key=lambda remark: -remark.level.rank)
    if not told:
        return Finding(name, Level.OK, is_so)
    whats = [is_so, *(remark.what for remark in told)]
    mends = [remark.mend for remark in told if remark.mend]
    return Finding(name, told[0].level, "; ".join(filter(None, whats)), "; ".join(mends))


def worst(findings: Iterable[Finding]) -> Level:
    """Answer the worst level of all, ``OK`` for none."""
    return max((finding.level for finding in findings), key=lambda level: level.rank, default=Level.OK)
