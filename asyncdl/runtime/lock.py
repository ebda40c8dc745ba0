"""One writer per partition of a data set: a lock, a lease that says who holds it, and a fence.

*Lock*: a whole run holds ``journal/lock`` alone; runs of partitions share it, and each holds its own
``journal/lock-<i>of<n>`` alone. Shares of different cuts exclude each other. The descriptors are never
inherited: a child that had one would hold the lock beyond its parent's end.

*Lease*: beside it, touched at each heartbeat. A dead writer's lease is taken over; another host's is watched
for three heartbeats. *Fence*: some network file systems grant every lock to everybody, so at each heartbeat
the holder looks whether anybody else writes, and stops if so. Then at worst work is done twice; no file is
shared between writers, so nothing is damaged.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from asyncdl.core.partition import WHOLE, Partition, parse_label
from asyncdl.errors import JournalLocked
from asyncdl.runtime.files import REAL_FILES, FileLayer, refuse_other, telling
from asyncdl.runtime.lease import (
    Lease,
    LeaseState,
    judge,
    lease_path,
    leases_against,
    own_lease,
    read_lease,
    write_lease,
)
from asyncdl.runtime.runfile import RunName, parse_name

LOCK = "lock"
HEARTBEAT_S = 30.0
_PATIENCE_BEATS = 3
_LOOK_S = 1.0
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_HELD = frozenset({errno.EAGAIN, errno.EACCES})


def _tell_nobody(_text: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Means:
    """What a lock needs of the machine, and how it treats another host's lease; tests give others."""

    flock: Callable[[int, int], None] = fcntl.flock
    here: Callable[[], Lease] = own_lease
    monotonic_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = _tell_nobody
    takes_over: bool = False
    files: FileLayer = REAL_FILES


MEANS = Means()


class JournalLock:
    """Holds the lock until ``release``; ``previous`` is the lease of a writer that ended without one."""

    def __init__(self, folder: Path, partition: Partition, means: Means) -> None:
        self._folder = folder
        self._partition = partition
        self._means = means
        self._lease = means.here()
        self._path = lease_path(folder, partition)
        self._held = ExitStack()
        self._busy = threading.Lock()
        self._is_held = False
        self.previous: Lease | None = None

    @classmethod
    def acquire(cls, folder: Path, partition: Partition = WHOLE, means: Means = MEANS) -> JournalLock:
        """Lock the existing journal folder, at once or never; only another host's lease is waited for.

        Raises ``JournalLocked`` with the holder's pid and host, ``EnvironmentFault`` where locks do not work.
        """
        lock = cls(folder, partition, means)
        try:
            with telling("locking", folder / LOCK):
                lock._lock()
                lock._clear_leases()
                lock._is_held = True
                write_lease(lock._path, lock._lease, means.files)
        except BaseException:
            lock.release()
            raise
        return lock

    def beat(self, ours: RunName | None) -> None:
        """Show that this writer lives, and see that nobody else has taken its place.

        ``ours`` is the run file being written. Raises ``JournalLocked`` when another one writes: whoever
        calls must write nothing any more. Raises ``DiskFull`` and ``EnvironmentFault``.
        """
        with self._busy, telling("renewing the lease", self._path):
            if not self._is_held:
                return
            found = read_lease(self._path)
            if found not in {None, self._lease}:
                raise self._fenced(str(found))
            if newer := [name.events for name in self._run_names() if self._is_newer(name, ours)]:
                raise self._fenced(f"it writes {max(newer)}")
            if found is None:
                write_lease(self._path, self._lease, self._means.files)
            else:
                os.utime(self._path)

    def release(self) -> None:
        """Let the next writer in; may be called twice. Another writer's lease is left alone."""
        with self._busy:
            if self._is_held and read_lease(self._path) == self._lease:
                with suppress(OSError):
                    self._path.unlink()
            self._is_held = False
            self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _lock(self) -> None:
        """Take the locks that stand for this share; all of them are free again when one is refused."""
        is_whole = self._partition == WHOLE
        self._take(LOCK, fcntl.LOCK_EX if is_whole else fcntl.LOCK_SH)
        if is_whole:
            return
        self._take(f"{LOCK}-{self._partition.label}", fcntl.LOCK_EX)
        for name in os.listdir(self._folder):  # noqa: PTH208 - names, not paths
            head, _, label = name.partition("-")
            other = parse_label(label) if head == LOCK and label else None
            if other is not None and other.count != self._partition.count:
                os.close(self._flocked(name, fcntl.LOCK_SH))

    def _take(self, name: str, how: int) -> None:
        self._held.callback(os.close, self._flocked(name, how))

    def _flocked(self, name: str, how: int) -> int:
        refuse_other(self._folder / name, self._means.files)
        fd = os.open(self._folder / name, _FLAGS, 0o644)
        try:
            self._means.flock(fd, how | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            if error.errno not in _HELD:
                raise
            raise self._refused(leases_against(self._folder, self._partition)) from error
        return fd

    def _clear_leases(self) -> None:
        """Remove the leases of writers that are gone; raises ``JournalLocked`` for one that is not."""
        for path, lease in leases_against(self._folder, self._partition).items():
            state = judge(lease, self._lease)
            if state is LeaseState.LIVING:
                raise self._refused({path: lease})
            if state is LeaseState.ELSEWHERE and not self._means.takes_over:
                self._watch(path, lease)
            self.previous = lease
            if path != self._path:
                path.unlink(missing_ok=True)

    def _watch(self, path: Path, lease: Lease) -> None:
        """Return when a lease has not been touched for three heartbeats; raise ``JournalLocked`` when it is.

        Its age is told by the file server's clock, as is its time of change. One from the future is watched
        for the whole time.
        """
        touched_s = _touched_s(path)
        age_s = max(0.0, self._server_now_s() - (touched_s or 0.0))
        left_s = _PATIENCE_BEATS * HEARTBEAT_S - age_s
        if left_s > 0:
            self._means.tell(
                f"{lease} holds {self._folder.parent} and was last seen {age_s:.0f} s ago: looking for"
                f" {left_s:.0f} s whether it still lives (--take-over does not wait)"
            )
        until_s = self._means.monotonic_s() + left_s
        while self._means.monotonic_s() < until_s:
            self._means.sleep(_LOOK_S)
            if read_lease(path) != lease:
                break
            if _touched_s(path) != touched_s:
                raise self._refused({path: lease})
        if read_lease(path) not in {lease, None}:
            raise self._refused({path: lease})

    def _server_now_s(self) -> float:
        path = self._folder / LOCK
        os.utime(path)
        return path.stat().st_mtime

    def _run_names(self) -> Iterator[RunName]:
        yield from filter(None, map(parse_name, os.listdir(self._folder)))  # noqa: PTH208 - names, not paths

    def _is_newer(self, name: RunName, ours: RunName | None) -> bool:
        if ours is None or not self._partition.excludes(name.partition):
            return False
        return (name.seq, name.uuid) > (ours.seq, ours.uuid)

    def _refused(self, holders: dict[Path, Lease]) -> JournalLocked:
        who = "; ".join(str(lease) for lease in holders.values()) or "its lease cannot be read"
        is_far = any(lease.host != self._lease.host for lease in holders.values())
        return JournalLocked(
            f"another run works on {self._folder.parent} ({who})",
            mend="wait for it to end, or stop it first"
            + ("; if it is gone for certain, --take-over goes on at once" if is_far else ""),
        )

    def _fenced(self, who: str) -> JournalLocked:
        return JournalLocked(
            f"another run has taken over {self._folder.parent} ({who}); this one has stopped",
            mend="nothing is lost: what was stored stays stored",
        )


def _touched_s(path: Path) -> float | None:
    try:
        return path.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return None
