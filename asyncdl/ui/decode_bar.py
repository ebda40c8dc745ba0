"""The progress bar of clips that are decoded to be compared."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class DecodeBar:
    """A bar on a terminal, nothing elsewhere; called with clips done and all."""

    def __init__(self, *, is_live: bool) -> None:
        self._progress = Progress(
            TextColumn("decoding"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not is_live,
            transient=True,
        )
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show how far it has come."""
        if self._task is None:
            self._task = self._progress.add_task("", total=total)
            self._progress.start()
        self._progress.update(self._task, completed=done)

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()
