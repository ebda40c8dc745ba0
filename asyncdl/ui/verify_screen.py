"""Progress of a verification: a bar on a terminal, one line per half minute elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from asyncdl.runtime.verifying import Verified
from asyncdl.ui.bar import Bar, counted_text
from asyncdl.ui.choose import ScreenMode


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
        self._bar = Bar(is_bar=is_bar, descriptor=descriptor)

    def show(self, verified: Verified, elapsed_s: float, lost: int) -> None:
        """Draw when it is time to."""
        if self._bar.is_due(elapsed_s):
            self._bar.draw(verified.clips, self._total, progress_text(verified, self._total, elapsed_s, lost))

    def note(self, text: str) -> None:
        """Take the bar's place; of no interest in a log."""
        self._bar.note(text)

    def message(self, text: str) -> None:
        """Write this soon."""
        self._bar.message(text)

    async def close(self, verified: Verified, elapsed_s: float, lost: int) -> None:
        """Write the last line, as a message, since it stays."""
        await self._bar.close(progress_text(verified, self._total, elapsed_s, lost, is_over=True))


def progress_text(
    verified: Verified, total: int, elapsed_s: float, lost: int, *, is_over: bool = False
) -> str:
    """``[0:30] 1,234 of 20,550 clips (6.0 %) · 41 clips/s · about 8 min left · 3 lost``."""
    more = (f"{lost:,} lost",) if lost else ()
    return counted_text(verified.clips, total, elapsed_s, *more, is_over=is_over)


@asynccontextmanager
async def open_verify_screen(mode: ScreenMode, total: int) -> AsyncIterator[VerifyScreen]:
    """Open what fits the terminal; whoever opens it closes it with the last state."""
    if mode is ScreenMode.QUIET:
        yield QuietVerifyScreen()
    else:
        yield LineVerifyScreen(total, is_bar=mode is ScreenMode.DASHBOARD)
