"""The last words of a child: two pipes that are emptied now and then, not at every line.

A child that writes fifty lines would wake the event loop fifty times; emptied by the clock, a pipe costs a
system call each time. It holds 64 KiB (4 KiB where the user has many); a child that fills it waits for the
next emptying, and is emptied more often for that.
"""

from __future__ import annotations

import os
from contextlib import suppress

TAIL_BYTES = 64 * 1024
FLOOD_BYTES = 4 * 1024


class Tail:
    """One pipe and the last 64 KiB that came through it. Raises ``OSError`` where none is to be had."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._kept = bytearray()
        self.is_ended = False

    @property
    def writer(self) -> int:
        """The child's end, ours until ``hand_over``."""
        return self._writer

    @property
    def kept(self) -> bytes:
        """What was kept."""
        return bytes(self._kept)

    def hand_over(self) -> None:
        """Close the child's end here; it has a copy of its own, or was never started."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1

    def empty(self) -> int:
        """Take out what is there and tell how much; ``is_ended`` once nobody can write any more."""
        block = b""
        if not self.is_ended:
            with suppress(BlockingIOError):
                block = os.read(self._reader, TAIL_BYTES)
                self.is_ended = not block
        self._kept += block
        del self._kept[:-TAIL_BYTES]
        return len(block)

    def close(self) -> None:
        """Let go of both ends."""
        self.hand_over()
        os.close(self._reader)
