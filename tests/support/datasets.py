"""Data sets in a folder, written by the real journal: rows, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asyncdl.core.events import Event, RowEvent, RowSelected, RunEnded, RunStarted, Source, SourceAdded
from asyncdl.core.model import ClipSpec, Row, RowRef, Segment
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.journal import RunJournal
from asyncdl.runtime.replay import replay

SOURCE = Source(0, "eval.csv", "eval", "5a" * 32, 100)


def header(spec: ClipSpec | None = None) -> RunStarted:
    """Begin of a run file."""
    return RunStarted("a run", 0, spec or ClipSpec(), {"concurrency": 8}, "run eval.csv", {"asyncdl": "0"})


def rows_of(segments: Sequence[Segment]) -> list[RowEvent]:
    """Rows of the one list, from line 4 on."""
    return [RowSelected(Row(RowRef(0, line), segment)) for line, segment in enumerate(segments, 4)]


async def write_run(
    root: Path, rows: Sequence[RowEvent], events: Sequence[Event], spec: ClipSpec | None = None
) -> None:
    """Add one run to a data set's journal."""
    folder = journal_of(root)
    folder.mkdir(parents=True, exist_ok=True)
    journal = RunJournal(folder)
    await journal.start(header(spec), replay(folder).last_seq + 1)
    await journal.append(SourceAdded(SOURCE))
    for row in rows:
        journal.note(row)
    for event in events:
        await journal.append(event)
    await journal.append(RunEnded(1, "finished"))
    await journal.close()
