"""The facts that a journal holds, in the past tense, and the rows beside them.

A *row event* says what stands in a source; an *event* says what happened to a segment. Each run file
begins with a ``RunStarted``. Order is file order, never time; ``at_ms`` is for people only.
"""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.core.model import Clip, ClipSpec, Failure, RejectedRow, Row, RowRef


@dataclass(frozen=True, slots=True)
class Source:
    """A list as this data set knows it: ``index`` is its number here, ``sha256`` that of its bytes."""

    index: int
    name: str
    split: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RunStarted:
    """Opens a run file. ``options`` are all settings of the run in JSON form, without secrets."""

    run_id: str
    at_ms: int
    spec: ClipSpec
    options: dict[str, object]
    command: str
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class SourceAdded:
    """A list was given to this data set for the first time."""

    source: Source


@dataclass(frozen=True, slots=True)
class RowSelected:
    """A row became a segment of this data set."""

    row: Row


@dataclass(frozen=True, slots=True)
class RowsSelected:
    """What ``RowSelected`` looks like in a file: neighbours of one source and split share a record."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class RowRepeated:
    """A row names a segment that another row has selected already."""

    ref: RowRef
    key: str


@dataclass(frozen=True, slots=True)
class RowRejected:
    """A row is no segment."""

    row: RejectedRow


@dataclass(frozen=True, slots=True)
class ClipStored:
    """The clip is whole, checked, and durable under its final name."""

    key: str
    ref: RowRef
    round: int
    attempt: int
    at_ms: int
    clip: Clip


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """One try brought no clip; the segment stays open."""

    key: str
    ref: RowRef
    round: int
    attempt: int
    at_ms: int
    failure: Failure


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The segment is settled without a clip for this round; ``is_final`` when a fuller look found no more."""

    key: str
    ref: RowRef
    round: int
    attempt: int
    at_ms: int
    failure: Failure
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """A given-up segment was opened again, in ``round``."""

    key: str
    round: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class ClipLost:
    """A clip stored in ``round`` is no longer there or no longer whole."""

    key: str
    round: int
    at_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class PaceLearned:
    """What an identity's pace has come to, as ``core.pace_json`` writes it; the latest one counts."""

    identity: str
    at_ms: int
    pace: dict[str, object]


@dataclass(frozen=True, slots=True)
class RowsNoted:
    """So many records of the rows file beside are durable: a rows file that is gone or cut shows by it."""

    records: int


@dataclass(frozen=True, slots=True)
class DamageSettled:
    """Records ``first`` to ``last`` of a run file are gone; what they told of clips was checked."""

    file: str
    first: int
    last: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Compacted:
    """This file tells all that run files with a lower number than ``below_seq`` told: ``attempts`` of them.

    It is the one file that holds rows and events, so that one rename publishes it.
    """

    below_seq: int
    attempts: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Closes a run file; alone in its batch."""

    at_ms: int
    reason: str


RowEvent = RowSelected | RowRepeated | RowRejected
SegmentEvent = ClipStored | AttemptFailed | GaveUp | RetryRequested | ClipLost
JournalEvent = RowsNoted | DamageSettled | Compacted
Event = RunStarted | SourceAdded | PaceLearned | RunEnded | JournalEvent | SegmentEvent
Recorded = Event | RowEvent | RowsSelected
