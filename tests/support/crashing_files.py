"""A file layer that ends the whole process at its n-th point, as ``kill -9`` would, whatever thread is there.

Points lie before each call that changes something, and in the middle of each write.
"""

from __future__ import annotations

import os
from pathlib import Path

from asyncdl.runtime.files import RealFiles

KILLED = 9
_LEAST_HALVED_BYTES = 64


class CrashingFiles(RealFiles):
    """Dies at point ``at`` (from 1); with 0 it only counts."""

    def __init__(self, at: int = 0) -> None:
        self.points = 0
        self._at = at

    def open(self, path: Path, flags: int) -> int:
        self._point()
        return super().open(path, flags)

    def write(self, fd: int, data: memoryview) -> int:
        self._point()
        if len(data) < _LEAST_HALVED_BYTES:
            return super().write(fd, data)
        count = super().write(fd, data[: len(data) // 2])
        self._point()
        return count + super().write(fd, data[count:])

    def fsync(self, fd: int) -> None:
        self._point()
        super().fsync(fd)

    def fdatasync(self, fd: int) -> None:
        self._point()
        super().fdatasync(fd)

    def ftruncate(self, fd: int, size: int) -> None:
        self._point()
        super().ftruncate(fd, size)

    def rename(self, old: Path, new: Path) -> None:
        self._point()
        super().rename(old, new)

    def unlink(self, path: Path) -> None:
        self._point()
        super().unlink(path)

    def mkdir(self, path: Path) -> None:
        self._point()
        super().mkdir(path)

    def _point(self) -> None:
        self.points += 1
        if self.points == self._at:
            os._exit(KILLED)
