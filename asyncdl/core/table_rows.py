"""One row of any table of segments, as cells, becomes a segment; rows of one segment become one."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TypeAlias

from asyncdl.core.forms import MAX_TIME_MS, YTID
from asyncdl.core.layout import split_name
from asyncdl.core.model import Segment, Span
from asyncdl.core.rows import (
    RejectReason,
    is_label,
    is_spreadsheet_error,
    milliseconds,
    span_between,
)
from asyncdl.core.table_columns import Layout

Cell: TypeAlias = str | tuple[str, ...]
"""What stands in one place of a row; a file format may have lists in it."""

_VGGSOUND_SPLITS = frozenset({"train", "test"})
VGGSOUND_NAMES = ("youtube_id", "start_seconds", "label", "split")


def strict_fields(text: str, separator: str) -> list[str] | RejectReason:
    """Split one line at its separators outside quotes; a quote must be closed on its line."""
    try:
        row = next(csv.reader([text], delimiter=separator, skipinitialspace=True, strict=True), [])
    except csv.Error:
        return RejectReason.OPEN_QUOTE
    return [field.strip(" \t") for field in row]


def is_vggsound(cells: Sequence[str]) -> bool:
    """Tell a row of VGGSound's table, which has no header: id, whole seconds, a name, train or test."""
    return (
        len(cells) == len(VGGSOUND_NAMES)
        and (YTID.fullmatch(cells[0]) is not None or is_spreadsheet_error(cells[0]))
        and cells[1].isascii()
        and cells[1].isdigit()
        and isinstance(milliseconds(cells[2].encode()), RejectReason)
        and cells[3] in _VGGSOUND_SPLITS
    )


def parse_table_row(cells: Sequence[Cell], layout: Layout, split: str) -> Segment | RejectReason:
    """Read one row; ``split`` is for rows that name none. Never raises."""
    if fault := _shape_fault(cells, layout):
        return fault
    span = _span(cells, layout)
    if isinstance(span, RejectReason):
        return span
    told_split = _text(cells, layout.split) if layout.split is not None else ""
    labels = () if layout.labels is None else _labels(_cell(cells, layout.labels))
    texts = tuple((name, text) for name, at in layout.texts for text in _texts(_cell(cells, at)))
    return Segment(
        _text(cells, layout.ytid), span, split_name(told_split) if told_split else split, labels, texts
    )


def merged(rows: Sequence[Segment]) -> Segment:
    """Make one segment of rows that are the same stretch of the same split.

    A column that says the same on all rows is there once, any other once for each row, in their order.
    """
    first = rows[0]
    if len(rows) == 1:
        return first
    by_name: dict[str, list[tuple[str, ...]]] = {}
    for number, row in enumerate(rows):
        for name, text in row.columns:
            told = by_name.setdefault(name, [()] * len(rows))
            told[number] = (*told[number], text)
    columns = tuple(
        (name, text)
        for name, told in by_name.items()
        for texts in (told[:1] if all(one == told[0] for one in told) else told)
        for text in texts
    )
    labels = tuple(dict.fromkeys(label for row in rows for label in row.labels))
    return Segment(first.ytid, first.span, first.split, labels, columns)


def _shape_fault(cells: Sequence[Cell], layout: Layout) -> RejectReason | None:
    ytid = _text(cells, layout.ytid)
    if is_spreadsheet_error(ytid):
        return RejectReason.SPREADSHEET_ID
    if any(cells[layout.width :]):
        return RejectReason.SURPLUS_FIELDS
    places = [at for at in (layout.ytid, layout.start, layout.end, layout.duration) if isinstance(at, int)]
    if max(places) >= len(cells):
        return RejectReason.MISSING_FIELDS
    return None if YTID.fullmatch(ytid) else RejectReason.BAD_ID


def _span(cells: Sequence[Cell], layout: Layout) -> Span | RejectReason:
    until = layout.duration if layout.end is None else layout.end
    start_ms, until_ms = _time(cells, layout.start), _time(cells, until)
    if isinstance(start_ms, RejectReason):
        return start_ms
    if isinstance(until_ms, RejectReason):
        return until_ms
    end_ms = until_ms if layout.end is not None else start_ms + until_ms
    return span_between(start_ms, end_ms) if end_ms <= MAX_TIME_MS else RejectReason.TIME_TOO_LARGE


def _time(cells: Sequence[Cell], at: int | str | None) -> int | RejectReason:
    return milliseconds((at if isinstance(at, str) else _text(cells, at)).encode("utf-8", "replace"))


def _labels(cell: Cell) -> tuple[str, ...]:
    """Split label ids at commas; any other text is one label, since names hold commas."""
    if isinstance(cell, tuple):
        return tuple(dict.fromkeys(filter(None, cell)))
    parts = [part.strip(' "') for part in cell.split(",")]
    are_ids = all(is_label(part) for part in parts if part)
    return tuple(dict.fromkeys(filter(None, parts if are_ids else [cell])))


def _text(cells: Sequence[Cell], at: int | None) -> str:
    cell = "" if at is None else _cell(cells, at)
    return cell if isinstance(cell, str) else ",".join(cell)


def _texts(cell: Cell) -> tuple[str, ...]:
    return (cell,) if isinstance(cell, str) else cell


def _cell(cells: Sequence[Cell], at: int) -> Cell:
    return cells[at] if at < len(cells) else ""
