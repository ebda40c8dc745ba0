"""Writes one run file that tells all that a journal told, then removes the old ones; crash-safe at each step.

The file is written under a temporary name. Its header is written last: it vouches for every record behind
it, so that damage to the file shows wherever it is. The file is read back, and only then gets its name; from
there on the old ones add nothing, and what is left of them counts as replaced.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias

from asyncdl.core.compaction import Compaction
from asyncdl.core.encoding import encode
from asyncdl.core.events import Compacted, RunEnded, RunStarted
from asyncdl.core.ledger import Ledger
from asyncdl.core.records import Fields, pack, seal
from asyncdl.core.row_encoding import Noted, gathered
from asyncdl.core.sameness import tell_same
from asyncdl.core.scan import Position, RecordScan
from asyncdl.errors import DiskFull, JournalFault, JournalLocked
from asyncdl.runtime.files import REAL_FILES, FileLayer, part_beside, sync_folder, telling, write_all
from asyncdl.runtime.replay import fold
from asyncdl.runtime.replayed import Replayed
from asyncdl.runtime.run_folder import open_run_file, run_of
from asyncdl.runtime.runfile import RunName
from asyncdl.runtime.snapshot import SNAPSHOT, write_snapshot

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_REWRITE = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_BATCH = 1000
_DIGITS = 16

OnProgress: TypeAlias = Callable[[int, int], None]


def _nothing_new() -> None:
    pass


def _no_progress(_done_bytes: int, _total_bytes: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class CompactionMeans:
    """What compacting needs beside the journal; ``check`` raises when somebody else has begun to write."""

    files: FileLayer = REAL_FILES
    check: Callable[[], None] = _nothing_new
    on_progress: OnProgress = _no_progress


ALONE = CompactionMeans()


@dataclass(frozen=True, slots=True)
class Weight:
    """What a journal weighs."""

    files: int
    records: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Saved:
    """A journal before and after."""

    before: Weight
    after: Weight


def is_compact(replayed: Replayed) -> bool:
    """Whether there is nothing to gain: no file, or a compacted one alone."""
    runs = [run_of(name) for name in replayed.files]
    return not runs or (len(runs) == 1 and runs[0].seq == replayed.ledger.below_seq)


def compact(folder: Path, replayed: Replayed, header: RunStarted, means: CompactionMeans = ALONE) -> Saved:
    """Compact a journal that is whole, and locked by the caller; ``replayed`` is what it told at once before.

    Memory: some 50 bytes a segment beside the ledger. Raises ``DiskFull``, ``EnvironmentFault``,
    ``JournalLocked`` when another writer shows, ``JournalFault`` when what was written does not read back the
    same; until the new file has its name, nothing has changed then.
    """
    replayed.require_whole()
    files = means.files
    with telling("compacting", folder):
        sizes = {name: (folder / name).stat().st_size for name in replayed.files}
        name = RunName(replayed.last_seq + 1, uuid.uuid4().hex)
        part = part_beside(folder / name.events)
        try:
            old = _Old(folder, sizes, means)
            new = _write(part, old, replayed, header, name.seq, files)
            again, position = _read_back(part, replayed.ledger)
            old.require_unchanged()
            files.rename(part, folder / name.events)
        except BaseException:
            with suppress(OSError):
                files.unlink(part)
            raise
        sync_folder(folder, files)
        with suppress(FileNotFoundError):  # it speaks of files that go now
            files.unlink(folder / SNAPSHOT)
        old.remove()
        with suppress(DiskFull):  # without it the next start takes longer, no more
            write_snapshot(folder, again, {name.events: position}, files)
    return Saved(Weight(len(sizes), old.records, sum(sizes.values())), new)


class _Old:
    """The files that are compacted, each up to the size that it had in the beginning."""

    def __init__(self, folder: Path, sizes: Mapping[str, int], means: CompactionMeans) -> None:
        self._folder, self._sizes, self._means = folder, sizes, means
        self.records = 0

    def __iter__(self) -> Iterator[Fields]:
        done_bytes, total_bytes = 0, sum(self._sizes.values())
        for name, size_bytes in self._sizes.items():
            with open_run_file(self._folder / name) as stream:
                scan = RecordScan(stream, end=size_bytes)
                for number, (offset, fields) in enumerate(scan):
                    if number % _BATCH == 0:
                        self._means.on_progress(done_bytes + offset, total_bytes)
                    yield fields
            self.records += scan.records
            done_bytes += size_bytes

    def require_unchanged(self) -> None:
        """Where locks do not work, another writer shows by a file that has grown."""
        self._means.check()
        for name, size_bytes in self._sizes.items():
            if (self._folder / name).stat().st_size != size_bytes:
                raise JournalLocked(
                    f"another run writes {name}", mend="nothing was changed: wait for it to end, or stop it"
                )

    def remove(self) -> None:
        """Remove what the new file tells again, newest first: of equal rows the first one counts."""
        files = self._means.files
        for name in reversed(list(self._sizes)):
            with suppress(FileNotFoundError):
                files.unlink(self._folder / name)
        sync_folder(self._folder, files)


class _CompactedFile:
    """A run file that is being written, header last."""

    def __init__(self, path: Path, header: Fields, files: FileLayer) -> None:
        self._path, self._header, self._files = path, header, files
        self._fd: int | None = files.open(path, _CREATE)
        self.records, self.size_bytes = 0, 0

    def begin(self) -> None:
        """Leave room for the header."""
        self._put([self._header_line()])
        self.records = 1

    def add(self, packed: list[bytes]) -> None:
        """Write some records."""
        self._put([seal(part, q, 0) for q, part in enumerate(packed, self.records + 1)])
        self.records += len(packed)

    def finish(self) -> None:
        """Say in the header how many records there are, then put everything on disk."""
        self.close()
        self._fd = fd = self._files.open(self._path, _REWRITE)
        write_all(self._files, fd, self._header_line())
        self._files.fsync(fd)

    def close(self) -> None:
        """Let go of the descriptor; may be called twice."""
        fd, self._fd = self._fd, None
        if fd is not None:
            self._files.close(fd)

    def _put(self, lines: list[bytes]) -> None:
        if self._fd is None:
            raise ValueError(f"{self._path} is closed")
        batch = b"".join(lines)
        write_all(self._files, self._fd, batch)
        self.size_bytes += len(batch)

    def _header_line(self) -> bytes:
        """Make the header, always of the same length, with the number of records so far."""
        fill = "." * (_DIGITS - len(str(self.records)))
        return seal(pack({**self._header, "fill": fill}), 1, self.records)


def _write(
    part: Path, old: _Old, replayed: Replayed, header: RunStarted, seq: int, files: FileLayer
) -> Weight:
    sieve = Compaction(replayed.ledger)
    told = Compacted(seq, replayed.ledger.counts().attempts, header.at_ms)
    ending = [pack(encode(event)) for event in (told, RunEnded(header.at_ms, "compacted"))]
    kept: Iterator[Noted | bytes] = chain.from_iterable(map(sieve.kept, old))
    records = chain(gathered(kept), sieve.paces(), ending)
    new = _CompactedFile(part, encode(header), files)
    try:
        new.begin()
        while batch := list(islice(records, _BATCH)):
            new.add(batch)
        new.finish()
    finally:
        new.close()
    return Weight(1, new.records, new.size_bytes)


def _read_back(part: Path, ledger: Ledger) -> tuple[Ledger, Position]:
    """Read the file as a start would, and compare what it amounts to."""
    again = Ledger()
    again.reserve(ledger.counts().segments)
    with open_run_file(part) as stream:
        scan = RecordScan(stream)
        fold(scan, again, part.name)
    is_whole = not scan.lost() and not scan.is_torn
    if not (is_whole and _essence(again) == _essence(ledger) and tell_same(again, ledger)):
        raise JournalFault(
            f"{part.name} does not read back the same",
            mend="Nothing was changed. Look after the disk and the memory of this machine.",
        )
    return again, scan.position


def _essence(ledger: Ledger) -> tuple[object, ...]:
    lines = [ledger.known_lines(source.index) for source in ledger.sources]
    return ledger.counts(), ledger.spec, ledger.options, ledger.paces, ledger.sources, lines
