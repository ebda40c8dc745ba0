"""Reads small files that hold secrets: cookie files and lists of proxies."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES = 4 << 20
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A file's text, and who else may read it: ``mode`` holds its nine permission bits.

    ``is_link`` tells that its name is a symbolic link, ``is_own`` that it belongs to this user.
    """

    text: str
    mode: int
    is_link: bool = False
    is_own: bool = True

    @property
    def is_private(self) -> bool:
        """Whether nobody but its owner (and root) has any access."""
        return not self.mode & _OTHERS

    @property
    def exposure(self) -> str:
        """Say how somebody else gets at it; empty for a private file."""
        if self.is_link:
            return "is a link; name the file itself"
        if not self.is_own:
            return "belongs to another user of this machine"
        return "" if self.is_private else "others on this machine may read it"


@dataclass(frozen=True, slots=True)
class NoSecret:
    """Why there is nothing to be read."""

    why: str


def read_secret(path: Path) -> Secret | NoSecret:
    """Read a plain file of at most 4 MiB of UTF-8; permissions are those of the very file that was read."""
    try:
        fd = os.open(path, _FLAGS)
    except OSError as error:
        return NoSecret(error.strerror or str(error))
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            return NoSecret("is no plain file")
        with os.fdopen(fd, "rb", closefd=False) as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as error:
        return NoSecret(error.strerror or str(error))
    finally:
        os.close(fd)
    if len(raw) > _MOST_BYTES:
        return NoSecret("is far too large for what it should be")
    try:
        text, is_own = raw.decode("utf-8"), status.st_uid == os.geteuid()
    except UnicodeDecodeError as error:
        return NoSecret(f"is not UTF-8 (byte {error.start})")
    return Secret(text, stat.S_IMODE(status.st_mode), path.is_symlink(), is_own)
