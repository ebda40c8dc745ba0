"""The journal's writer over any file layer, and a few records for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from asyncdl.core.events import RetryRequested, RowSelected, RunEnded, RunStarted
from asyncdl.core.model import ClipSpec, Row, RowRef, Segment, Span
from asyncdl.runtime.files import FileLayer
from asyncdl.runtime.journal import RunJournal

HEADER = RunStarted("run", 0, ClipSpec(), {"concurrency": 8}, "run eval", {"asyncdl": "0"})


END = RunEnded(1, "done")


def retry(number: int) -> RetryRequested:
    return RetryRequested(f"{number:011d}_0_10000", 1, 0)


def row(line: int) -> RowSelected:
    return RowSelected(Row(RowRef(0, line), Segment(f"{line:011d}", Span(0, 10_000), "eval", ("/m/09x0r",))))


@asynccontextmanager
async def journal_in(folder: Path, files: FileLayer, rows_flush_s: float = 60.0) -> AsyncIterator[RunJournal]:
    journal = RunJournal(folder, files=files, rows_flush_s=rows_flush_s)
    await journal.start(HEADER, 1)
    try:
        yield journal
    finally:
        await journal.close()


def lines_of(folder: Path, pattern: str = "*.jsonl") -> list[bytes]:
    (path,) = [path for path in folder.glob(pattern) if (".rows." in path.name) == (".rows." in pattern)]
    return path.read_bytes().splitlines(keepends=True)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
