"""The progress bar of a list that is being downloaded; called from the thread that receives it."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn


class DownloadBar:
    """Implements ``inputs.cache.OnProgress``: a bar on a terminal, one line elsewhere."""

    def __init__(self, *, is_live: bool) -> None:
        self._is_live = is_live
        self._console = Console(stderr=True)
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def __call__(self, done_bytes: int, total_bytes: int | None) -> None:
        """Show how much has come; the bar ends when all has."""
        if self._progress is None:
            self._begin(total_bytes)
        if self._progress is not None:
            self._progress.update(self._task, completed=done_bytes, total=total_bytes)
            if done_bytes == total_bytes:
                self._progress.stop()
                self._progress = None

    def _begin(self, total_bytes: int | None) -> None:
        self._progress = Progress(
            TextColumn("downloading the list"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=self._console,
            disable=not self._is_live,
        )
        if not self._is_live:
            self._console.print("downloading the list")
        self._task = self._progress.add_task("", total=total_bytes)
        self._progress.start()
