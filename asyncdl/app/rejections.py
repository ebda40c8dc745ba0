"""Rows that are no segments: all go into the log, the first ones onto the screen."""

from __future__ import annotations

from asyncdl.app.opening import Opened
from asyncdl.core.model import RejectedRow
from asyncdl.ui.choose import Screen

_MOST_TOLD = 10


class Rejections:
    """Tells of rejected rows with their list and line; a list of nothing else must not flood the screen."""

    def __init__(self, opened: Opened, screen: Screen) -> None:
        self._opened = opened
        self._screen = screen
        self._told = 0

    def tell(self, row: RejectedRow) -> None:
        """Note one row."""
        names = {source.index: source.name for source in self._opened.ledger.sources}
        name = names.get(row.ref.source, "a list")
        text = f"{name} line {row.ref.line} is no segment: {row.reason}: {row.text}"
        if self._opened.log is not None:
            self._opened.log.write(text)
        self._told += 1
        if self._told <= _MOST_TOLD:
            self._screen.message(text)
        elif self._told == _MOST_TOLD + 1:
            self._screen.message("further rejected rows are counted; asyncdl status --rejected shows all")
