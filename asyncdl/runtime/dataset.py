"""A data set folder: found, opened by one writer at a time, swept of what a killed run has left."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core import layout
from asyncdl.core.ledger import Ledger
from asyncdl.errors import UsageError
from asyncdl.runtime import guardian
from asyncdl.runtime.files import make_folders, telling
from asyncdl.runtime.lock import JournalLock
from asyncdl.runtime.replay import Replayed, replay
from asyncdl.settings import DEFAULT_OUT


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that this process may write; ``parts`` is its private folder of this run."""

    root: Path
    run_id: str
    lock: JournalLock
    replayed: Replayed

    @property
    def journal(self) -> Path:
        """Folder of the run files."""
        return journal_of(self.root)

    @property
    def parts(self) -> Path:
        """Folder of files being written in this run."""
        return self.root / layout.PARTS / self.run_id

    @property
    def ledger(self) -> Ledger:
        """What the journal amounts to."""
        return self.replayed.ledger

    def close(self) -> None:
        """Remove this run's parts and let the next writer in."""
        shutil.rmtree(self.root / layout.PARTS, ignore_errors=True)
        self.lock.release()


def open_for_writing(root: Path, run_id: str) -> DataSet:
    """Make the folder if need be, lock it, sweep it, replay its journal.

    Raises ``JournalLocked``, ``JournalFault`` on damage, ``EnvironmentFault`` and ``DiskFull``.
    """
    root = root.absolute()  # the workers live in folders of their own
    journal = journal_of(root)
    with telling("creating", root):
        standing = next(folder for folder in (root, *root.parents) if folder.exists())
    make_folders(journal, standing)
    lock = JournalLock.acquire(journal)
    try:
        guardian.sweep_dead_runs()
        _clear_parts(root, run_id)
        replayed = replay(journal)
        replayed.require_whole()
    except BaseException:
        lock.release()
        raise
    return DataSet(root, run_id, lock, replayed)


def journal_of(root: Path) -> Path:
    """Folder of a data set's run files."""
    return root / layout.JOURNAL


def find_root(asked: Path | None, start: Path) -> Path:
    """Find the data set that a command without a folder means.

    Raises ``UsageError`` that names the candidates when there is not exactly one.
    """
    if asked is not None:
        if not journal_of(asked).is_dir():
            raise UsageError(f"{asked} is no data set: it has no folder {layout.JOURNAL}/.")
        return asked
    if journal_of(start / DEFAULT_OUT).is_dir():
        return DEFAULT_OUT
    found = sorted(child.name for child in start.iterdir() if _has_journal(child))
    if len(found) == 1:
        return Path(found[0])
    if not found:
        raise UsageError(
            "There is no data set here.", mend="Go where asyncdl run was started, or name it with --out DIR."
        )
    raise UsageError(
        f"There are several data sets here: {', '.join(found)}.", mend="Name one of them with --out DIR."
    )


def _has_journal(folder: Path) -> bool:
    try:
        return journal_of(folder).is_dir()
    except OSError:  # a folder that cannot be looked into is none of ours
        return False


def _clear_parts(root: Path, run_id: str) -> None:
    """Remove all parts: as the lock is held, they belong to runs that are over."""
    parts = root / layout.PARTS
    if parts.is_symlink():
        raise UsageError(f"{parts} is a link; asyncdl writes through none.", mend="Remove it.")
    shutil.rmtree(parts, ignore_errors=True)
    with telling("creating", parts):
        parts.mkdir(mode=0o700, exist_ok=True)
        (parts / run_id).mkdir(mode=0o700)
