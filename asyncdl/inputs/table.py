"""Any table of segments of YouTube videos: AudioCaps, MusicCaps, VGGSound, Kinetics, and those like them.

Rows of one segment become one, wherever they stand, with the number of the first; a row that says again all
that another one says counts as repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asyncdl.core.columns import UnreadableHeader
from asyncdl.core.events import Source
from asyncdl.core.model import RejectedRow, Row, RowRef, Segment
from asyncdl.core.ports import Reader, SkipLine
from asyncdl.core.rows import RejectReason, excerpt, other_separator
from asyncdl.core.table_columns import BY_HEADER, Layout, TableColumns, lay_out
from asyncdl.core.table_rows import merged, parse_table_row
from asyncdl.errors import UsageError
from asyncdl.inputs.further import MOST_BYTES_A_SEGMENT, Further, as_far_as_it_goes
from asyncdl.inputs.lines import count_rows_roughly, no_line
from asyncdl.inputs.table_files import Record, is_parquet, records

_COUNTED_BYTES = 8 * 1024 * 1024
_MOST_LAYOUTS = 64

Read = tuple[Record, Segment | RejectReason]


class Table:
    """Reads a table by its header, or by what is said of its columns; it is read twice."""

    def __init__(self, wanted: TableColumns = BY_HEADER) -> None:
        self.wanted = wanted

    def rows(self, path: Path, source: Source, skip: SkipLine) -> Iterator[Row | RejectedRow]:
        """Yield lazily; lines count from 1, in Parquet rows do.

        Raises what ``physical_lines`` raises, and ``UsageError`` for what is no such table, or where too
        many rows of one segment stand apart.
        """
        return _Reading(path, source, self.wanted).rows(skip)

    def roughly(self, path: Path) -> int:
        """Count the segments of a small table, the lines of a large one."""
        if path.stat().st_size > _COUNTED_BYTES and not is_parquet(path):
            return count_rows_roughly(path)
        nobodys = Source(index=0, name="", split="", sha256="", size_bytes=0)
        return len(_Reading(path, nobodys, self.wanted).further())


class _Reading:
    """One reading of a table."""

    def __init__(self, path: Path, source: Source, wanted: TableColumns) -> None:
        self._path = path
        self._source = source
        self._wanted = wanted
        self._layouts: dict[tuple[TableColumns, tuple[str, ...]], Layout | RejectReason] = {}

    def rows(self, skip: SkipLine) -> Iterator[Row | RejectedRow]:
        further = self.further()
        later: dict[int, Segment | RejectReason] = {}
        settled: set[int] = set()

        def is_passed_over(line: int, /) -> bool:
            if further.is_moved(line):
                return line not in later or skip(line)
            is_settled = skip(line)
            if is_settled and further.has(line):  # it is read all the same, for what the others repeat
                settled.add(line)
                return False
            return is_settled

        for record, segment in self._read(is_passed_over):
            number = record.number
            told = later.pop(number, segment)
            if isinstance(told, Segment) and not further.is_moved(number):
                told, others = _together(told, further.of(number))
                later |= others
            if number not in settled:
                yield self._row(record, told)
            settled.discard(number)

    def _row(self, record: Record, told: Segment | RejectReason) -> Row | RejectedRow:
        ref = RowRef(self._source.index, record.number)
        if isinstance(told, RejectReason):
            return RejectedRow(ref, told, excerpt(record.raw))
        return Row(ref, told)

    def further(self) -> Further[Segment]:
        """Read the table once for rows of segments that stood above."""
        found = Further[Segment](str(self._path))
        for record, segment in as_far_as_it_goes(self._read(no_line)):
            if isinstance(segment, Segment):
                first = found.first_of(f"{segment.key} {segment.split}", record.number)
                if first != record.number:
                    found.move(first, record.number, segment, _size_bytes(segment))
        return found

    def _read(self, skip: SkipLine) -> Iterator[Read]:
        for wanted, record in records(self._path, self._wanted, skip):
            if isinstance(record.cells, RejectReason):
                yield record, record.cells
                continue
            layout = self._layout(wanted, record.names)
            if isinstance(layout, RejectReason):
                yield record, layout
                continue
            segment = parse_table_row(record.cells, layout, self._source.split)
            yield record, _told(segment, record, wanted)

    def _layout(self, wanted: TableColumns, names: tuple[str, ...]) -> Layout | RejectReason:
        """Find what stands where; raises ``UsageError`` for the first record of a table, if it cannot be."""
        known = self._layouts.get((wanted, names))
        if known is not None:
            return known
        found = lay_out(names, wanted)
        if isinstance(found, UnreadableHeader):
            if not self._layouts:
                raise UsageError(f"Cannot read {self._path}: {found.what}", mend=found.mend)
            return RejectReason.MISSING_FIELDS
        if len(self._layouts) < _MOST_LAYOUTS:
            self._layouts[wanted, names] = found
        return found


def _told(segment: Segment | RejectReason, record: Record, wanted: TableColumns) -> Segment | RejectReason:
    """Name a header, or a wrong separator, where a row is one."""
    if segment not in {RejectReason.BAD_ID, RejectReason.MISSING_FIELDS}:
        return segment
    texts = [cell for cell in record.cells if isinstance(cell, str) and not isinstance(cell, RejectReason)]
    if isinstance(lay_out(texts, wanted), Layout) and not wanted.has_places:
        return RejectReason.HEADER_INSIDE
    return (other_separator(texts[0]) if len(texts) == 1 else None) or segment


def _together(
    first: Segment, others: list[tuple[int, Segment]]
) -> tuple[Segment, dict[int, Segment | RejectReason]]:
    """Join rows of one segment; answer it, and what lines are that say nothing new, or too much."""
    distinct, repeating, surplus = [first], list[int](), list[int]()
    left_bytes = MOST_BYTES_A_SEGMENT - _size_bytes(first)
    known = {(first.labels, first.columns)}
    for line, other in others:
        if (other.labels, other.columns) in known:
            repeating.append(line)
            continue
        left_bytes -= _size_bytes(other)
        if left_bytes < 0:
            surplus.append(line)
            continue
        known.add((other.labels, other.columns))
        distinct.append(other)
    whole = merged(distinct)
    return whole, {**dict.fromkeys(repeating, whole), **dict.fromkeys(surplus, RejectReason.ROWS_TOO_LARGE)}


def _size_bytes(segment: Segment) -> int:
    return sum(map(len, segment.labels)) + sum(len(name) + len(text) for name, text in segment.columns)


READER: Reader = Table()
