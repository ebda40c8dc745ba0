"""Recognizes that the machine had no process, thread, descriptor or memory to spare: that passes."""

from __future__ import annotations

import errno
from typing import Final

SCARCE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM})
_NO_THREAD = "can't start new thread"


def is_scarcity(error: BaseException) -> bool:
    """Say whether this, or all of this group, is scarcity; of threads Python tells in words only."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_scarcity, error.exceptions))
    if isinstance(error, OSError):
        return error.errno in SCARCE
    return isinstance(error, RuntimeError) and _NO_THREAD in str(error)


def as_scarcity(error: Exception) -> OSError | None:
    """Answer the error as one of the operating system's where it tells of scarcity, else None."""
    if not is_scarcity(error):
        return None
    return error if isinstance(error, OSError) else OSError(errno.EAGAIN, _NO_THREAD)
