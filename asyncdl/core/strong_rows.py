"""Rows of AudioSet's strong lists: one event of one clip each, its times counted from the clip's start.

    segment_id	start_time_seconds	end_time_seconds	label
    s9d-2nhuJCQ_30000	2.627	7.237	/m/053hz1

The framed form has a fifth column, ``present``: a row is an event only where it says ``PRESENT``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from asyncdl.core.columns import END_NAMES, LABEL_NAMES, START_NAMES, STRONG_ID_NAME, fields_of
from asyncdl.core.forms import MAX_TIME_MS
from asyncdl.core.model import Span
from asyncdl.core.rows import RejectReason, is_label, is_spreadsheet_error, milliseconds, span_between

EVENTS = "events"
"""Name of the column that holds a clip's events: JSON, ``[[start_s, end_s, mid], …]``."""
OTHER_FRAMES = "other_frames"
"""Name of the column that holds a framed clip's other rows: JSON, ``[[start_s, end_s, mid, word], …]``."""
PRESENT = "PRESENT"

_SEGMENT_ID = re.compile(r"([A-Za-z0-9_-]{11})_(0|[1-9][0-9]{0,8})")
_WORD = re.compile(r"[A-Za-z0-9_ -]{0,32}")


@dataclass(frozen=True, slots=True)
class StrongColumns:
    """Positions count from 0; ``present`` is None in the unframed form."""

    segment_id: int = 0
    start: int = 1
    end: int = 2
    label: int = 3
    present: int | None = None
    separator: str = "\t"

    @property
    def needed(self) -> int:
        """How many fields a row has at least."""
        return max(self.segment_id, self.start, self.end, self.label, self.present or 0) + 1


@dataclass(frozen=True, slots=True)
class Event:
    """One row: times as its texts say, in seconds from the clip's start, and in microseconds."""

    start_s: str
    end_s: str
    start_us: int
    end_us: int
    mid: str
    present: str

    @property
    def sameness(self) -> tuple[int, int, str, str]:
        """Equal for rows that say the same: 0.88 is 0.880."""
        return self.start_us, self.end_us, self.mid, self.present

    @property
    def is_present(self) -> bool:
        """Whether the sound is there: always, but in the framed form."""
        return self.present == PRESENT


STRONG = StrongColumns()


def read_strong_header(text: str) -> StrongColumns | None:
    """Read a header line, with or without ``#`` before it; None when ``text`` is no header of this kind."""
    bare = text.lstrip('#" \t')
    for separator in ("\t", ","):
        names = [name.strip('" ').lower() for name in fields_of(bare, separator)]
        start, end, label = (_place(names, wanted) for wanted in (START_NAMES, END_NAMES, LABEL_NAMES))
        if STRONG_ID_NAME in names and start is not None and end is not None and label is not None:
            present = names.index("present") if "present" in names else None
            return StrongColumns(names.index(STRONG_ID_NAME), start, end, label, present, separator)
    return None


def clip_of(segment_id: str) -> tuple[str, int] | None:
    """Take a segment id apart into video id and start in ms: the last underscore divides them."""
    match = _SEGMENT_ID.fullmatch(segment_id)
    return (match[1], int(match[2])) if match else None


def ytid_of(segment_id: str) -> str:
    """Video id of a good segment id."""
    return segment_id[: segment_id.rindex("_")]


def id_fault(segment_id: str) -> RejectReason:
    """Say why a text is no segment id."""
    if not segment_id:
        return RejectReason.MISSING_FIELDS
    if is_spreadsheet_error(segment_id):
        return RejectReason.SPREADSHEET_ID
    return RejectReason.BAD_SEGMENT_ID


def parse_event(fields: Sequence[str], columns: StrongColumns, clip: Span) -> Event | RejectReason:
    """Read one row of a clip."""
    if len(fields) < columns.needed:
        return RejectReason.MISSING_FIELDS
    start_s, end_s, mid = (fields[at].strip(' "') for at in (columns.start, columns.end, columns.label))
    times = [milliseconds(text.encode()) for text in (start_s, end_s)]
    for time in times:
        if isinstance(time, RejectReason):
            return time
    start_us, end_us = _microseconds(start_s), _microseconds(end_s)
    if start_us >= end_us:
        return RejectReason.END_NOT_AFTER_START
    if end_us > clip.duration_ms * 1000:
        return RejectReason.BEYOND_CLIP
    word = PRESENT if columns.present is None else fields[columns.present].strip(' "')
    if not is_label(mid) or not _WORD.fullmatch(word):
        return RejectReason.BAD_LABEL
    return Event(start_s, end_s, start_us, end_us, mid, word)


def clip_span(start_ms: int, duration_ms: int) -> Span | RejectReason:
    """Make a clip's span on the video's time line."""
    end_ms = start_ms + duration_ms
    return span_between(start_ms, end_ms) if end_ms <= MAX_TIME_MS else RejectReason.TIME_TOO_LARGE


def columns_of(events: Sequence[Event], columns: StrongColumns) -> tuple[tuple[str, str], ...]:
    """Write a clip's events down, with the decimals of the list and in its order."""
    there = _json([_item(event) for event in events if event.is_present])
    if columns.present is None:
        return ((EVENTS, there),)
    others = [f'{_item(event)[:-1]}, "{event.present}"]' for event in events if not event.is_present]
    return (EVENTS, there), (OTHER_FRAMES, _json(others))


def _item(event: Event) -> str:
    return f'[{event.start_s}, {event.end_s}, "{event.mid}"]'


def _json(items: Sequence[str]) -> str:
    return f"[{', '.join(items)}]"


def _microseconds(seconds: str) -> int:
    whole, _, fraction = seconds.partition(".")
    return int(whole) * 1_000_000 + int(fraction.ljust(6, "0"))


def _place(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)
