"""Files that hold a table: CSV, TSV, JSON lines and Parquet, read as records of named cells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from asyncdl.core.columns import OTHER_SEPARATORS, UnreadableHeader, fields_of, read_columns
from asyncdl.core.ports import SkipLine
from asyncdl.core.rows import RejectReason, is_passive, line_text
from asyncdl.core.table_columns import USUAL_SECONDS, Layout, TableColumns, lay_out
from asyncdl.core.table_rows import VGGSOUND_NAMES, Cell, is_vggsound, strict_fields
from asyncdl.errors import UsageError
from asyncdl.inputs.cells import cell_of, sound_text
from asyncdl.inputs.lines import open_list, physical_lines

PARQUET_MAGIC = b"PAR1"
_SEPARATORS = (",", "\t")


@dataclass(frozen=True, slots=True)
class Record:
    """One row; ``number`` counts lines, in Parquet rows, from 1. ``raw`` is its text, for an excerpt."""

    number: int
    names: tuple[str, ...]
    cells: Sequence[Cell] | RejectReason
    raw: bytes


@dataclass(frozen=True, slots=True)
class TableHead:
    """What the first lines say: names of the columns, what stands for what, and the separator."""

    names: tuple[str, ...]
    wanted: TableColumns
    separator: str


def records(path: Path, wanted: TableColumns, skip: SkipLine) -> Iterator[tuple[TableColumns, Record]]:
    """Yield rows lazily, with what their columns mean; raises ``UsageError`` for what is no table."""
    if is_parquet(path):
        from asyncdl.inputs.parquet import parquet_rows  # noqa: PLC0415 - an optional library

        for number, names, cells, raw in parquet_rows(path, skip):
            yield wanted, Record(number, names, cells, raw)
        return
    numbered = enumerate(physical_lines(path), 1)
    first = _first_line(numbered)
    if first is None:
        return
    number, line, text = first
    if text.startswith("{"):
        for record in _json_records(chain([(number, line)], numbered), skip):
            yield wanted, record
        return
    head, is_header = read_head(text, path, wanted)
    rows = numbered if is_header else chain([(number, line)], numbered)
    for record in _separated_records(rows, head, skip):
        yield head.wanted, record


def is_parquet(path: Path) -> bool:
    """Tell a Parquet file by its first bytes."""
    with open_list(path) as file:
        return file.peek(len(PARQUET_MAGIC)).startswith(PARQUET_MAGIC)


def read_head(text: str, path: Path, wanted: TableColumns) -> tuple[TableHead, bool]:
    """Read the first line of a separated table; answer its head, and whether it is a header.

    Raises ``UsageError`` for a header under which no row can be read, and where none is and one is needed.
    """
    if text.startswith("["):
        raise UsageError(f"{path} is one JSON array", mend="Write one JSON object a line (JSON lines).")
    for separator in _SEPARATORS:
        names = tuple(fields_of(text, separator))
        if not wanted.has_places and isinstance(lay_out(names, wanted), Layout):
            return TableHead(names, wanted, separator), True
        cells = strict_fields(text, separator)
        if not isinstance(cells, RejectReason) and is_vggsound(cells) and not wanted.id:
            return TableHead(VGGSOUND_NAMES, _ten_seconds(wanted), separator), False
    if wanted.has_places:
        separator = "\t" if "\t" in text else ","
        names = ("",) * len(fields_of(text, separator))
        if isinstance(lay_out(names, wanted), Layout):
            return TableHead(names, wanted, separator), False
    raise _unreadable(text, path, wanted)


def _ten_seconds(wanted: TableColumns) -> TableColumns:
    return wanted if wanted.end or wanted.duration else replace(wanted, duration=USUAL_SECONDS)


def _unreadable(text: str, path: Path, wanted: TableColumns) -> UsageError:
    for separator, plural in OTHER_SEPARATORS.items():
        if separator != "\t" and isinstance(lay_out(fields_of(text, separator), wanted), Layout):
            return UsageError(
                f"Cannot read {path}: its columns are separated by {plural}",
                mend="Save it with commas or tabs.",
            )
    separator = "\t" if "\t" in text else ","
    fault = lay_out(fields_of(text, separator), wanted)
    if not isinstance(fault, UnreadableHeader):
        raise TypeError(text)
    return UsageError(f"Cannot read {path}: {fault.what}", mend=fault.mend)


def _first_line(numbered: Iterator[tuple[int, bytes]]) -> tuple[int, bytes, str] | None:
    """Answer the first line that is neither blank nor a comment, unless the comment names columns."""
    for number, line in numbered:
        text = line_text(line)
        if isinstance(text, RejectReason):
            return number, line, ""
        names_columns = isinstance(lay_out(fields_of(text)), Layout) or read_columns(text) is not None
        if names_columns or not is_passive(text):
            return number, line, text
    return None


def _separated_records(
    numbered: Iterator[tuple[int, bytes]], head: TableHead, skip: SkipLine
) -> Iterator[Record]:
    for number, line in numbered:
        if skip(number):
            continue
        text = line_text(line)
        if isinstance(text, RejectReason):
            yield Record(number, head.names, text, line)
        elif not is_passive(text):
            cells = strict_fields(text, head.separator)
            if isinstance(cells, RejectReason) or tuple(cells) != head.names:
                yield Record(number, head.names, cells, line)


def _json_records(numbered: Iterator[tuple[int, bytes]], skip: SkipLine) -> Iterator[Record]:
    for number, line in numbered:
        if skip(number):
            continue
        text = line_text(line)
        if isinstance(text, RejectReason):
            yield Record(number, (), text, line)
        elif text.strip():
            cells = _object(text)
            if isinstance(cells, RejectReason):
                yield Record(number, (), cells, line)
            else:
                yield Record(number, tuple(cells), tuple(cells.values()), line)


def _object(text: str) -> dict[str, Cell] | RejectReason:
    """Read one object; numbers keep the decimals that they have in the file."""
    try:
        members = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return RejectReason.NOT_JSON
    if not isinstance(members, dict):
        return RejectReason.NOT_JSON
    return {sound_text(name): cell_of(value) for name, value in members.items()}
