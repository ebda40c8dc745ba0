"""How a run ended, for the command line to tell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.classify import telling_line
from asyncdl.core.ledger import Counts
from asyncdl.core.model import Failure
from asyncdl.core.progress import Snapshot
from asyncdl.core.reach import LabelReach
from asyncdl.core.storm import STORM_WINDOW
from asyncdl.errors import AsyncdlError, DiskFull, EnvironmentFault, ExitCode
from asyncdl.runtime.scheduler import RunEnd


@dataclass(frozen=True, slots=True)
class RunReport:
    """The state of the data set after a run; ``fault`` is what stopped it, ``exit_code`` what scripts get.

    ``labels`` tells of ``--per-label`` only.
    """

    root: Path
    exit_code: ExitCode
    counts: Counts
    final: Snapshot
    fault: AsyncdlError | None
    requests: int
    received_bytes: int
    labels: tuple[LabelReach, ...] = ()


def exit_code_of(counts: Counts) -> ExitCode:
    """Say whether anything is left that could be retried."""
    return ExitCode.RETRYABLE_LEFT if counts.open or counts.retryable else ExitCode.DONE


def fault_of(end: RunEnd, fault: AsyncdlError | None, stopped_by: Failure | None) -> AsyncdlError | None:
    """Name what stopped a run, with what mends it."""
    if fault is not None or stopped_by is None:
        return fault
    if end is RunEnd.STORM:
        return EnvironmentFault(
            f"Most of the last {STORM_WINDOW} videos failed, and not for reasons of their own"
            f" ({stopped_by.kind}: {_told(stopped_by)}).",
            mend="No segment was given up for it. Check the connection, and update yt-dlp"
            " (pip install --upgrade yt-dlp). Then run the same again.",
        )
    return EnvironmentFault(
        f"The run cannot go on: {stopped_by.code}: {_told(stopped_by)}",
        mend="No segment was marked as failed. Mend it, then run the same command again.",
    )


def naming(root: Path, fault: AsyncdlError | None) -> AsyncdlError | None:
    """Have a full disk tell where it is full, also where a child found out, which does not say."""
    if not isinstance(fault, DiskFull) or str(root) in fault.what:
        return fault
    return DiskFull(
        f"no space is left in {root}: {fault.what}",
        mend=fault.mend or "free some space, then run the same command again: nothing is lost",
    )


def _told(failure: Failure) -> str:
    return f"{failure.kind.meaning}: {telling_line(failure)}"
