"""Which field of a row is what: by AudioSet's own order, or by the names that a header line gives."""

from __future__ import annotations

import csv
from dataclasses import dataclass

ID_NAMES = ("ytid", "yt_id", "youtube_id", "video_id", "id")
START_NAMES = ("start_seconds", "start_s", "start_time_seconds", "start_time", "time_start", "start")
END_NAMES = ("end_seconds", "end_s", "end_time_seconds", "end_time", "time_end", "end")
LABEL_NAMES = ("positive_labels", "audioset_positive_labels", "labels", "label")
# Names are noted with every row; a short row must not become a long record.
MAX_HEADER_CHARACTERS = 8192
STRONG_ID_NAME = "segment_id"
OTHER_SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions count from 0; ``extra`` pairs a name and its position; ``width`` counts the named fields.

    Where the labels stand last, all further fields are labels too: spreadsheets spread them out.
    """

    ytid: int = 0
    start: int = 1
    end: int = 2
    labels: int | None = 3
    width: int = 4
    extra: tuple[tuple[str, int], ...] = ()

    @property
    def needed(self) -> int:
        """How many fields a row has at least."""
        return max(self.ytid, self.start, self.end) + 1

    @property
    def labels_are_last(self) -> bool:
        """Fields beyond the named ones are labels."""
        return self.labels == self.width - 1


USUAL = Columns()
INDEXED = Columns(1, 2, 3, 4, 5)
"""AudioSet's own order behind a row's number, as programs for tables save it."""


@dataclass(frozen=True, slots=True)
class UnreadableHeader:
    """A header line that tells that no row below it can be read; both texts are for people."""

    what: str
    mend: str


def fields_of(text: str, separator: str = ",") -> list[str]:
    """Split one line at its separators outside quotes; fields come without quotes and padding."""
    row = next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])
    return [field.strip(" \t") for field in row]


def read_columns(text: str) -> Columns | UnreadableHeader | None:
    """Read a header line, with or without ``#`` before it; None when ``text`` is no header."""
    bare = text.lstrip('#" \t')
    if len(bare) > MAX_HEADER_CHARACTERS:
        return _too_long(bare)
    for separator, plural in OTHER_SEPARATORS.items():
        names = _names_of(bare, separator)
        if STRONG_ID_NAME in names:
            return _STRONG
        if _first(names, ID_NAMES) is not None and _first(names, START_NAMES) is not None:
            return _separated_by(plural)
    return _columns_of(_names_of(bare, ","))


def _names_of(bare: str, separator: str) -> list[str]:
    """Column names in small letters; none where the separator does not occur."""
    return [name.strip('" ').lower() for name in fields_of(bare, separator)] if separator in bare else []


def _first(names: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _columns_of(names: list[str]) -> Columns | UnreadableHeader | None:
    ytid, start, end = (_first(names, wanted) for wanted in (ID_NAMES, START_NAMES, END_NAMES))
    if STRONG_ID_NAME in names:
        return _STRONG
    if ytid is None or start is None:
        return None
    if end is None:
        return _without_end(names)
    while not names[-1]:
        names.pop()
    labels = _first(names, LABEL_NAMES)
    read = {ytid, start, end, labels}
    extra = tuple((name, at) for at, name in enumerate(names) if name and at not in read)
    return Columns(ytid, start, end, labels, len(names), extra)


_STRONG = UnreadableHeader(
    "strong labels stand in it below lines of another kind",
    "Give the strong labels as a list of their own, with their header first.",
)


def _separated_by(plural: str) -> UnreadableHeader:
    return UnreadableHeader(
        f"its columns are separated by {plural}, not by commas",
        "Save the list with commas, the labels of a row in one quoted field; a list with tabs ends in .tsv.",
    )


def _without_end(names: list[str]) -> UnreadableHeader:
    named = ", ".join(ascii(name)[1:-1] for name in names)[:200]
    return UnreadableHeader(
        f"its header names no column for the end of a segment (it names: {named})",
        f"Name a column {END_NAMES[0]} that holds the end in seconds, or give --columns duration=10.",
    )


def _too_long(bare: str) -> UnreadableHeader | None:
    """Refuse what begins as a header and does not end soon; anything else is a row, or none."""
    names = _names_of(bare[:MAX_HEADER_CHARACTERS], ",")
    if _first(names, ID_NAMES) is None or _first(names, START_NAMES) is None:
        return None
    return UnreadableHeader(
        f"its header is longer than {MAX_HEADER_CHARACTERS} characters",
        "Leave out columns that are not needed.",
    )
