"""The result of comparing two data sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asyncdl.core.difference import Difference, Truths, Verdict, total
from asyncdl.core.hearing import Heard, Hearings
from asyncdl.core.holdings import Side
from asyncdl.core.listing import DIFFERENCES, Listing


@dataclass(frozen=True, eq=False, slots=True)
class DiffReport:
    """Two sides, what is said of their segments, the counts by split, and what decoding said if asked."""

    a: Side
    b: Side
    difference: Difference
    counts: Mapping[str, Mapping[str, int]]
    hearings: Hearings | None = None

    @property
    def total(self) -> dict[str, int]:
        """Counts of all splits together."""
        return total(self.counts)

    @property
    def is_equal(self) -> bool:
        """Both hold the same segments with the same sound and labels; other bytes of equal samples are."""
        same_samples = self.hearings.counts[Heard.SAME_SAMPLES] if self.hearings else 0
        told = self.total
        return sum(told[listing.word] for listing in DIFFERENCES) == same_samples


def chosen(difference: Difference, listing: Listing) -> Truths:
    """Mark the segments that are meant."""
    if listing is Listing.OTHER_LABELS:
        return difference.has_other_labels
    found: Truths = difference.verdicts == Verdict[listing.name]
    return found
