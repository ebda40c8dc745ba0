"""Everything that ends a command, as one tree; each class knows its exit code.

    AsyncdlError
    ├── UsageError            2  the command cannot be meant so
    ├── EnvironmentFault      4  tool missing, blocked everywhere, certificate, input/output error
    ├── JournalFault          5  journal damaged
    │   └── JournalLocked     5  another run works on this data set
    └── DiskFull              6  no space or quota left

What happens to one segment is a value (``core.model.Failure``), never one of these.
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the shell is told; scripts rely on these numbers."""

    DONE = 0
    BUG = 1
    USAGE = 2
    RETRYABLE_LEFT = 3
    ENVIRONMENT = 4
    JOURNAL = 5
    DISK_FULL = 6
    INTERRUPTED = 130
    TERMINATED = 143


class AsyncdlError(Exception):
    """A fault with a message for people: what happened, where, and what mends it."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, what: str, *, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}\n{self.mend}" if self.mend else self.what


class UsageError(AsyncdlError):
    """The command, its options or its input cannot be meant so."""

    exit_code = ExitCode.USAGE


class EnvironmentFault(AsyncdlError):
    """The machine, the network or the service is at fault; no segment is."""

    exit_code = ExitCode.ENVIRONMENT


class JournalFault(AsyncdlError):
    """The journal cannot be trusted or written."""

    exit_code = ExitCode.JOURNAL


class JournalLocked(JournalFault):
    """Another run holds this data set."""


class DiskFull(AsyncdlError):
    """No space (or quota) is left where the data set lives."""

    exit_code = ExitCode.DISK_FULL
