"""Histories with records of each kind, and their compaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from asyncdl.core.events import SourceAdded
from asyncdl.runtime.compacting import CompactionMeans, Saved, compact
from asyncdl.runtime.replay import replay
from support.datasets import header
from support.histories import SOURCES, Run, _row_event, _segment_event

HEADER = replace(header(), command="journal compact")


def compacted(folder: Path, means: CompactionMeans | None = None) -> Saved:
    return compact(folder, replay(folder, with_snapshot=False), HEADER, means or CompactionMeans())


def a_history(count: int = 3) -> list[Run]:
    """A few runs in which each kind of record is there."""
    return [HISTORY_OF_ALL[number % len(HISTORY_OF_ALL)] for number in range(count)]


def _all_kinds() -> Sequence[Run]:
    rows = tuple(_row_event(source, line) for source in (0, 1) for line in range(1, 6))
    events = tuple(_segment_event(n % 4, n // 4, n % 3, n % 6) for n in range(20))
    sources = tuple(SourceAdded(source) for source in SOURCES)
    return [Run(rows, (*sources, *events)), Run((), events[7:]), Run(rows[3:], ())]


HISTORY_OF_ALL = _all_kinds()
