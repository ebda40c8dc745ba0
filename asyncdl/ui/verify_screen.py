"""Progress of a verification: a bar on a terminal, one line per half minute elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from asyncdl.core.printable import printable
from asyncdl.runtime.verifying import Verified
from asyncdl.ui.choose import ScreenMode
from asyncdl.ui.plain import INTERVAL_S, LineWriter
from asyncdl.ui.symbols import Symbols, symbols_for
from asyncdl.ui.wording import clock_text, eta_text, share_text

_FRAME_S = 0.2
_WIDEST_BAR = 40
_NARROWEST_BAR = 8


class VerifyScreen(Protocol):
    """Shows a verification on stderr. No call blocks the loop, none fails when the terminal is gone."""

    def show(self, verified: Verified, elapsed_s: float, lost: int) -> None:
        """Tell how far it has come; may be called as often as it changes."""
        ...

    def note(self, text: str) -> None:
        """Tell what is done now, for as long as nothing else is shown."""
        ...

    def message(self, text: str) -> None:
        """Tell something that should stay readable."""
        ...

    async def close(self, verified: Verified, elapsed_s: float, lost: int) -> None:
        """Show the last state and let go; takes seconds at most."""
        ...


class QuietVerifyScreen:
    """Shows nothing."""

    def show(self, verified: Verified, elapsed_s: float, lost: int) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def message(self, text: str) -> None:
        """Nothing."""

    async def close(self, verified: Verified, elapsed_s: float, lost: int) -> None:
        """Nothing to let go."""


class LineVerifyScreen:
    """A bar that is drawn again and again, or plain lines; ``total`` clips are to be looked at."""

    def __init__(self, total: int, *, is_bar: bool, descriptor: int = 2) -> None:
        self._total = total
        self._is_bar = is_bar
        self._descriptor = descriptor
        self._interval_s = _FRAME_S if is_bar else INTERVAL_S
        self._due_s = 0.0 if is_bar else INTERVAL_S
        self._symbols = symbols_for(getattr(sys.stderr, "encoding", "") or "")
        self._writer = LineWriter(descriptor, is_bar=is_bar)

    def show(self, verified: Verified, elapsed_s: float, lost: int) -> None:
        """Draw when it is time to."""
        if elapsed_s >= self._due_s:
            self._due_s = elapsed_s + self._interval_s
            self._draw(verified, elapsed_s, lost)

    def note(self, text: str) -> None:
        """Take the bar's place; of no interest in a log."""
        if self._is_bar:
            self._writer.replace(printable(text, max(self._columns() - 1, 1)))

    def message(self, text: str) -> None:
        """Write this soon."""
        for line in text.splitlines():
            self._writer.add(printable(line))

    async def close(self, verified: Verified, elapsed_s: float, lost: int) -> None:
        """Write the last line, as a message, since it stays."""
        self._writer.add(progress_text(verified, self._total, elapsed_s, lost, is_over=True))
        await self._writer.finish()

    def _draw(self, verified: Verified, elapsed_s: float, lost: int) -> None:
        text = progress_text(verified, self._total, elapsed_s, lost)
        if self._is_bar:
            text = bar_line(verified.clips, self._total, text, self._columns() - 1, self._symbols)
        self._writer.replace(text)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._descriptor).columns or 80
        except OSError:
            return 80


def progress_text(
    verified: Verified, total: int, elapsed_s: float, lost: int, *, is_over: bool = False
) -> str:
    """``[0:30] 1,234 of 20,550 clips (6.0 %) · 41 clips/s · about 8 min left · 3 lost``."""
    rate = verified.clips / elapsed_s if elapsed_s > 0 else 0.0
    left_s = (total - verified.clips) / rate if rate else None
    parts = [
        f"{verified.clips:,} of {total:,} clips ({share_text(verified.clips, total) or '100 %'})",
        f"{rate:,.0f} clips/s",
        *([] if is_over else [eta_text(left_s)]),
        *([f"{lost:,} lost"] if lost else []),
    ]
    return f"[{clock_text(elapsed_s)}] {' · '.join(parts)}"


def bar_line(done: int, total: int, text: str, width: int, symbols: Symbols) -> str:
    """Put a bar before the text, as long as there is room for it; never wider than ``width`` cells."""
    text = text.replace("·", symbols.dot)
    room = min(width - len(text) - 1, _WIDEST_BAR)
    if room < _NARROWEST_BAR:
        return text[: max(width, 0)]
    filled = room * done // total if total else room
    return f"{symbols.stored * filled}{symbols.track * (room - filled)} {text}"


@asynccontextmanager
async def open_verify_screen(mode: ScreenMode, total: int) -> AsyncIterator[VerifyScreen]:
    """Open what fits the terminal; whoever opens it closes it with the last state."""
    if mode is ScreenMode.QUIET:
        yield QuietVerifyScreen()
    else:
        yield LineVerifyScreen(total, is_bar=mode is ScreenMode.DASHBOARD)
