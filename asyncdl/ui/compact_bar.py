"""The progress bar of a journal that is being compacted; called from the thread that reads it."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn


class CompactBar:
    """Implements ``runtime.compacting.OnProgress``: a bar on a terminal, nothing elsewhere."""

    def __init__(self, *, is_live: bool) -> None:
        self._progress = Progress(
            TextColumn("compacting"),
            BarColumn(),
            TaskProgressColumn(),
            console=Console(stderr=True),
            disable=not is_live,
            transient=True,
        )
        self._task: TaskID | None = None

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        """Show how much has been read."""
        if self._task is None:
            self._task = self._progress.add_task("", total=total_bytes)
            self._progress.start()
        self._progress.update(self._task, completed=done_bytes)

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()
