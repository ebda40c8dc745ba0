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
    """A file's text, and who else may read it: ``mode`` holds its nine permission bits."""

    text: str
    mode: int

    @property
    def is_private(self) -> bool:
        """Whether nobody but its owner (and root) has any access."""
        return not self.mode & _OTHERS


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
        return Secret(raw.decode("utf-8"), stat.S_IMODE(status.st_mode))
    except UnicodeDecodeError as error:
        return NoSecret(f"is not UTF-8 (byte {error.start})")
