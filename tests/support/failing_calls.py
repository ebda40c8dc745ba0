"""A file layer whose n-th call fails, once or for ever; the disk below is trusted and need not be synced."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from asyncdl.runtime.files import RealFiles


class Lasts(Enum):
    """How long a fault stays."""

    ONCE = auto()
    FOR_EVER = auto()


@dataclass(frozen=True)
class Fault:
    """What call ``number`` (from 1) raises; before it raises, a write puts half of its bytes on disk."""

    number: int
    error: int
    lasts: Lasts


@dataclass
class FailingCalls(RealFiles):
    """Counts the calls that change something; notes which ones failed, and syncs repeated after a failure."""

    fault: Fault | None = None
    count: int = 0
    failed: list[str] = field(default_factory=list)
    synced_again: list[Path] = field(default_factory=list)
    _paths: dict[int, Path] = field(default_factory=dict)
    _unsynced: set[Path] = field(default_factory=set)

    def open(self, path: Path, flags: int) -> int:
        self._call("open")
        fd = super().open(path, flags)
        self._paths[fd] = path
        return fd

    def write(self, fd: int, data: memoryview) -> int:
        try:
            self._call("write")
        except OSError:
            super().write(fd, data[: len(data) // 2])
            raise
        return super().write(fd, data)

    def fsync(self, fd: int) -> None:
        self._sync("fsync", fd)

    def fdatasync(self, fd: int) -> None:
        self._sync("fdatasync", fd)

    def ftruncate(self, fd: int, size: int) -> None:
        self._call("ftruncate")
        super().ftruncate(fd, size)

    def reserve(self, fd: int, offset: int, size: int) -> None:  # noqa: ARG002 - takes no room here
        self._call("reserve")

    def close(self, fd: int) -> None:
        super().close(fd)
        self._call("close")

    def rename(self, old: Path, new: Path) -> None:
        self._call("rename")
        super().rename(old, new)

    def unlink(self, path: Path) -> None:
        self._call("unlink")
        super().unlink(path)

    def mkdir(self, path: Path) -> None:
        self._call("mkdir")
        super().mkdir(path)

    def _sync(self, call: str, fd: int) -> None:
        path = self._paths[fd]
        if path in self._unsynced:
            self.synced_again.append(path)
        try:
            self._call(call)
        except OSError:
            self._unsynced.add(path)
            raise

    def _call(self, name: str) -> None:
        self.count += 1
        fault = self.fault
        if fault is None or self.count < fault.number:
            return
        if self.count == fault.number or fault.lasts is Lasts.FOR_EVER:
            self.failed.append(name)
            raise OSError(fault.error, os.strerror(fault.error))


class ShortWrites(FailingCalls):
    """Takes a few bytes a write, as a signal or a nearly full disk makes it."""

    def write(self, fd: int, data: memoryview) -> int:
        return super().write(fd, data[:7])
