"""Compares two data sets, by their records or also by their sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from asyncdl.app.diff_sides import read_side
from asyncdl.core.diff_report import DiffReport
from asyncdl.core.difference import compare
from asyncdl.core.hearing import Hearings
from asyncdl.core.holdings import SplitCodes
from asyncdl.errors import JournalFault, UsageError
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.spool import Spool

OnProgress: TypeAlias = Callable[[int, int], None]


def diff(
    path_a: Path, path_b: Path, heard: Spool, on_progress: OnProgress | None = None
) -> tuple[DiffReport, list[JournalFault]]:
    """Compare; with ``on_progress``, which is told clips done and all, decode what has other bytes.

    What was heard of each pair is added to ``heard``. The faults tell of damaged journals: what is left of
    them was compared. Raises ``UsageError``, ``JournalFault``, ``EnvironmentFault`` and ``DiskFull``.
    """
    if on_progress is not None:
        _require_folders(path_a, path_b)
    splits = SplitCodes()
    a, fault_a = read_side(path_a, splits)
    b, fault_b = read_side(path_b, splits)
    faults = [fault for fault in (fault_a, fault_b) if fault is not None]
    difference = compare(a.holdings, b.holdings, splits.names)
    report = DiffReport(a, b, difference, difference.counts())
    if on_progress is None:
        return report, faults
    return _with_sound(report, heard, on_progress), faults


def _with_sound(report: DiffReport, heard: Spool, on_progress: OnProgress) -> DiffReport:
    from asyncdl.app.diff_sound import hearings  # noqa: PLC0415 - loads what decodes

    tally, pairs = Hearings(), report.total["other_sound"]
    for number, one in enumerate(hearings(report.difference, Path(report.a.path), Path(report.b.path)), 1):
        tally.add(one)
        heard.add(one.told)
        on_progress(number, pairs)
    return DiffReport(report.a, report.b, report.difference, report.counts, tally)


def _require_folders(*paths: Path) -> None:
    for path in paths:
        if not journal_of(path).is_dir():
            raise UsageError(
                f"--decode needs the clips, and {path} is no data set: it has no folder journal/.",
                mend="Give two data set folders, or compare without --decode.",
            )
