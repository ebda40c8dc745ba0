"""What a ledger answers: the state of a row or segment, and totals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from asyncdl.core.kinds import FailureKind


class RowState(StrEnum):
    """What is known of a line of a source; the last three speak of its segment."""

    UNREAD = "unread"
    REJECTED = "rejected"
    REPEATED = "repeated"
    OPEN = "open"
    STORED = "stored"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Counts:
    """Totals of a data set; ``failed`` has the given-up segments by the kind of their winning failure.

    ``retryable`` of them may still be had by asking again as before. ``attempts`` counts outcomes written
    down: clips stored, failed tries, and last tries.
    """

    segments: int
    stored: int
    open: int
    failed: dict[FailureKind, int]
    failed_total: int
    retryable: int
    rejected_rows: int
    repeated_rows: int
    stored_bytes: int
    attempts: int
