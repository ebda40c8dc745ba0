"""AudioSet's strong lists: one event a row, the rows of a clip made into one segment.

A clip's row is its first line. Its labels are those of its events, and the events travel with it as a column.
A row that says again what another of its clip says counts as repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path

from asyncdl.core.events import Source
from asyncdl.core.model import RejectedRow, Row, RowRef, Segment, Span
from asyncdl.core.ports import Reader, SkipLine
from asyncdl.core.rows import MAX_LINE_BYTES, RejectReason, excerpt, is_passive, line_text
from asyncdl.core.strong_rows import (
    STRONG,
    Event,
    StrongColumns,
    clip_of,
    clip_span,
    columns_of,
    id_fault,
    parse_event,
    read_strong_header,
    ytid_of,
)
from asyncdl.inputs.further import MOST_BYTES_A_SEGMENT, Further, as_far_as_it_goes
from asyncdl.inputs.lines import physical_lines
from asyncdl.inputs.short_clips import short_clips

_USUAL_MS = 10_000
_PADDING = b' "'
_MARK = b"\xef\xbb\xbf"
_SEGMENT_ID = re.compile(rb"[A-Za-z0-9_-]{11}_(?:0|[1-9][0-9]{0,8})").fullmatch
_USUAL_ROW = re.compile(
    rb"[^\t]+\t([0-9]\.[0-9]{3})\t([0-9]\.[0-9]{3}|10\.000)\t/[a-z]/[a-z0-9_]+\r?"
).fullmatch

Member = tuple[int, bytes]
Placed = tuple[int, bytes, bytes]
Head = tuple[StrongColumns, int]
Told = Row | RejectedRow
_KEY = itemgetter(1)


class AudiosetStrong:
    """Reads clips with their events; the list is read twice, since a clip may stand in several places."""

    def rows(self, path: Path, source: Source, skip: SkipLine) -> Iterator[Row | RejectedRow]:
        """Yield lazily; ``skip`` is asked about the first line of each clip, and about lines of no clip.

        Raises what ``physical_lines`` raises, and ``UsageError`` where too many clips stand in pieces.
        """
        return _Reading(path, source, skip).rows()

    def roughly(self, path: Path) -> int:
        """Count changes of the id."""
        return sum(1 for key, _ in groupby(as_far_as_it_goes(_placed(path, read_head(path))), _KEY) if key)


class _Reading:
    """One reading of a list."""

    def __init__(self, path: Path, source: Source, skip: SkipLine) -> None:
        self._path = path
        self._source = source
        self._skip = skip
        self._head = read_head(path)
        self._columns, _ = self._head
        self._further = Further[bytes](str(path))
        self._later: dict[int, Row | RejectedRow] = {}

    def rows(self) -> Iterator[Row | RejectedRow]:
        self._find_pieces()
        for key, run in groupby(_placed(self._path, self._head), _KEY):
            number, lines = _with_first_number(run)
            if not key:
                yield from self._lone_lines(lines)
            elif self._further.is_moved(number):
                yield from (self._later.pop(n) for n, _ in lines if n in self._later)
            else:
                yield from self._clip(key.decode(), number, lines)

    def _find_pieces(self) -> None:
        for key, run in groupby(as_far_as_it_goes(_placed(self._path, self._head)), _KEY):
            if not key:
                continue
            number, _, line = next(run)
            first = self._further.first_of(key, number)
            if first != number:
                for n, _, text in chain([(number, key, line)], run):
                    self._further.move(first, n, text, len(text))

    def _lone_lines(self, lines: Iterator[Member]) -> Iterator[RejectedRow]:
        for number, line in lines:
            fault = None if self._skip(number) else _fault(line, self._columns)
            if fault is not None:
                yield self._rejected(number, line, fault)

    def _clip(self, segment_id: str, first: int, run: Iterator[Member]) -> Iterator[Row | RejectedRow]:
        is_settled = self._skip(first)
        near, beyond = _up_to(MOST_BYTES_A_SEGMENT, run)
        pieces = self._further.of(first)
        if not is_settled or pieces or not _is_plain(near, segment_id, self._columns):
            told = self._told(
                segment_id, [*near, *pieces], lambda n: is_settled if n == first else self._skip(n)
            )
            last = near[-1][0]
            self._later |= {row.ref.line: row for row in told if row.ref.line > last}
            yield from (row for row in told if row.ref.line <= last)
        for number, line in beyond:
            yield self._rejected(number, line, RejectReason.ROWS_TOO_LARGE)

    def _told(self, segment_id: str, members: list[Member], is_passed_over: SkipLine) -> list[Told]:
        """Read all rows of a clip: its own row is the first good one, which others may repeat."""
        taken, beyond = _up_to(MOST_BYTES_A_SEGMENT, iter(members))
        told: list[Told] = [self._rejected(n, line, RejectReason.ROWS_TOO_LARGE) for n, line in beyond]
        span = _span_of(segment_id)
        events: dict[object, Event] = {}
        rows: list[int] = []
        for number, line in taken:
            event = _event(line, self._columns, span)
            if isinstance(event, RejectReason):
                told.append(self._rejected(number, line, event))
                continue
            if not events or event.sameness in events:
                rows.append(number)
            events.setdefault(event.sameness, event)
        if isinstance(span, Span) and events:
            segment = self._segment(segment_id, span, list(events.values()))
            told += [Row(RowRef(self._source.index, n), segment) for n in rows if not is_passed_over(n)]
        return sorted(told, key=lambda row: row.ref.line)

    def _segment(self, segment_id: str, span: Span, events: list[Event]) -> Segment:
        labels = tuple(sorted({event.mid for event in events if event.is_present}))
        columns = columns_of(events, self._columns)
        return Segment(ytid_of(segment_id), span, self._source.split, labels, columns)

    def _rejected(self, number: int, line: bytes, fault: RejectReason) -> RejectedRow:
        return RejectedRow(RowRef(self._source.index, number), fault, excerpt(line))


def read_head(path: Path) -> tuple[StrongColumns, int]:
    """Answer the columns, the usual ones where the first row has no header, and the number of that header."""
    for number, line in enumerate(physical_lines(path), 1):
        text = line_text(line)
        if isinstance(text, RejectReason):
            break
        header = read_strong_header(text)
        if header is not None:
            return header, number
        if not is_passive(text):
            break
    return STRONG, 0


def _with_first_number(run: Iterator[Placed]) -> tuple[int, Iterator[Member]]:
    """Look at the number of the first line of a run, and give all of them back."""
    first, _, line = next(run)
    return first, chain([(first, line)], ((number, text) for number, _, text in run))


def _placed(path: Path, head: Head) -> Iterator[Placed]:
    """Yield number, segment id and text of each line; the id is empty for a line of no clip."""
    columns, above = head
    separator, at = columns.separator.encode(), columns.segment_id
    last = b""
    for number, line in enumerate(islice(physical_lines(path), above, None), above + 1):
        key = line.partition(separator)[0] if at == 0 else _field(line, separator, at)
        if key != last and not _SEGMENT_ID(key):
            key = key.strip(_PADDING).removeprefix(_MARK)
            key = key if _SEGMENT_ID(key) else b""
        if key and len(line) <= MAX_LINE_BYTES:
            last = key
            yield number, key, line
        else:
            yield number, b"", line


def _field(line: bytes, separator: bytes, at: int) -> bytes:
    fields = line.split(separator, at + 1)
    return fields[at] if at < len(fields) else b""


def _fault(line: bytes, columns: StrongColumns) -> RejectReason | None:
    """Say why a line is of no clip; None for blank lines, comments and headers."""
    text = line_text(line)
    if isinstance(text, RejectReason):
        return text
    if is_passive(text):
        return None
    header = read_strong_header(text)
    if header is not None:
        return None if header == columns else RejectReason.HEADER_INSIDE
    segment_id = _field(text.encode(), columns.separator.encode(), columns.segment_id).decode()
    return id_fault(segment_id.strip('" '))


def _event(line: bytes, columns: StrongColumns, span: Span | RejectReason) -> Event | RejectReason:
    text = line_text(line)
    if isinstance(text, RejectReason):
        return text
    return (
        span if isinstance(span, RejectReason) else parse_event(text.split(columns.separator), columns, span)
    )


def _span_of(segment_id: str) -> Span | RejectReason:
    clip = clip_of(segment_id)
    if clip is None:
        return RejectReason.BAD_SEGMENT_ID
    return clip_span(clip[1], short_clips().get(segment_id, _USUAL_MS))


def _up_to(most_bytes: int, run: Iterator[Member]) -> tuple[list[Member], Iterator[Member]]:
    """Take rows as long as they hold no more than so many bytes together; answer them and the rest."""
    taken: list[Member] = []
    for number, line in run:
        most_bytes -= len(line)
        if most_bytes < 0 and taken:
            return taken, chain([(number, line)], run)
        taken.append((number, line))
    return taken, run


def _is_plain(members: list[Member], segment_id: str, columns: StrongColumns) -> bool:
    """Tell rows that are all good, and none twice, without reading them; False where that is not sure."""
    if columns != STRONG or segment_id in short_clips():
        return False
    matches = [_USUAL_ROW(line) for _, line in members]
    are_good = all(
        match and (len(match[2]) > 5 or match[1] < match[2]) for match in matches
    )  # 10.000, or by text
    return are_good and len({line for _, line in members}) == len(members)


READER: Reader = AudiosetStrong()
