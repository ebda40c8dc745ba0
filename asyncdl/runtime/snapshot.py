"""The snapshot beside the run files: read where it is current, written in one step, never missed.

Whatever is wrong with it, it is as if there were none. Those who read a journal do not write it.
"""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from asyncdl.core.keytable import zeros
from asyncdl.core.ledger import Ledger
from asyncdl.core.scan import Position
from asyncdl.core.snapshot import (
    LEAN,
    LINE_BYTES,
    Covered,
    Head,
    decode_head,
    encode_head,
    head_bytes,
    restore,
)
from asyncdl.errors import AsyncdlError
from asyncdl.runtime.files import REAL_FILES, FileLayer, replace_file, sync_file, telling
from asyncdl.runtime.run_folder import open_run_file, run_of

SNAPSHOT = "snapshot"
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHECK_BYTES = 17
_CHUNK_BYTES = 1 << 20
# No journal makes a larger one: lines without rows take up to 128 MiB, a row more bytes there than here.
_FREE_BYTES = 1 << 28
# What may be left to fold: a megabyte takes some 15 ms, and a snapshot of a full list has 58 MB.
MOST_LEFT_BYTES = 4 << 20
_WRONG = (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, AsyncdlError)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A ledger as it was, and how far of each run file it tells."""

    ledger: Ledger
    positions: Mapping[str, Position]


def load_snapshot(folder: Path, names: Iterable[str], *, is_lean: bool = False) -> Loaded | None:
    """Load the snapshot of a journal that has these run files, None where it is none of it.

    A lean ledger takes a third less memory until its first search, and a second for that.
    """
    try:
        with _opened(folder) as file:
            head = _head(file, folder, frozenset(names))
            ledger = restore(head, dict(_columns(file, head, is_lean=is_lean)))
    except _WRONG:
        return None
    return Loaded(ledger, {name: covered.position for name, covered in head.covered.items()})


def load_head(folder: Path, names: Iterable[str]) -> Head | None:
    """Read the current snapshot's counts and facts alone."""
    try:
        with _opened(folder) as file:
            return _head(file, folder, frozenset(names))
    except _WRONG:
        return None


def write_snapshot(
    folder: Path, ledger: Ledger, positions: Mapping[str, Position], files: FileLayer = REAL_FILES
) -> None:
    """Replace the snapshot by one of this ledger, which is the fold of the run files up to these positions.

    The journal is whole, or its damage settled: what is covered is not looked at again. So it is synced
    first: a batch that a run is still syncing may be torn by a crash and yet end in the same record. Raises
    ``EnvironmentFault`` or ``DiskFull``; the old one stays then.
    """
    for name, position in positions.items():
        if position.offset:
            with telling("syncing", folder / name):
                sync_file(folder / name, files)
    covered = {name: Covered(position, _end(folder / name, position)) for name, position in positions.items()}
    replace_file(folder / SNAPSHOT, _chunks(ledger, covered), files)


def _chunks(ledger: Ledger, covered: Mapping[str, Covered]) -> Iterator[bytes]:
    yield encode_head(ledger, covered)
    for cells in ledger.columns().values():
        view = memoryview(cells).cast("B")
        for start in range(0, len(view), _CHUNK_BYTES):
            yield bytes(view[start : start + _CHUNK_BYTES])


@contextmanager
def _opened(folder: Path) -> Iterator[FileIO]:
    descriptor = os.open(folder / SNAPSHOT, _FLAGS)
    with FileIO(descriptor) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("no plain file")
        yield file


def _head(file: FileIO, folder: Path, names: frozenset[str]) -> Head:
    line = _exactly(file, LINE_BYTES)
    head = decode_head(line, _exactly(file, head_bytes(line)))
    size_bytes = os.fstat(file.fileno()).st_size - file.tell()
    covered_bytes = sum(covered.position.offset for covered in head.covered.values())
    if head.columns_bytes != size_bytes or size_bytes > _FREE_BYTES + 4 * covered_bytes:
        raise ValueError("its length is not what it says")
    for name, covered in head.covered.items():
        if covered.position != Position(durable=covered.position.durable) or name in names:
            _check(folder / name, covered)
    _refuse_older(names, head)
    return head


def _check(path: Path, covered: Covered) -> None:
    """See that the file still is the one that was covered: it goes as far, and with the same record there."""
    if _end(path, covered.position) != covered.end:
        raise ValueError(f"{path.name} is another one")


def _end(path: Path, position: Position) -> str:
    if not position.offset:
        return ""
    with open_run_file(path) as stream:
        return os.pread(stream.fileno(), _CHECK_BYTES, max(0, position.offset - _CHECK_BYTES)).hex()


def _refuse_older(names: frozenset[str], head: Head) -> None:
    """Refuse a run that came after the snapshot and counts before one in it: the order would be lost."""
    newest = max(map(run_of, head.covered), default=None)
    for name in names - head.covered.keys():
        run = run_of(name)
        if newest is not None and run < newest and run.events not in head.covered:
            raise ValueError(f"{name} came later")


def _columns(file: FileIO, head: Head, *, is_lean: bool) -> Iterator[tuple[str, array[int]]]:
    for column in head.columns:
        if is_lean and column.name == LEAN:
            file.seek(column.size_bytes, os.SEEK_CUR)
        else:
            yield column.name, _read(file, column.typecode, column.count)


def _read(file: FileIO, typecode: str, count: int) -> array[int]:
    cells = zeros(typecode, count)
    view = memoryview(cells).cast("B")
    while view:
        got = file.readinto(view)
        if not got:
            raise ValueError("it ends early")
        view = view[got:]
    return cells


def _exactly(file: FileIO, count: int) -> bytes:
    found = bytearray()
    while block := file.read(count - len(found)):
        found += block
    if len(found) != count:
        raise ValueError("it ends early")
    return bytes(found)
