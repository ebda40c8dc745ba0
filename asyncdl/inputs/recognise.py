"""Which reader a list is for, by its first lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from asyncdl.core.columns import LABEL_NAMES, Columns, fields_of, read_columns
from asyncdl.core.model import Segment
from asyncdl.core.rows import RejectReason, is_passive, line_text, parse_row
from asyncdl.core.strong_rows import clip_of, read_strong_header
from asyncdl.core.table_columns import CAPTION, SPLIT_NAMES, Layout, lay_out
from asyncdl.core.table_rows import is_vggsound, strict_fields
from asyncdl.inputs.further import as_far_as_it_goes
from asyncdl.inputs.lines import physical_lines
from asyncdl.inputs.table_files import is_parquet

WEAK, STRONG, TABLE = "audioset_weak", "audioset_strong", "table"
_FIRST_LINES = 32
_FOR_TABLES = frozenset({*SPLIT_NAMES, CAPTION, f"{CAPTION}s"})


def reader_name(path: Path) -> str:
    """Name the reader; a list that tells nothing is a weak one. Raises what ``open_list`` raises."""
    if is_parquet(path):
        return TABLE
    lines = islice(as_far_as_it_goes(physical_lines(path)), _FIRST_LINES)
    texts = [text for text in map(line_text, lines) if not isinstance(text, RejectReason)]
    names_columns = [text for text in texts if _is_header(text)]
    rows = [text for text in texts if not is_passive(text) and not _is_header(text)]
    if names_columns:
        return _by_header(names_columns[0], rows, is_csv=_is_csv(path))
    return _by_row(rows[0]) if rows else WEAK


def _is_header(text: str) -> bool:
    return read_strong_header(text) is not None or read_columns(text) is not None or _is_table_header(text)


def _is_table_header(text: str) -> bool:
    return _is_separated_by(",\t", text)


def _is_separated_by(separators: str, header: str) -> bool:
    return any(isinstance(lay_out(fields_of(header, separator)), Layout) for separator in separators)


def _by_header(header: str, rows: Sequence[str], *, is_csv: bool) -> str:
    if read_strong_header(header) is not None:
        return STRONG
    columns = read_columns(header)
    if not isinstance(columns, Columns):
        return WEAK if _is_separated_by(";|" + "\t" * is_csv, header) else TABLE
    names = [name.strip('" #').lower() for name in fields_of(header)]
    if _FOR_TABLES & set(names):
        return TABLE
    if LABEL_NAMES[0] in names or not rows:
        return WEAK
    return WEAK if any(_is_weak(row, columns) for row in rows) else TABLE


def _by_row(row: str) -> str:
    if row.startswith(("{", "[")):
        return TABLE
    if clip_of(row.partition("\t")[0]) is not None:
        return STRONG
    cells = strict_fields(row, ",")
    return TABLE if not isinstance(cells, RejectReason) and is_vggsound(cells) else WEAK


def _is_weak(row: str, columns: Columns) -> bool:
    return isinstance(parse_row(row.encode(), columns, ""), Segment)


def _is_csv(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(".csv")
