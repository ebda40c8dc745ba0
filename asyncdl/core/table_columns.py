"""Which column of a table is what: by the names of its header, and by what ``--columns`` says.

    --columns id=youtube_id,start=start_time,duration=10,labels=caption

A value is a column's name, its place (``#1`` is the first one), or, for a time, a number of seconds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields

from asyncdl.core.columns import (
    END_NAMES,
    ID_NAMES,
    LABEL_NAMES,
    MAX_HEADER_CHARACTERS,
    START_NAMES,
    UnreadableHeader,
)
from asyncdl.errors import UsageError

DURATION_NAMES = ("duration", "duration_seconds", "duration_s")
SPLIT_NAMES = ("split", "subset")
CAPTION = "caption"
USUAL_SECONDS = "10"

_AUDIOCAPS_ID = "audiocap_id"
_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_PLACE = re.compile(r"#([1-9][0-9]{0,2})")
_EXAMPLE = "--columns id=youtube_id,start=start_time,duration=10"


@dataclass(frozen=True, slots=True)
class TableColumns:
    """What is said of a table's columns; an empty text leaves it to the header."""

    id: str = ""
    start: str = ""
    end: str = ""
    duration: str = ""
    labels: str = ""
    split: str = ""
    caption: str = ""

    @property
    def text(self) -> str:
        """Itself as ``parse_columns`` reads it, always in the same order."""
        said = ((one.name, getattr(self, one.name)) for one in fields(self))
        return ",".join(f"{name}={value}" for name, value in said if value)

    @property
    def has_places(self) -> bool:
        """Whether columns are told by their places, so that the table needs no header."""
        return bool(_PLACE.fullmatch(self.id))


BY_HEADER = TableColumns()


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions count from 0; a time that is a text is the same, in seconds, for all rows."""

    ytid: int
    start: int | str
    end: int | str | None
    duration: int | str | None
    labels: int | None
    split: int | None
    texts: tuple[tuple[str, int], ...]
    width: int


def parse_columns(text: str) -> TableColumns:
    """Read the value of ``--columns``; raises ``UsageError``."""
    keys = {one.name for one in fields(TableColumns)}
    said: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if key not in keys or not equals or not value or key in said:
            raise UsageError(
                f"--columns: {part.strip()!r} names no column; what can be named: {', '.join(sorted(keys))}.",
                mend=f"For example {_EXAMPLE}.",
            )
        said[key] = value
    if "end" in said and "duration" in said:
        raise UsageError("--columns: a segment has an end or a duration; leave one of them out.")
    return TableColumns(**said)


def lay_out(header: Sequence[str], wanted: TableColumns = BY_HEADER) -> Layout | UnreadableHeader:
    """Find out what stands where; ``header`` may hold empty names."""
    names = [name.strip(' "#\t').lower() for name in header]
    if sum(map(len, names)) > MAX_HEADER_CHARACTERS:
        return UnreadableHeader("its header is too long", "Leave out columns that are not needed.")
    places = _Places(names)
    ytid = places.of(wanted.id, ID_NAMES)
    start = places.time(wanted.start, START_NAMES)
    duration = None if wanted.end else places.time(wanted.duration, DURATION_NAMES)
    end = None if wanted.duration else places.time(wanted.end, END_NAMES)
    if end is not None:
        duration = None
    elif duration is None and _AUDIOCAPS_ID in names:
        duration = USUAL_SECONDS
    labels, split = places.of(wanted.labels, LABEL_NAMES), places.of(wanted.split, SPLIT_NAMES)
    caption = places.of(wanted.caption, ())
    if places.missing or ytid is None or start is None or (end is None and duration is None):
        return _unreadable(names, places.missing, ytid, start)
    read = {ytid, start, end, duration, split, labels}
    named = [CAPTION if at == caption else name for at, name in enumerate(names)]
    texts = tuple((name, at) for at, name in enumerate(named) if name and at not in read)
    if wanted.labels and wanted.labels == wanted.caption and caption is not None:
        texts = (*texts, (CAPTION, caption))
    return Layout(ytid, start, end, duration, labels, split, texts, len(names))


class _Places:
    """Looks up columns, and notes those that are not there."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self.missing: list[str] = []

    def of(self, said: str, usual: Sequence[str]) -> int | None:
        if not said:
            return next((self._names.index(name) for name in usual if name in self._names), None)
        place = _PLACE.fullmatch(said)
        if said.lower() in self._names:
            return self._names.index(said.lower())
        if place is not None and int(place[1]) <= len(self._names):
            return int(place[1]) - 1
        self.missing.append(said)
        return None

    def time(self, said: str, usual: Sequence[str]) -> int | str | None:
        is_seconds = _SECONDS.fullmatch(said) and said not in self._names
        return said if is_seconds else self.of(said, usual)


def _unreadable(
    names: Sequence[str], missing: Sequence[str], ytid: int | None, start: int | str | None
) -> UnreadableHeader:
    shown = ", ".join(ascii(name)[1:-1] for name in names if name)[:200]
    if missing:
        lacks = f"no column {', '.join(ascii(name)[1:-1] for name in missing)}"
    elif ytid is None:
        lacks = "no column for the video id"
    else:
        lacks = (
            "no column for the start of a segment" if start is None else "no column for its end or duration"
        )
    return UnreadableHeader(
        f"its header names {lacks} (it names: {shown})", f"Say which column is what, for example {_EXAMPLE}."
    )
