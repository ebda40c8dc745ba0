"""The terminal itself: what may be asked of it without waiting."""

from __future__ import annotations

import os
import select
from collections.abc import Mapping
from contextlib import suppress

_RESTORE = b"\x1b[?2026l\x1b[?25h\r\n"


def restore_cursor(terminal: int) -> None:
    """Undo what a frame may have left behind; a frozen terminal is not waited for, a lost one is no fault."""
    poll = select.poll()
    with suppress(OSError):
        poll.register(terminal, select.POLLOUT)
        if poll.poll(0):
            os.write(terminal, _RESTORE)


def wants_colour(*, is_terminal: bool, environ: Mapping[str, str]) -> bool:
    """``NO_COLOR`` wins over ``FORCE_COLOR``, both where not empty; else colours are for able terminals."""
    if environ.get("NO_COLOR"):
        return False
    return bool(environ.get("FORCE_COLOR")) or (is_terminal and environ.get("TERM") != "dumb")
