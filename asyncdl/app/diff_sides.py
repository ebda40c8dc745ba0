"""Reads what two data sets hold: from the journal of a folder, or from a manifest alone."""

from __future__ import annotations

from pathlib import Path

from asyncdl.core.events import ClipStored, GaveUp
from asyncdl.core.holdings import (
    NOT_IN_LISTS,
    NOT_TOLD,
    OPEN,
    STORED,
    HoldingsWriter,
    Side,
    SplitCodes,
    given_up,
    sound_of,
)
from asyncdl.core.layout import MANIFEST
from asyncdl.core.manifest_line import MAX_LINE_BYTES, read_manifest_line
from asyncdl.core.model import Row
from asyncdl.core.states import RowState
from asyncdl.errors import JournalFault, UsageError
from asyncdl.inputs.lines import physical_lines
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import Outcome, iterate_outcomes
from asyncdl.runtime.replay import replay


def read_side(path: Path, splits: SplitCodes) -> tuple[Side, JournalFault | None]:
    """Read a data set folder, a folder with a manifest only, or a manifest; gzip is told by its bytes.

    The fault tells of a damaged journal, of which the rest was read. Raises ``UsageError`` for what is none
    of these, and for a line of a manifest that is no clip; ``JournalFault`` and ``EnvironmentFault``.
    """
    if not path.exists():
        raise UsageError(f"{path} is not there.", mend="Name a data set folder, or a manifest.")
    try:
        if journal_of(path).is_dir():
            return _read_journal(path, splits)
        if path.is_dir() and not (path / MANIFEST).is_file():
            raise UsageError(f"{path} is no data set: it has neither a journal/ nor a {MANIFEST}.")
        return _read_manifest(path, path / MANIFEST if path.is_dir() else path, splits), None
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}") from error


def _read_journal(root: Path, splits: SplitCodes) -> tuple[Side, JournalFault | None]:
    folder = journal_of(root)
    replayed = replay(folder)
    writer = HoldingsWriter(splits)
    for row, outcome in iterate_outcomes(folder, replayed.ledger):
        is_given_up = replayed.ledger.state_of(row.segment.key) is RowState.GIVEN_UP
        try:
            _add(writer, row, outcome, is_given_up=is_given_up)
        except ValueError as error:
            raise UsageError(f"{root}: {error}.") from error
    return Side(str(root), is_manifest=False, holdings=writer.finish(NOT_IN_LISTS)), replayed.fault


def _add(writer: HoldingsWriter, row: Row, outcome: Outcome | None, *, is_given_up: bool) -> None:
    """Append a row; what is to be asked for again is open, whatever came of it before."""
    match outcome:
        case ClipStored(clip=clip):
            writer.add(row.segment, STORED, sound_of(clip.sha256))
        case GaveUp(failure=failure) if is_given_up:
            writer.add(row.segment, given_up(failure.kind))
        case _:
            writer.add(row.segment, OPEN)


def _read_manifest(given: Path, path: Path, splits: SplitCodes) -> Side:
    writer = HoldingsWriter(splits)
    for number, line in enumerate(physical_lines(path, MAX_LINE_BYTES), 1):
        try:
            segment, sound, knows_labels = read_manifest_line(line)
            writer.add(segment, STORED, sound, knows_labels=knows_labels)
        except ValueError as error:
            raise UsageError(
                f"{path} line {number} tells of no clip: {error}.",
                mend="Take the manifest from where it was published again, or that line out of it.",
            ) from error
    return Side(str(given), is_manifest=True, holdings=writer.finish(NOT_TOLD))
