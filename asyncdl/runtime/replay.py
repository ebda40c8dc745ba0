"""Reads a journal folder back into a ledger. Readers take no lock and never wait.

Files are taken in the order of their numbers, of each writer the rows before the events.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from asyncdl.core.encoding import SELECTED, STORED, decode
from asyncdl.core.ledger import Ledger
from asyncdl.core.records import Fields
from asyncdl.core.scan import Gap, RecordScan
from asyncdl.errors import JournalFault
from asyncdl.runtime.files import REAL_FILES, EntryKind, telling
from asyncdl.runtime.runfile import RunName, parse_name

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ROW_BYTES = 120


@dataclass(frozen=True, slots=True)
class Damage:
    """Acknowledged records that are gone: how many, and behind which byte of which file."""

    file: str
    offset: int
    records: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """A journal as read; ``torn`` names files with a harmless torn tail, ``last_seq`` is 0 for no file."""

    ledger: Ledger
    damage: tuple[Damage, ...]
    torn: tuple[str, ...]
    last_seq: int
    files: tuple[str, ...]

    def require_whole(self) -> None:
        """Raise ``JournalFault`` on damage: who writes must not build on it."""
        if self.damage:
            first = self.damage[0]
            count = sum(damage.records for damage in self.damage)
            raise JournalFault(
                f"the journal is damaged: {count} records are missing, the first in {first.file} behind byte"
                f" {first.offset}",
                mend="Nothing was changed. Put back an undamaged copy of that file; or move the file away:"
                " what it tells is then fetched again.",
            )


def replay(folder: Path) -> Replayed:
    """Fold a journal folder; a missing one is empty. Memory: the ledger and a few megabytes.

    Raises ``JournalFault`` for what is no journal: another version, a link or a pipe as run file.
    """
    ledger = Ledger()
    damage: list[Damage] = []
    torn: list[str] = []
    last_seq = 0
    names = run_file_names(folder)
    ledger.reserve(sum(_rows_bytes(folder / name) for name in names if not _is_events(name)) // _ROW_BYTES)
    for name in names:
        with open_run_file(folder / name) as stream:
            scan = RecordScan(stream)
            fold(scan, ledger, name)
        lost = scan.lost()
        damage += [_damage(name, gap) for gap in lost]
        if scan.is_torn:
            torn.append(name)
        last_seq = max(last_seq, _run_of(name).seq)
    damage += _missing_files(names)
    return Replayed(ledger, tuple(damage), tuple(torn), last_seq, tuple(names))


def fold(scan: RecordScan, ledger: Ledger, name: str) -> None:
    """Fold one run file; the two most frequent records go without an object in between."""
    fields: Fields = {}
    try:
        for records in scan.batches():
            for fields in records:
                event = fields.get("e")
                if event == SELECTED:
                    ledger.row_selected(fields["s"], fields["i"], fields["k"])
                elif event == STORED:
                    ledger.clip_stored(fields["k"], fields["r"], fields["b"])
                elif (known := decode(fields)) is not None:
                    ledger.apply(known)
    except JournalFault as fault:
        raise JournalFault(f"{name}: {fault.what}", mend=fault.mend) from fault
    except (KeyError, TypeError, ValueError, OverflowError, IndexError) as error:
        raise JournalFault(f"{name}: record {fields.get('q')} is not of this version ({error})") from error


def run_file_names(folder: Path) -> list[str]:
    """Names of all run files in replay order; other entries of the folder are passed over."""
    try:
        found = os.listdir(folder)  # noqa: PTH208 - names, not paths
    except FileNotFoundError:
        return []
    return sorted(
        (name for name in found if parse_name(name)), key=lambda name: (_run_of(name), _is_events(name))
    )


@contextmanager
def open_run_file(path: Path) -> Iterator[BinaryIO]:
    """Open a plain file for reading; refuses links, pipes and devices by name, without waiting for them."""
    with telling("reading", path):
        if REAL_FILES.kind(path) is not EntryKind.FILE:
            raise JournalFault(f"{path} is no plain file", mend="move it out of the journal folder")
        with os.fdopen(os.open(path, _FLAGS), "rb") as stream:
            yield stream


def _damage(name: str, gap: Gap) -> Damage:
    return Damage(name, gap.offset, gap.last - gap.first + 1)


def _rows_bytes(path: Path) -> int:
    with open_run_file(path) as stream:
        return os.fstat(stream.fileno()).st_size


def _missing_files(names: list[str]) -> list[Damage]:
    """Rows whose events file is gone: it was durable before the first row."""
    rows = [_run_of(name) for name in names if not _is_events(name)]
    return [Damage(run.events, 0, 1) for run in rows if run.events not in names]


def _run_of(name: str) -> RunName:
    run = parse_name(name)
    if run is None:
        raise ValueError(name)
    return run


def _is_events(name: str) -> bool:
    return name == _run_of(name).events
