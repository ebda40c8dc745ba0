"""File layers for tests: one writes down each call, one fails at a chosen call."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from asyncdl.runtime.files import RealFiles


class RecordingFiles(RealFiles):
    """Passes everything on and keeps (call, file name) in order; ``before`` is asked first and may raise."""

    def __init__(self, before: Callable[[str, str], None] | None = None) -> None:
        self.calls: list[tuple[str, str]] = []
        self._before = before
        self._names: dict[int, str] = {}

    def open(self, path: Path, flags: int) -> int:
        self._note("create" if flags & os.O_CREAT else "open", path.name)
        fd = super().open(path, flags)
        self._names[fd] = path.name
        return fd

    def write(self, fd: int, data: memoryview) -> int:
        self._note("write", self._names[fd])
        return super().write(fd, data)

    def fsync(self, fd: int) -> None:
        self._note("fsync", self._names[fd])
        super().fsync(fd)

    def fdatasync(self, fd: int) -> None:
        self._note("fdatasync", self._names[fd])
        super().fdatasync(fd)

    def ftruncate(self, fd: int, size: int) -> None:
        self._note("ftruncate", self._names[fd])
        super().ftruncate(fd, size)

    def rename(self, old: Path, new: Path) -> None:
        self._note("rename", new.name)
        super().rename(old, new)

    def mkdir(self, path: Path) -> None:
        self._note("mkdir", path.name)
        super().mkdir(path)

    def times(self, call: str) -> int:
        """How often a call was made."""
        return sum(name == call for name, _ in self.calls)

    def _note(self, call: str, name: str) -> None:
        if self._before is not None:
            self._before(call, name)
        self.calls.append((call, name))


def failing(call: str, number: int, error: int) -> RecordingFiles:
    """Let the ``number``-th ``call`` (from 1) and all later ones raise ``OSError``."""
    seen = 0

    def before(made: str, _: str) -> None:
        nonlocal seen
        seen += made == call
        if made == call and seen >= number:
            raise OSError(error, os.strerror(error))

    return RecordingFiles(before)


class ShortWrites(RecordingFiles):
    """Writes at most ``room`` bytes a call, and ``limit`` in all; then no space is left."""

    def __init__(self, room: int, limit: int, error: int) -> None:
        super().__init__()
        self._room, self._left, self._error = room, limit, error

    def write(self, fd: int, data: memoryview) -> int:
        if not self._left:
            raise OSError(self._error, os.strerror(self._error))
        count = super().write(fd, data[: min(self._room, self._left)])
        self._left -= count
        return count
