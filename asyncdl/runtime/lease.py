"""Leases: small files that say who writes, and by their time of change that the writer still lives.

Where locks of the file system cannot be trusted, the lease is what tells a living writer from a dead one.
"""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from enum import Enum, auto
from pathlib import Path

import orjson

from asyncdl.core.partition import Partition, parse_label
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.files import REAL_FILES, FileLayer, replace_file
from asyncdl.runtime.guardian import namespace, start_time

_NAME = "lease"
_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Lease:
    """Who writes.

    ``start_ticks``, the process's start in clock ticks since boot, shows a pid used again; ``pid_space`` is
    the namespace in which the pid means something (containers). ``slurm_job`` is empty outside Slurm.
    """

    host: str
    boot_id: str
    pid: int
    start_ticks: int
    pid_space: str = ""
    slurm_job: str = ""

    def __str__(self) -> str:
        job = f", Slurm job {self.slurm_job}" if self.slurm_job else ""
        return f"pid {self.pid} on {self.host}{job}"


class LeaseState(Enum):
    """What can be said here of a lease's writer."""

    LIVING = auto()
    DEAD = auto()
    ELSEWHERE = auto()


def own_lease() -> Lease:
    """Describe this process; raises ``EnvironmentFault`` where there is no ``/proc``."""
    try:
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        ticks = start_time(os.getpid())
    except OSError as error:
        raise EnvironmentFault(f"cannot tell this process from others: {error}") from error
    job = os.environ.get("SLURM_JOB_ID", "")[:64]
    return Lease(platform.node(), boot_id, os.getpid(), ticks or 0, namespace(), job)


def judge(lease: Lease, here: Lease) -> LeaseState:
    """Judge a lease from here: of another host, or another container, nothing can be known."""
    if lease.host != here.host:
        return LeaseState.ELSEWHERE
    if lease.boot_id != here.boot_id:
        return LeaseState.DEAD
    if lease.pid_space != here.pid_space:
        return LeaseState.ELSEWHERE
    try:
        started = start_time(lease.pid)
    except OSError:  # hidden from other users: it is there
        return LeaseState.LIVING
    return LeaseState.LIVING if started == lease.start_ticks else LeaseState.DEAD


def lease_path(folder: Path, partition: Partition) -> Path:
    """Where the lease of a partition stands."""
    return folder / (f"{_NAME}-{partition.label}" if partition.label else _NAME)


def write_lease(path: Path, lease: Lease, files: FileLayer = REAL_FILES) -> None:
    """Put a lease in the place of whatever stood there; raises ``DiskFull`` or ``EnvironmentFault``."""
    replace_file(path, [orjson.dumps(asdict(lease)), b"\n"], files)


def read_lease(path: Path) -> Lease | None:
    """Return what the lease says, None where there is none that can be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        told = orjson.loads(os.read(fd, _MAX_BYTES))
        return Lease(
            str(told["host"]),
            str(told["boot_id"]),
            int(told["pid"]),
            int(told["start_ticks"]),
            str(told.get("pid_space", "")),
            str(told.get("slurm_job", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    finally:
        os.close(fd)


def leases_against(folder: Path, partition: Partition) -> dict[Path, Lease]:
    """Find the readable leases, by their paths, of writers that a writer of ``partition`` excludes."""
    found = {}
    for name in os.listdir(folder):  # noqa: PTH208 - names, not paths
        head, _, label = name.partition("-")
        other = parse_label(label) if head == _NAME else None
        if other is not None and partition.excludes(other) and (lease := read_lease(folder / name)):
            found[folder / name] = lease
    return found
