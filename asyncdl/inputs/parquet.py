"""Rows of a Parquet file, by pyarrow, which is an extra: ``pip install "asyncdl[parquet]"``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asyncdl.core.ports import SkipLine
from asyncdl.core.rows import MAX_LINE_BYTES, RejectReason
from asyncdl.core.table_rows import Cell
from asyncdl.errors import UsageError
from asyncdl.inputs.cells import cell_of
from asyncdl.inputs.lines import open_list

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_SHOWN = 200
_BATCH_ROWS = 1024
ParquetRow = tuple[int, tuple[str, ...], Sequence[Cell] | RejectReason, bytes]


def parquet_rows(path: Path, skip: SkipLine) -> Iterator[ParquetRow]:
    """Yield row number from 1, names of the columns, cells, and a text of them.

    Raises ``UsageError`` where pyarrow is missing or cannot read the file.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            f"{path} is a Parquet file, and pyarrow is not installed",
            mend='Run pip install "asyncdl[parquet]", or save the table as CSV.',
        ) from error
    with open_list(path) as file:
        try:
            yield from _rows(ParquetFile(file), skip)
        except (pa.ArrowException, OSError) as error:
            raise UsageError(
                f"The Parquet file {path} is cut or damaged: {str(error)[:200]}",
                mend="Fetch or copy the table again.",
            ) from error


def _rows(file: ParquetFile, skip: SkipLine) -> Iterator[ParquetRow]:
    number = 0
    names = tuple(file.schema_arrow.names)
    for batch in file.iter_batches(batch_size=_BATCH_ROWS):
        columns = batch.columns
        for place in range(batch.num_rows):
            number += 1
            if not skip(number):
                yield _row(number, names, [column[place].as_py() for column in columns])


def _row(number: int, names: tuple[str, ...], values: list[object]) -> ParquetRow:
    cells = [_seconds(value) if isinstance(value, float) else cell_of(value) for value in values]
    size = sum(len(cell) if isinstance(cell, str) else sum(map(len, cell)) for cell in cells)
    raw = ",".join(str(cell) for cell in cells if len(cell) < _SHOWN).encode()
    return number, names, cells if size <= MAX_LINE_BYTES else RejectReason.LINE_TOO_LONG, raw


def _seconds(value: float) -> str:
    """Write a binary fraction as a list would: to the millisecond."""
    return f"{value:.3f}"
