"""Durable files: a name appears only when what it names is whole and on disk.

All calls block; run them in threads. Everything goes through a ``FileLayer``, so that tests can fail any call
and rebuild every state that a crash may leave.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import stat
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from asyncdl.errors import AsyncdlError, DiskFull, EnvironmentFault

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
_KEEP_SIZE = 1
_PART = re.compile(r"\..+\.[0-9a-f]{8}\.part")
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class EntryKind(Enum):
    """What stands under a name; symbolic links are not followed and count as ``OTHER``."""

    NOTHING = auto()
    FILE = auto()
    FOLDER = auto()
    OTHER = auto()


class FileLayer(Protocol):
    """The calls that durable writing needs; each raises ``OSError``."""

    def kind(self, path: Path) -> EntryKind:
        """Look without following links."""
        ...

    def open(self, path: Path, flags: int) -> int:
        """Return a descriptor; new files are for their owner to write and all to read, less the umask."""
        ...

    def write(self, fd: int, data: memoryview) -> int:
        """Write some of ``data``; return how many bytes."""
        ...

    def fsync(self, fd: int) -> None:
        """Return when content and metadata are on disk."""
        ...

    def fdatasync(self, fd: int) -> None:
        """Return when the content, and what finds it again, is on disk."""
        ...

    def ftruncate(self, fd: int, size: int) -> None:
        """Cut to ``size`` bytes and give up space reserved behind."""
        ...

    def reserve(self, fd: int, offset: int, size: int) -> None:
        """Take space behind the end without changing the size; nothing happens where that is unknown."""
        ...

    def close(self, fd: int) -> None:
        """Close a descriptor."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Replace ``new`` in one step."""
        ...

    def unlink(self, path: Path) -> None:
        """Remove a name."""
        ...

    def mkdir(self, path: Path) -> None:
        """Make one folder."""
        ...


class RealFiles:
    """The operating system."""

    def kind(self, path: Path) -> EntryKind:
        """Look without following links."""
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            return EntryKind.NOTHING
        if stat.S_ISREG(mode):
            return EntryKind.FILE
        return EntryKind.FOLDER if stat.S_ISDIR(mode) else EntryKind.OTHER

    def open(self, path: Path, flags: int) -> int:
        """Open with mode 0644 for new files."""
        return os.open(path, flags, 0o644)

    def write(self, fd: int, data: memoryview) -> int:
        """Write some bytes."""
        return os.write(fd, data)

    def fsync(self, fd: int) -> None:
        """Sync content and metadata."""
        os.fsync(fd)

    def fdatasync(self, fd: int) -> None:
        """Sync content and size."""
        os.fdatasync(fd)

    def ftruncate(self, fd: int, size: int) -> None:
        """Cut."""
        os.ftruncate(fd, size)

    def reserve(self, fd: int, offset: int, size: int) -> None:
        """Allocate behind the end, on systems that can."""
        fallocate = _fallocate()
        if fallocate is not None and fallocate(fd, _KEEP_SIZE, offset, size):
            raise OSError(ctypes.get_errno(), "fallocate")

    def close(self, fd: int) -> None:
        """Close."""
        os.close(fd)

    def rename(self, old: Path, new: Path) -> None:
        """Rename over."""
        old.replace(new)

    def unlink(self, path: Path) -> None:
        """Remove."""
        path.unlink()

    def mkdir(self, path: Path) -> None:
        """Make one folder."""
        path.mkdir()


REAL_FILES: Final = RealFiles()


@cache
def _fallocate() -> Any:  # noqa: ANN401 - a foreign function has no better type
    function = getattr(ctypes.CDLL(None, use_errno=True), "fallocate64", None)
    if function is not None:
        function.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    return function


def publish(part: Path, final: Path, root: Path, files: FileLayer = REAL_FILES) -> None:
    """Give ``part`` its final name for good; folders between ``root`` and ``final`` are made as needed.

    After return neither content nor name can be lost. Raises ``DiskFull`` or ``EnvironmentFault``, the latter
    also where a link or anything but a plain file is in the way. Both paths are on one file system.
    """
    make_folders(final.parent, root, files)
    with telling("publishing", final):
        refuse_other(part, files)
        refuse_other(final, files)
        sync_file(part, files)
        files.rename(part, final)
        sync_folder(final.parent, files)


def part_beside(path: Path) -> Path:
    """Make up the name under which ``path`` is written: ``.<name>.<random>.part``, in the same folder."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")


def is_part(name: str) -> bool:
    """Whether this is a name that ``part_beside`` makes up."""
    return _PART.fullmatch(name) is not None


def replace_file(path: Path, chunks: Iterable[bytes], files: FileLayer = REAL_FILES) -> None:
    """Write a whole file in one step: readers see the old or the new one, a crash leaves one of them.

    The content is written to ``part_beside`` it, which is removed on any error.
    """
    part = part_beside(path)
    with telling("writing", path):
        refuse_other(path, files)
        fd = files.open(part, _CREATE)
        try:
            try:
                for chunk in chunks:
                    write_all(files, fd, chunk)
                files.fsync(fd)
            finally:
                files.close(fd)
            files.rename(part, path)
        except BaseException:
            with suppress(OSError):
                files.unlink(part)
            raise
        sync_folder(path.parent, files)


def sweep_replacements(folder: Path, files: FileLayer = REAL_FILES) -> None:
    """Remove what a killed ``replace_file`` has left in ``folder``, where nobody else may be writing now."""
    with telling("sweeping", folder):
        for name in os.listdir(folder):  # noqa: PTH208 - names, not paths
            if is_part(name) and files.kind(folder / name) is EntryKind.FILE:
                files.unlink(folder / name)


def make_folders(folder: Path, root: Path, files: FileLayer = REAL_FILES) -> None:
    """Make the folders below ``root`` that lead to ``folder``, and see that their names are on disk.

    Parents are synced even when nothing was made: another thread may have made a folder and not synced yet
    (40 microseconds where there is nothing to do). ``root`` exists; it alone may be a link.
    """
    names = folder.relative_to(root).parts
    for depth in range(len(names)):
        parent = root.joinpath(*names[:depth])
        path = parent / names[depth]
        with telling("making the folder", path):
            if files.kind(path) is EntryKind.NOTHING:
                with suppress(FileExistsError):
                    files.mkdir(path)
            if files.kind(path) is not EntryKind.FOLDER:
                raise EnvironmentFault(f"{path} is in the way: a folder belongs there", mend="move it away")
            sync_folder(parent, files)


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file for reading; never waits. Raises ``OSError``, also for a link, a pipe or a device."""
    fd = os.open(path, _READ | os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "no plain file", str(path))
    return os.fdopen(fd, "rb")


def sync_file(path: Path, files: FileLayer = REAL_FILES) -> None:
    """Sync a plain file; after a failure never try again: the second call would lie."""
    _sync(path, _READ | os.O_NOFOLLOW, files)


def sync_folder(path: Path, files: FileLayer = REAL_FILES) -> None:
    """Sync the names in a folder; a link to a folder will do."""
    _sync(path, _READ | os.O_DIRECTORY, files)


def _sync(path: Path, flags: int, files: FileLayer) -> None:
    fd = files.open(path, flags)
    try:
        files.fsync(fd)
    finally:
        files.close(fd)


def write_all(files: FileLayer, fd: int, data: bytes | memoryview) -> None:
    """Write every byte; a short write is followed by another one."""
    rest = memoryview(data)
    while rest:
        rest = rest[files.write(fd, rest) :]


@contextmanager
def telling(doing: str, path: Path) -> Iterator[None]:
    """Turn ``OSError`` into the fault that stops the run and names the path."""
    try:
        yield
    except OSError as error:
        raise fault_of(error, doing, path) from error


def fault_of(error: OSError, doing: str, path: Path) -> AsyncdlError:
    """Return ``DiskFull`` for want of space or quota, ``EnvironmentFault`` for the rest."""
    what = f"{doing} {path}: {error.strerror or error}"
    if error.errno in _NO_SPACE:
        return DiskFull(what, mend="free some space, then run the same command again: nothing is lost")
    return EnvironmentFault(what)


def refuse_other(path: Path, files: FileLayer) -> None:
    """Raise ``EnvironmentFault`` where a link, a folder or a pipe stands in a file's place."""
    if files.kind(path) not in {EntryKind.NOTHING, EntryKind.FILE}:
        raise EnvironmentFault(
            f"{path} is in the way: only a plain file may stand there", mend="move it away"
        )
