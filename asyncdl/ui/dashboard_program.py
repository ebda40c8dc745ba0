"""The child that draws the dashboard: ``python -m asyncdl.ui.dashboard_program``.

Reads lines of ``ui.wire`` on stdin and draws on stderr, until its input ends. A process of its own, because
a terminal that nobody reads blocks whoever writes to it. When the terminal is gone, it goes too.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from asyncdl.core.progress import Snapshot, keep_places
from asyncdl.ui.layout import MAX_FLIGHT_ROWS, layout
from asyncdl.ui.screen import screen
from asyncdl.ui.symbols import symbols_for
from asyncdl.ui.terminal import restore_cursor
from asyncdl.ui.wire import decode

_INPUT = 0
_TERMINAL = 2
_BLOCK = 1 << 16
_BEGIN_FRAME = "\x1b[?2026h"
_END_FRAME = "\x1b[?2026l"
_CLEAR = "\x1b[H\x1b[2J"


class Picture:
    """Draws frames in place; terminals that know synchronised output show each one whole."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console = Console(file=stream, force_terminal=True, highlight=False, markup=False, emoji=False)
        self._symbols = symbols_for(self._console.encoding)
        self._live = Live(
            console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        self._places: tuple[str | None, ...] = ()
        self._size = self._console.size

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        """Draw over the last frame."""
        size = self._console.size
        self._stream.write(_BEGIN_FRAME)
        if size != self._size:  # what was drawn has been wrapped anew and cannot be found again
            self._size = size
            self._stream.write(_CLEAR)
        rows = min(layout(size.height, snapshot).flight, MAX_FLIGHT_ROWS)
        places = keep_places(self._places, snapshot.in_flight, rows)
        self._places = tuple(None if each is None else each.key for each in places)
        frame = screen(snapshot, width=size.width, height=size.height, places=places, symbols=self._symbols)
        self._live.update(frame, refresh=True)
        self._stream.write(_END_FRAME)
        self._stream.flush()

    def say(self, text: str) -> None:
        """Print above the frame."""
        self._console.print(Text(text))


def main() -> None:
    """Draw until the input ends or the terminal is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    with suppress(OSError), _terminal() as stream, Picture(stream) as picture:
        for lines in _batches(_INPUT):
            _draw(picture, lines)
    os._exit(0)  # a broken stream must not be flushed once more


def _terminal() -> TextIO:
    """Open a buffer of its own on the terminal, so that a frame is one write."""
    encoding = sys.stderr.encoding
    return open(_TERMINAL, "w", _BLOCK, encoding, errors="replace", newline="", closefd=False)


def _draw(picture: Picture, lines: list[bytes]) -> None:
    """Messages in order; of snapshots only the newest."""
    newest: Snapshot | None = None
    for said in map(decode, lines):
        if isinstance(said, str):
            picture.say(said)
        else:
            newest = said
    if newest is not None:
        picture.show(newest)


def _batches(descriptor: int) -> Iterator[list[bytes]]:
    """Whole lines, as many as wait together."""
    rest = b""
    while block := os.read(descriptor, _BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        if lines:
            yield lines


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Give the cursor back if the terminal takes it now, and go; flushing could wait for ever."""
    restore_cursor(_TERMINAL)
    os._exit(0)


if __name__ == "__main__":
    main()
