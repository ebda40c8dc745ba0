"""Looking at one stored clip without trusting what stands under its name. All calls block.

No link is followed below the data set folder and nothing is waited for. What tells of a sick disk is raised,
never taken for a lost clip.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from asyncdl.core import layout
from asyncdl.core.model import Clip
from asyncdl.core.soundness import Depth, Finding, Problem
from asyncdl.errors import JournalFault
from asyncdl.runtime.files import fault_of

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_GONE = frozenset({errno.ENOENT})
_BARRED = frozenset({errno.EACCES, errno.EPERM})
_STRANGE = "Nothing of it was touched. Do not use a journal that somebody else may have changed."
_FOLDERS_REMEMBERED = 1 << 15
_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a record says of a clip: ``path`` is relative to the data set folder."""

    key: str
    round: int
    path: str
    clip: Clip

    def finding(self, problem: Problem, detail: str) -> Finding:
        """Make a finding of this clip."""
        return Finding(self.key, self.round, self.path, problem, detail)


class Inspector:
    """Looks at the clips below ``root``, up to their checksums; may be shared by threads."""

    def __init__(self, root: Path, depth: Depth) -> None:
        self._root = str(root)
        self._reads = depth is not Depth.SIZE
        self._folder_problem = lru_cache(_FOLDERS_REMEMBERED)(self._look_at_folder)

    def inspect(self, claim: Claim) -> Finding | None:
        """Say what is wrong with a clip, None where nothing is.

        Raises ``EnvironmentFault`` for what no clip is to blame for, such as an input/output error.
        """
        path = f"{self._root}/{claim.path}"
        try:
            return self._way(claim) or self._look(claim, path) or self._sources(claim)
        except OSError as error:
            if error.errno in _GONE:
                return claim.finding(Problem.MISSING, "there is nothing under its name")
            if error.errno in _BARRED:
                return claim.finding(Problem.UNREADABLE, error.strerror or str(error))
            raise fault_of(error, "reading", Path(path)) from error

    def _way(self, claim: Claim) -> Finding | None:
        told = self._folder_problem(claim.path.rpartition("/")[0])
        return claim.finding(*told) if told else None

    def _look_at_folder(self, folder: str) -> tuple[Problem, str] | None:
        """Look at each folder on the way; a missing one is left to be found missing with the clip."""
        names = folder.split("/")
        if not _is_inside(names):
            raise JournalFault(f"a record names a clip outside the data set: {folder}", mend=_STRANGE)
        for depth in range(1, len(names) + 1):
            way = "/".join(names[:depth])
            try:
                mode = os.lstat(f"{self._root}/{way}").st_mode
            except FileNotFoundError:
                return None
            if stat.S_ISLNK(mode):
                return Problem.BEHIND_LINK, f"{way} is a link; asyncdl reads and writes through none"
            if not stat.S_ISDIR(mode):
                return Problem.IN_THE_WAY, f"{way} is {_kind(mode)}, and a folder belongs there; move it away"
        return None

    def _look(self, claim: Claim, path: str) -> Finding | None:
        seen = os.lstat(path)
        if not stat.S_ISREG(seen.st_mode):
            return claim.finding(
                Problem.IN_THE_WAY, f"{_kind(seen.st_mode)} stands in its place; move it away"
            )
        if seen.st_size != claim.clip.size_bytes:
            return claim.finding(Problem.SIZE, _size_detail(seen.st_size, claim))
        return self._read(claim, path) if self._reads else None

    def _read(self, claim: Claim, path: str) -> Finding | None:
        with os.fdopen(os.open(path, _FLAGS), "rb") as file:
            if not stat.S_ISREG(mode := os.fstat(file.fileno()).st_mode):
                return claim.finding(Problem.IN_THE_WAY, f"{_kind(mode)} stands in its place; move it away")
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if (size := file.tell()) != claim.clip.size_bytes:
                return claim.finding(Problem.SIZE, _size_detail(size, claim))
        if digest == claim.clip.sha256:
            return None
        return claim.finding(Problem.CHECKSUM, f"its SHA-256 is {digest}, not {claim.clip.sha256}")

    def _sources(self, claim: Claim) -> Finding | None:
        for name in claim.clip.source_files:
            if not _is_inside(name.split("/")):
                raise JournalFault(f"a record names a file outside the data set: {name}", mend=_STRANGE)
            try:
                mode = os.lstat(f"{self._root}/{name}").st_mode
            except FileNotFoundError:
                return claim.finding(Problem.SOURCE_GONE, f"{name} is not there")
            if not stat.S_ISREG(mode):
                return claim.finding(Problem.SOURCE_GONE, f"{name} is {_kind(mode)}")
        return None


def _is_inside(names: list[str]) -> bool:
    return names[0] == layout.CLIPS and not {"", ".", ".."}.intersection(names)


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "a file")


def _size_detail(size_bytes: int, claim: Claim) -> str:
    return f"it has {size_bytes:,} bytes, not {claim.clip.size_bytes:,}"
