"""What a program did to a disk, call by call, and what it told the world in between.

``TracedFiles`` passes everything on to a real folder (the code under test may read there) and keeps a trace;
``crash_disk`` rebuilds from the trace each state that a crash may have left. Nothing is synced for real: that
is what the model is for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncdl.runtime.files import EntryKind, RealFiles


@dataclass(frozen=True, slots=True)
class Opened:
    """``handle`` stands for this opening only; ``path`` is relative to the traced folder, "" for itself."""

    handle: int
    path: str
    creates: bool


@dataclass(frozen=True, slots=True)
class Wrote:
    """Bytes put at ``offset``."""

    handle: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """``ftruncate``."""

    handle: int
    size: int


@dataclass(frozen=True, slots=True)
class Synced:
    """``fsync`` or ``fdatasync`` of a file or folder; ``path`` is the one that it was opened by."""

    handle: int
    path: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """``rename``."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Unlinked:
    """``unlink``."""

    path: str


@dataclass(frozen=True, slots=True)
class MadeFolder:
    """``mkdir``."""

    path: str


@dataclass(frozen=True, slots=True)
class Told:
    """The program has promised ``fact`` to somebody who did not crash."""

    fact: bytes


Op = Opened | Wrote | Cut | Synced | Renamed | Unlinked | MadeFolder | Told


def pass_on(call: str) -> None:
    """Let a call go on at once."""


class TracedFiles(RealFiles):
    """A file layer below ``root``; ``room`` is how many bytes may still be written, None for enough."""

    def __init__(self, root: Path, room: int | None = None) -> None:
        self.ops: list[Op] = []
        self.room = room
        self._root = root
        self._handles: dict[int, tuple[int, str]] = {}
        self._opened = 0
        self.before: Callable[[str], None] = pass_on  # may make the caller wait

    def tell(self, fact: bytes) -> None:
        self.ops.append(Told(fact))

    def take_over(self, ops: Sequence[Op]) -> None:
        """Go on where a killed program has stopped: all that it wrote stands, synced or not."""
        stands: dict[int, int] = {}
        for op in ops:
            self._redo(op, stands)
        for fd in stands.values():
            os.close(fd)
        self._opened = max(stands, default=0)
        self.ops.extend(ops)

    def _redo(self, op: Op, stands: dict[int, int]) -> None:
        match op:
            case Opened(handle, path, creates) if not (self._root / path).is_dir():
                stands[handle] = os.open(self._root / path, os.O_RDWR | (os.O_CREAT if creates else 0))
            case Opened(handle, path):
                stands[handle] = os.open(self._root / path, os.O_RDONLY)
            case Wrote(handle, offset, data):
                os.pwrite(stands[handle], data, offset)
            case Cut(handle, size):
                os.ftruncate(stands[handle], size)
            case Renamed(old, new):
                (self._root / old).rename(self._root / new)
            case Unlinked(path):
                (self._root / path).unlink()
            case MadeFolder(path):
                (self._root / path).mkdir()
            case Synced() | Told():
                pass

    def write_file(self, path: Path, data: bytes) -> None:
        """What a child like ffmpeg does: nothing of it is synced."""
        fd = self.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        self.write(fd, memoryview(data))
        self.close(fd)

    def kind(self, path: Path) -> EntryKind:
        self.before("kind")
        return super().kind(path)

    def open(self, path: Path, flags: int) -> int:
        self.before("open")
        assert not flags & os.O_TRUNC, "the model knows no truncation by opening"
        fd = super().open(path, flags)
        self._opened += 1
        self._handles[fd] = (self._opened, self._name(path))
        self.ops.append(Opened(*self._handles[fd], creates=bool(flags & os.O_CREAT)))
        return fd

    def write(self, fd: int, data: memoryview) -> int:
        self.before("write")
        if self.room is not None:
            if not self.room:
                raise OSError(28, os.strerror(28))
            data = data[: self.room]
            self.room -= len(data)
        count = super().write(fd, data)
        offset = os.lseek(fd, 0, os.SEEK_CUR) - count
        self.ops.append(Wrote(self._handles[fd][0], offset, bytes(data[:count])))
        return count

    def fsync(self, fd: int) -> None:
        self.before("fsync")
        self.ops.append(Synced(*self._handles[fd]))

    def fdatasync(self, fd: int) -> None:
        self.before("fdatasync")
        self.ops.append(Synced(*self._handles[fd]))

    def ftruncate(self, fd: int, size: int) -> None:
        super().ftruncate(fd, size)
        self.ops.append(Cut(self._handles[fd][0], size))

    def reserve(self, fd: int, offset: int, size: int) -> None:
        """Space that is kept changes no content."""

    def rename(self, old: Path, new: Path) -> None:
        self.before("rename")
        super().rename(old, new)
        self.ops.append(Renamed(self._name(old), self._name(new)))

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self.ops.append(Unlinked(self._name(path)))

    def mkdir(self, path: Path) -> None:
        self.before("mkdir")
        super().mkdir(path)
        self.ops.append(MadeFolder(self._name(path)))

    def _name(self, path: Path) -> str:
        name = path.relative_to(self._root).as_posix()
        return "" if name == "." else name
