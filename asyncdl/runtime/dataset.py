"""A data set folder: found, opened by one writer at a time, swept of what a killed run has left."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core import layout
from asyncdl.core.events import RunStarted
from asyncdl.core.ledger import Ledger
from asyncdl.core.partition import WHOLE, Partition, parse_label
from asyncdl.errors import UsageError
from asyncdl.runtime import guardian
from asyncdl.runtime.files import make_folders, sweep_replacements, telling
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.heartbeat import Heartbeat
from asyncdl.runtime.journal import RunJournal
from asyncdl.runtime.lock import MEANS, JournalLock, Means
from asyncdl.runtime.replay import replay
from asyncdl.runtime.replayed import Replayed
from asyncdl.runtime.run_folder import sync_run_files
from asyncdl.runtime.snapshot_keeper import keep_snapshot


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set (or a partition of it) that this process may write, until its ``heartbeat`` tells a fault.

    ``parts`` is its private folder of this run.
    """

    root: Path
    run_id: str
    lock: JournalLock
    replayed: Replayed
    heartbeat: Heartbeat
    partition: Partition = WHOLE

    @property
    def journal(self) -> Path:
        """Folder of the run files."""
        return journal_of(self.root)

    @property
    def parts(self) -> Path:
        """Folder of files being written in this run."""
        return self.root / layout.PARTS / _parts_name(self.partition, self.run_id)

    @property
    def ledger(self) -> Ledger:
        """What the journal amounts to."""
        return self.replayed.ledger

    async def begin_journal(self, header: RunStarted, *, gather_s: float = 0.0) -> RunJournal:
        """Begin this writer's run file, which the heartbeat stops when another writer takes over.

        ``gather_s`` as of ``RunJournal``. Raises what stands against writing.
        """
        journal = RunJournal(self.journal, partition=self.partition, gather_s=gather_s)
        await journal.start(header, self.replayed.last_seq + 1)
        self.heartbeat.writes(journal.name)
        self.heartbeat.tell(journal.stop)
        return journal

    def close(self) -> None:
        """Remove this run's parts and let the next writer in."""
        self.heartbeat.stop()
        shutil.rmtree(self.parts, ignore_errors=True)
        with suppress(OSError):  # another partition's parts are there
            self.parts.parent.rmdir()
        self.lock.release()


def open_for_writing(
    root: Path, run_id: str, partition: Partition = WHOLE, means: Means = MEANS, *, is_mending: bool = False
) -> DataSet:
    """Make the folder if need be, lock the partition, sweep it, replay the journal.

    ``means`` says how the lock is taken. Who mends the journal gets it as it is, damage and all, and read
    anew to its end. Raises ``JournalLocked``, ``JournalFault`` on damage, ``EnvironmentFault``, ``DiskFull``.
    """
    root = root.absolute()  # the workers live in folders of their own
    journal = journal_of(root)
    with telling("creating", root):
        standing = next(folder for folder in (root, *root.parents) if folder.exists())
    make_folders(journal, standing)
    lock = JournalLock.acquire(journal, partition, means)
    heartbeat = Heartbeat(lock)
    try:
        guardian.sweep_dead_runs()
        _clear_parts(root, partition, run_id)
        if partition == WHOLE:  # else another partition's run may be about to rename one
            sweep_replacements(root)
            sweep_replacements(journal)
        sync_run_files(journal)
        replayed = replay(journal, with_snapshot=not is_mending, is_lean=True)
        if not is_mending:
            replayed.require_whole()
            keep_snapshot(replayed)
    except BaseException:
        heartbeat.stop()
        lock.release()
        raise
    return DataSet(root, run_id, lock, replayed, heartbeat, partition)


def _parts_name(partition: Partition, run_id: str) -> str:
    return f"{partition.label}-{run_id}" if partition.label else run_id


def _clear_parts(root: Path, partition: Partition, run_id: str) -> None:
    """Remove the parts of all runs that the held lock excludes: they are over."""
    parts = root / layout.PARTS
    if parts.is_symlink():
        raise UsageError(f"{parts} is a link; asyncdl writes through none.", mend="Remove it.")
    with telling("creating", parts):
        parts.mkdir(mode=0o700, exist_ok=True)
        for left in parts.iterdir():
            owner = parse_label(left.name.rpartition("-")[0])
            if owner is None or partition.excludes(owner):
                _remove(left)
        (parts / _parts_name(partition, run_id)).mkdir(mode=0o700)


def _remove(left: Path) -> None:
    if left.is_dir() and not left.is_symlink():
        shutil.rmtree(left, ignore_errors=True)
    else:
        left.unlink(missing_ok=True)
