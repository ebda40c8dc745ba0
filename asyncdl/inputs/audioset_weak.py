"""AudioSet's weak lists: ``YTID, start_seconds, end_seconds, positive_labels``, and what became of copies."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from asyncdl.core.columns import INDEXED, USUAL, Columns, UnreadableHeader, read_columns
from asyncdl.core.events import Source
from asyncdl.core.foreign_header import foreign_header
from asyncdl.core.model import RejectedRow, Row, RowRef, Segment
from asyncdl.core.ports import Reader, SkipLine
from asyncdl.core.quick_rows import quick_rows
from asyncdl.core.rows import RejectReason, excerpt, is_passive, line_text, parse_row
from asyncdl.errors import UsageError
from asyncdl.inputs.lines import count_rows_roughly, physical_lines


class AudiosetWeak:
    """Reads ids, times and labels, and further columns where a header names them."""

    def rows(self, path: Path, source: Source, skip: SkipLine) -> Iterator[Row | RejectedRow]:
        """Yield lazily; lines count from 1, and blank lines, comments and headers are no rows.

        Lines above the first row are always looked at, since they may name the columns. Raises what
        ``physical_lines`` raises, and ``UsageError`` for a header under which no row can be read.
        """
        numbered = enumerate(physical_lines(path), 1)
        columns, first = read_head(numbered, path)
        split, index = source.split, source.index
        if columns is USUAL:
            yield from quick_rows(chain(first, numbered), index, split, skip)
            return
        for number, line in chain(first, numbered):
            if skip(number):
                continue
            outcome = parse_row(line, columns, split)
            if isinstance(outcome, Segment):
                yield Row(RowRef(index, number), outcome)
            elif outcome is not None:
                yield RejectedRow(RowRef(index, number), outcome, excerpt(line))

    def roughly(self, path: Path) -> int:
        """Count lines that are no comments."""
        return count_rows_roughly(path)


def read_head(
    numbered: Iterator[tuple[int, bytes]], path: Path
) -> tuple[Columns, tuple[tuple[int, bytes], ...]]:
    """Read to the first row; answer the columns and that row, if there is one.

    Raises ``UsageError`` for a header under which no row can be read.
    """
    columns = USUAL
    for number, line in numbered:
        text = line_text(line)
        header = None if isinstance(text, RejectReason) else read_columns(text) or foreign_header(text)
        if isinstance(header, UnreadableHeader):
            raise UsageError(f"Cannot read {path}: {header.what}", mend=header.mend)
        if header is not None:
            columns = USUAL if header == USUAL else header
        elif isinstance(text, RejectReason) or not is_passive(text):
            is_indexed = columns is USUAL and _has_index(line)
            return INDEXED if is_indexed else columns, ((number, line),)
    return columns, ()


def _has_index(line: bytes) -> bool:
    """Tell the row of a list without a header that begins with a number of its own."""
    number = line.removeprefix(b"\xef\xbb\xbf").partition(b",")[0].strip(b'" \t')
    if not number.isdigit() or isinstance(parse_row(line, USUAL, ""), Segment):
        return False
    return isinstance(parse_row(line, INDEXED, ""), Segment)


READER: Reader = AudiosetWeak()
