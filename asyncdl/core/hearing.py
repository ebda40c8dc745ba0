"""What decoding said of clips that two data sets hold with other bytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Heard(StrEnum):
    """What came of listening to two clips of a segment."""

    SAME_SAMPLES = "same_samples"
    OTHER_SAMPLES = "other_samples"
    OTHER_SHAPE = "other_shape"
    UNREAD = "unread"

    @property
    def meaning(self) -> str:
        """One line for people."""
        return _MEANING[self]


_MEANING = {
    Heard.SAME_SAMPLES: "the same samples in other bytes, as another encoder writes them",
    Heard.OTHER_SAMPLES: "other samples",
    Heard.OTHER_SHAPE: "another rate, length or number of channels",
    Heard.UNREAD: "a clip is gone, or not the one that was recorded",
}


@dataclass(frozen=True, slots=True)
class Hearing:
    """Two clips of one segment: differences by full scale where the samples can be compared, or why not."""

    key: str
    split: str
    heard: Heard
    max_difference: float | None = None
    rms_difference: float | None = None
    reason: str = ""

    @property
    def told(self) -> dict[str, object]:
        """An element of the list in JSON."""
        return {
            "key": self.key,
            "split": self.split,
            "heard": self.heard.value,
            "max_difference": self.max_difference,
            "rms_difference": self.rms_difference,
            "reason": self.reason,
        }


@dataclass(slots=True)
class Hearings:
    """All of them together; the largest differences are by full scale."""

    counts: Counter[Heard] = field(default_factory=Counter)
    max_difference: float = 0.0
    rms_difference: float = 0.0

    def add(self, one: Hearing) -> None:
        """Count one."""
        self.counts[one.heard] += 1
        self.max_difference = max(self.max_difference, one.max_difference or 0.0)
        self.rms_difference = max(self.rms_difference, one.rms_difference or 0.0)
