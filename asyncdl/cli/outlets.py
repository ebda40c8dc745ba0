"""Standard streams that cannot hurt: closed ones lead nowhere, and what stderr does not take is let go.

A descriptor 1 or 2 that is closed would be given to the next file that is opened, such as the journal's lock.
Messages on stderr are for people: a full device or a lost terminal must not end a run.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Forgiving(io.RawIOBase):
    """A descriptor for writing that takes everything, also where nobody reads."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(self._fd)

    def write(self, data: ReadableBuffer, /) -> int:
        rest = memoryview(data)
        with suppress(OSError):
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        return memoryview(data).nbytes


def secure_streams() -> None:
    """Do so for this process; streams that somebody has replaced (a test) are left alone."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stderr is sys.__stderr__:
        encoding = sys.stderr.encoding if sys.stderr else "utf-8"
        raw = io.BufferedWriter(_Forgiving(2))
        sys.stderr = io.TextIOWrapper(raw, encoding, errors="backslashreplace", line_buffering=True)
