"""Reads a journal folder back into a ledger. Readers take no lock and never wait.

Runs are taken in the order of their numbers, of each the rows before the events. What is read of the events
ends where they ended before the rows were read: a run that goes on meanwhile vouches for no rows that were
not seen.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from asyncdl.core.damage import Damage, unsettled
from asyncdl.core.encoding import NOTED, decode
from asyncdl.core.ledger import Ledger
from asyncdl.core.quick import Stored
from asyncdl.core.records import Fields
from asyncdl.core.row_encoding import SELECTED
from asyncdl.core.scan import Position, RecordScan
from asyncdl.errors import JournalFault
from asyncdl.runtime.replayed import Replayed
from asyncdl.runtime.run_folder import (
    RunFileGone,
    is_events,
    open_run_file,
    run_file_names,
    run_file_size,
    run_of,
)
from asyncdl.runtime.runfile import RunName
from asyncdl.runtime.snapshot import load_snapshot

# Files may be larger than what they hold.
_MOST_RESERVED = 1 << 22
_ROW_BYTES = 55
_TRIES = 5


def replay(folder: Path, *, with_snapshot: bool = True, is_lean: bool = False) -> Replayed:
    """Fold a journal folder; a missing one is empty. Memory: the ledger and a few megabytes.

    ``is_lean`` is for who may have nothing to search: see ``load_snapshot``. Raises ``JournalFault`` for what
    is no journal: another version, a link or a pipe as run file.
    """
    for _ in range(_TRIES - 1):
        try:
            return _replay(folder, with_snapshot=with_snapshot, is_lean=is_lean)
        except RunFileGone:
            continue  # compacted meanwhile: list again
    return _replay(folder, with_snapshot=with_snapshot, is_lean=is_lean)


def _replay(folder: Path, *, with_snapshot: bool, is_lean: bool) -> Replayed:
    names, ends = _listed(folder)
    snapshot = load_snapshot(folder, names, is_lean=is_lean) if with_snapshot else None
    ledger, positions = (snapshot.ledger, snapshot.positions) if snapshot else (Ledger(), {})
    reading = _Reading(folder, names, ends, ledger, dict(positions))
    if not snapshot:
        rows_bytes = sum(run_file_size(folder / name) for name in names if not is_events(name))
        ledger.reserve(min(rows_bytes // _ROW_BYTES, _MOST_RESERVED))
    runs = sorted({run_of(name) for name in names})
    for run in runs:
        reading.read(run)
    damage = still_damage([*reading.damage, *_missing_files(names)], ledger)
    return Replayed(
        ledger,
        damage,
        tuple(reading.torn),
        max((run.seq for run in runs), default=0),
        tuple(names),
        folder,
        reading.positions,
        reading.read_bytes,
    )


def still_damage(damage: Iterable[Damage], ledger: Ledger) -> tuple[Damage, ...]:
    """Leave out what a repair has settled, and what stands in files that a compacted one tells again."""
    counts = (one for one in damage if run_of(one.file).seq >= ledger.below_seq)
    return tuple(unsettled(counts, ledger.settled))


def _listed(folder: Path) -> tuple[list[str], dict[str, int]]:
    """List the run files, and where the events end.

    Rows are looked for once more after that: what the events vouch for up to there is in a file by then, also
    of a run that had none when the folder was listed first.
    """
    names = run_file_names(folder)
    ends = {name: run_file_size(folder / name) for name in names if is_events(name)}
    late = [name for name in run_file_names(folder) if name not in names and run_of(name).events in ends]
    return sorted([*names, *late], key=lambda name: (run_of(name), is_events(name))), ends


class _Reading:
    """Reads run after run into a ledger, from the positions that are known already."""

    def __init__(
        self,
        folder: Path,
        names: list[str],
        ends: Mapping[str, int],
        ledger: Ledger,
        positions: dict[str, Position],
    ) -> None:
        self._folder = folder
        self._names = frozenset(names)
        self._ends = ends
        self._ledger = ledger
        self.positions = positions
        self.damage: list[Damage] = []
        self.torn: list[str] = []
        self.read_bytes = 0

    def read(self, run: RunName) -> None:
        """Fold what is new of both files of a run."""
        rows, _ = self._fold(run.rows, None)
        events, noted = self._fold(run.events, self._ends.get(run.events))
        rows.vouch(noted)
        self._close(run.rows, rows)
        self._close(run.events, events)

    def _fold(self, name: str, end: int | None) -> tuple[RecordScan, int]:
        with self._open(name) as stream:
            scan = RecordScan(stream, self.positions.get(name, Position()), end)
            return scan, fold(scan, self._ledger, name)

    @contextmanager
    def _open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file; one that is not there reads as empty, so that what is lost with it is counted."""
        if name not in self._names:
            yield io.BytesIO()
            return
        with open_run_file(self._folder / name) as stream:
            yield stream

    def _close(self, name: str, scan: RecordScan) -> None:
        before, after = self.positions.get(name, Position()), scan.position
        self.read_bytes += after.offset - before.offset
        if after != Position() or name in self._names:
            self.positions[name] = after
        self.damage += [Damage(name, gap.offset, gap.first, gap.last) for gap in scan.lost()]
        if scan.is_torn:
            self.torn.append(name)


def fold(scan: RecordScan, ledger: Ledger, name: str) -> int:
    """Fold one run file; the two most frequent records go without an object in between.

    Answers how many records of the rows file beside it this one vouches for.
    """
    fields: Fields = {}
    noted = 0
    try:
        for records in scan.batches():
            clips: list[Stored] = []
            for record in records:
                if isinstance(record, tuple):
                    clips.append(record)
                    continue
                if clips:
                    ledger.clips_stored(clips)
                    clips = []
                fields = record
                event = fields.get("e")
                if event == SELECTED:
                    ledger.rows_selected(fields["s"], fields["rows"])
                elif event == NOTED:
                    noted = max(noted, int(fields["rows"]))
                elif (known := decode(fields)) is not None:
                    ledger.apply(known)
            ledger.clips_stored(clips)
    except JournalFault as fault:
        raise JournalFault(f"{name}: {fault.what}", mend=fault.mend) from fault
    except (KeyError, TypeError, ValueError, OverflowError, IndexError) as error:
        raise JournalFault(f"{name}: record {fields.get('q')} is not of this version ({error})") from error
    return noted


def _missing_files(names: list[str]) -> list[Damage]:
    """Rows whose events file is gone: it was durable before the first row."""
    rows = [run_of(name) for name in names if not is_events(name)]
    return [Damage(run.events, 0, 1, 1) for run in rows if run.events not in names]
