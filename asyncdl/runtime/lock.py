"""One writer per data set: a lock on ``journal/lock``, and a lease beside it that says who holds it.

The lock's descriptor is never inherited: a child that had it would hold the lock beyond its parent's end.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from asyncdl.errors import EnvironmentFault, JournalLocked
from asyncdl.runtime.files import replace_file, telling

LOCK = "lock"
LEASE = "lease"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_MAX_LEASE_BYTES = 4096
_HELD = frozenset({errno.EAGAIN, errno.EACCES})


@dataclass(frozen=True, slots=True)
class Lease:
    """Who writes; ``start_ticks``, the process's start in clock ticks since boot, shows a pid used again."""

    host: str
    boot_id: str
    pid: int
    start_ticks: int


class JournalLock:
    """Holds the lock until ``release``; ``previous`` is the lease of a writer that ended without one."""

    def __init__(self, folder: Path, fd: int, previous: Lease | None) -> None:
        self._folder = folder
        self._fd: int | None = fd
        self.previous = previous

    @classmethod
    def acquire(cls, folder: Path) -> JournalLock:
        """Lock the existing journal folder, at once or never.

        Raises ``JournalLocked`` with the holder's pid and host, ``EnvironmentFault`` where locks do not work.
        """
        path = folder / LOCK
        with telling("locking", path):
            fd = os.open(path, _FLAGS, 0o644)
            try:
                _lock(fd, folder)
                lock = cls(folder, fd, read_lease(folder))
                replace_file(folder / LEASE, [orjson.dumps(asdict(_own_lease())), b"\n"])
            except BaseException:
                os.close(fd)
                raise
        return lock

    def release(self) -> None:
        """Let the next writer in; may be called twice."""
        fd, self._fd = self._fd, None
        if fd is not None:
            with suppress(OSError):
                (self._folder / LEASE).unlink()
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def read_lease(folder: Path) -> Lease | None:
    """Return what the lease says, None where there is none that can be read."""
    try:
        fd = os.open(folder / LEASE, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        told = orjson.loads(os.read(fd, _MAX_LEASE_BYTES))
        return Lease(str(told["host"]), str(told["boot_id"]), int(told["pid"]), int(told["start_ticks"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    finally:
        os.close(fd)


def _lock(fd: int, folder: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _HELD:
            raise
        holder = read_lease(folder)
        who = f"pid {holder.pid} on {holder.host}" if holder else "its lease cannot be read"
        raise JournalLocked(
            f"another run works on {folder.parent} ({who})", mend="wait for it to end, or stop it first"
        ) from error


def _own_lease() -> Lease:
    try:
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        after_name = Path("/proc/self/stat").read_text("utf-8", errors="replace").rpartition(")")[2]
    except OSError as error:
        raise EnvironmentFault(f"cannot tell this process from others: {error}") from error
    return Lease(platform.node(), boot_id, os.getpid(), int(after_name.split()[19]))
