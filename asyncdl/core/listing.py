"""Which segments of two compared data sets can be asked for by name."""

from __future__ import annotations

from enum import StrEnum


class Listing(StrEnum):
    """The value is what is typed; all but the labels are also what is said of a segment."""

    SAME = "same"
    OTHER_SOUND = "other-sound"
    UNKNOWN_SOUND = "unknown-sound"
    ONLY_A = "only-a"
    ONLY_B = "only-b"
    OTHER_LABELS = "other-labels"

    @property
    def word(self) -> str:
        """Name in JSON."""
        return self.name.lower()


# What makes two data sets differ, in the order in which it is told.
DIFFERENCES = (
    Listing.OTHER_SOUND,
    Listing.UNKNOWN_SOUND,
    Listing.ONLY_A,
    Listing.ONLY_B,
    Listing.OTHER_LABELS,
)
