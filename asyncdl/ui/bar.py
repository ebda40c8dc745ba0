"""Progress of work that is counted: a bar on a terminal, one line per half minute elsewhere."""

from __future__ import annotations

import os
import sys

from asyncdl.core.printable import printable
from asyncdl.ui.plain import INTERVAL_S, LineWriter
from asyncdl.ui.symbols import Symbols, symbols_for
from asyncdl.ui.wording import clock_text, eta_text, share_text

_FRAME_S = 0.2
_WIDEST_BAR = 40
_NARROWEST_BAR = 8


class Bar:
    """Drawn again and again, or plain lines. No call blocks the loop, none fails with the terminal gone."""

    def __init__(self, *, is_bar: bool, descriptor: int = 2) -> None:
        self._is_bar = is_bar
        self._descriptor = descriptor
        self._interval_s = _FRAME_S if is_bar else INTERVAL_S
        self._due_s = 0.0 if is_bar else INTERVAL_S
        self._symbols = symbols_for(getattr(sys.stderr, "encoding", "") or "")
        self._writer = LineWriter(descriptor, is_bar=is_bar)

    def is_due(self, elapsed_s: float) -> bool:
        """Whether it is time to draw again; said once a time."""
        if elapsed_s < self._due_s:
            return False
        self._due_s = elapsed_s + self._interval_s
        return True

    def draw(self, done: int, total: int, text: str) -> None:
        """Show how far it has come."""
        if self._is_bar:
            text = bar_line(done, total, text, self._columns() - 1, self._symbols)
        self._writer.replace(text)

    def note(self, text: str) -> None:
        """Take the bar's place; of no interest in a log."""
        if self._is_bar:
            self._writer.replace(printable(text, max(self._columns() - 1, 1)))

    def message(self, text: str) -> None:
        """Write this soon."""
        for line in text.splitlines():
            self._writer.add(printable(line))

    async def close(self, text: str) -> None:
        """Write the last line, where there is one, as a message, since it stays."""
        if text:
            self._writer.add(text)
        await self._writer.finish()

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._descriptor).columns or 80
        except OSError:
            return 80


def bar_line(done: int, total: int, text: str, width: int, symbols: Symbols) -> str:
    """Put a bar before the text, as long as there is room for it; never wider than ``width`` cells."""
    text = text.replace("·", symbols.dot)
    room = min(width - len(text) - 1, _WIDEST_BAR)
    if room < _NARROWEST_BAR:
        return text[: max(width, 0)]
    filled = room * done // total if total else room
    return f"{symbols.stored * filled}{symbols.track * (room - filled)} {text}"


def counted_text(clips: int, total: int, elapsed_s: float, *more: str, is_over: bool = False) -> str:
    """``[0:30] 1,234 of 20,550 clips (6.0 %) · 41 clips/s · about 8 min left``, and what else there is."""
    rate = clips / elapsed_s if elapsed_s > 0 else 0.0
    parts = [
        f"{clips:,} of {total:,} clips ({share_text(clips, total) or '100 %'})",
        f"{rate:,.0f} clips/s",
        *([] if is_over else [eta_text((total - clips) / rate if rate else None)]),
        *more,
    ]
    return f"[{clock_text(elapsed_s)}] {' · '.join(parts)}"
