"""Which kind of file system holds the data set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from asyncdl.app.doctor.disk import nearest_folder
from asyncdl.core.finding import Finding, Level

_MOUNTS = Path("/proc/self/mounts")
_NAME = "file system"
_OCTAL = re.compile(r"\\([0-7]{3})")
_NETWORK = frozenset(
    {
        *(
            "9p",
            "afs",
            "beegfs",
            "ceph",
            "cifs",
            "coda",
            "glusterfs",
            "gpfs",
            "lustre",
            "ncpfs",
            "nfs",
            "nfs4",
        ),
        *("fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs", "fuse.juicefs", "fuse.rclone", "fuse.s3fs"),
        *("fuse.sshfs", "orangefs", "smb3", "smbfs", "virtiofs", "wekafs"),
    }
)
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system and where it is mounted."""

    kind: str
    point: PurePosixPath


def check_file_system(out: Path) -> Finding:
    """Look the data set's folder up in the kernel's table."""
    folder = nearest_folder(out)
    try:
        table = _MOUNTS.read_text("utf-8", errors="surrogateescape")
    except OSError:
        return Finding(_NAME, Level.NOTE, "unknown: there is no /proc")
    mount = mount_of(PurePosixPath((folder or out).resolve()), table)
    return judge_mount(mount)


def mount_of(path: PurePosixPath, table: str) -> Mount | None:
    """Find the innermost mount above ``path``; of several at one point the last one is seen."""
    best: Mount | None = None
    for line in table.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = PurePosixPath(_OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[1]))
        if path.is_relative_to(point) and (best is None or len(point.parts) >= len(best.point.parts)):
            best = Mount(fields[2], point)
    return best


def judge_mount(mount: Mount | None) -> Finding:
    """File systems of a network are slower and lock less surely; those in memory forget."""
    if mount is None:
        return Finding(_NAME, Level.NOTE, "unknown")
    told = f"{mount.kind} at {mount.point}"
    if mount.kind in _NETWORK:
        what = f"{told}, over a network: durable writes are slow, and locks may not hold between machines"
        return Finding(_NAME, Level.NOTE, what, "let only one machine write this data set")
    if mount.kind in _IN_MEMORY:
        what = f"{told}, in memory: it is empty after the next start"
        return Finding(_NAME, Level.WARNING, what, "choose a folder on a disk with --out DIR")
    return Finding(_NAME, Level.OK, told)
