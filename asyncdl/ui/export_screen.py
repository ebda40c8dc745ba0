"""Progress of an export: a bar on a terminal, one line per half minute elsewhere."""

from __future__ import annotations

from asyncdl.ui.bar import Bar, counted_text
from asyncdl.ui.choose import ScreenMode


class ExportScreen:
    """Counts clips; ``total`` is known once the journal is read. Quiet ones show nothing."""

    def __init__(self, mode: ScreenMode) -> None:
        self._bar = None if mode is ScreenMode.QUIET else Bar(is_bar=mode is ScreenMode.DASHBOARD)
        self._began_s = 0.0
        self.total = 0
        self.clips = 0
        self.left_out = 0

    def begin(self, total: int, elapsed_s: float) -> None:
        """Tell how many clips are to be exported now; time counts from here."""
        self.total, self._began_s = total, elapsed_s

    def show(self, elapsed_s: float) -> None:
        """Draw when it is time to."""
        if self._bar is not None and self._bar.is_due(elapsed_s):
            text = progress_text(self.clips, self.total, elapsed_s - self._began_s, self.left_out)
            self._bar.draw(self.clips, self.total, text)

    def note(self, text: str) -> None:
        """Tell what is done now, for as long as nothing else is shown."""
        if self._bar is not None:
            self._bar.note(text)

    def message(self, text: str) -> None:
        """Tell something that should stay readable."""
        if self._bar is not None:
            self._bar.message(text)

    async def close(self, elapsed_s: float) -> None:
        """Show the last state and let go; takes seconds at most."""
        if self._bar is not None:
            since_s = elapsed_s - self._began_s
            text = progress_text(self.clips, self.total, since_s, self.left_out, is_over=True)
            await self._bar.close(text if self.total else "")


def progress_text(clips: int, total: int, elapsed_s: float, left_out: int, *, is_over: bool = False) -> str:
    """``[0:30] 1,234 of 20,550 clips (6.0 %) · 41 clips/s · about 8 min left · 3 left out``."""
    more = (f"{left_out:,} left out",) if left_out else ()
    return counted_text(clips, total, elapsed_s, *more, is_over=is_over)
