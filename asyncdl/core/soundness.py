"""What is found when stored clips are read again: values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Depth(Enum):
    """How closely a clip is looked at; each does all that the one before it does."""

    SIZE = auto()
    CHECKSUM = auto()
    DECODE = auto()


class Problem(StrEnum):
    """What is wrong with a stored clip."""

    MISSING = "missing"
    IN_THE_WAY = "in_the_way"
    SIZE = "size"
    CHECKSUM = "checksum"
    DECODING = "decoding"
    SOUND = "sound"
    UNREADABLE = "unreadable"
    BEHIND_LINK = "behind_link"
    SOURCE_GONE = "source_gone"

    @property
    def is_lost(self) -> bool:
        """The clip has to be fetched again."""
        return self in _LOST

    @property
    def is_unjudged(self) -> bool:
        """The clip could not be looked at: it may well be whole, so nothing may be thrown away for it."""
        return self in _UNJUDGED

    @property
    def meaning(self) -> str:
        """One line for people."""
        return _MEANING[self]


_LOST = frozenset(
    {
        Problem.MISSING,
        Problem.IN_THE_WAY,
        Problem.SIZE,
        Problem.CHECKSUM,
        Problem.DECODING,
        Problem.SOUND,
    }
)
_UNJUDGED = frozenset({Problem.UNREADABLE, Problem.BEHIND_LINK})
_MEANING = {
    Problem.MISSING: "not there",
    Problem.IN_THE_WAY: "something else stands in the clip's place; move it away",
    Problem.SIZE: "not the recorded size",
    Problem.CHECKSUM: "the recorded size, but other bytes",
    Problem.DECODING: "does not decode to its end",
    Problem.SOUND: "not the recorded samples, rate or channels",
    Problem.UNREADABLE: "may not be read by this user; mend its permissions",
    Problem.BEHIND_LINK: "a folder on the way is a link; put the folder itself there",
    Problem.SOURCE_GONE: "the clip is whole, the kept source beside it is not there",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: ``round`` is that of the clip's record, ``path`` relative to the data set."""

    key: str
    round: int
    path: str
    problem: Problem
    detail: str

    @property
    def reason(self) -> str:
        """Say it in one line, for the journal."""
        return f"{self.problem}: {self.detail}"
