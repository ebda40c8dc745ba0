"""The ledger's columns: one small number per segment, one per line of a source."""

from __future__ import annotations

from array import array

from asyncdl.core.keytable import ABSENT

_UNREAD, _REJECTED, _REPEATED, _FIRST_SLOT = 0, 1, 2, 3
_WORDS = ("unread", "rejected", "repeated")


class Marks:
    """A column of small numbers, one byte each until the first one that needs more."""

    def __init__(self) -> None:
        self.cells = array("B")

    def grow(self, count: int) -> None:
        """Add ``count`` zeros."""
        self.cells.frombytes(bytes(count * self.cells.itemsize))

    def put(self, slot: int, mark: int) -> None:
        """Write one cell; all become wider where the mark asks for it."""
        try:
            self.cells[slot] = mark
        except OverflowError:
            self.cells = array("I", self.cells)
            self.cells[slot] = mark


class Lines:
    """Per source and line, counted from 1: unread, rejected, repeated, or the slot of its segment.

    Where events contradict each other the highest wins, in this order, so that replay order is of no matter.
    """

    def __init__(self) -> None:
        self.rejected_rows = self.repeated_rows = 0
        self._cells: dict[int, array[int]] = {}

    def slot_at(self, source: int, line: int) -> int:
        """Slot of the line's segment, or ``ABSENT``."""
        cells = self._cells.get(source)
        if cells is None or not 0 <= line < len(cells):
            return ABSENT
        slot = cells[line] - _FIRST_SLOT
        return slot if slot >= 0 else ABSENT

    def word_at(self, source: int, line: int) -> str:
        """Say what is known of a line without a segment: unread, rejected or repeated."""
        return _WORDS[self._cell(source, line)]

    def known(self, source: int) -> int:
        """How many lines of a source are marked."""
        cells = self._cells.get(source, array("I"))
        return len(cells) - cells.count(_UNREAD)

    def rejected(self, source: int, line: int) -> None:
        """Mark a line that is no segment."""
        self._raise(source, line, _REJECTED)

    def repeated(self, source: int, line: int) -> None:
        """Mark a line whose segment another line has."""
        self._raise(source, line, _REPEATED)

    def selected(self, source: int, line: int, slot: int, *, is_repeat: bool) -> bool:
        """Mark a line as ``slot``'s; False when that was known. With ``is_repeat`` it counts as repeated."""
        cells = self._cells.get(source)
        if cells is not None and line < len(cells) and not cells[line]:
            cells[line] = slot + _FIRST_SLOT
        elif not self._raise(source, line, slot + _FIRST_SLOT):
            return False
        self.repeated_rows += is_repeat
        return True

    def _cell(self, source: int, line: int) -> int:
        cells = self._cells.get(source)
        return cells[line] if cells is not None and 0 <= line < len(cells) else _UNREAD

    def _raise(self, source: int, line: int, mark: int) -> bool:
        cells = self._cells.get(source)
        if cells is None:
            cells = self._cells[source] = array("I")
        if line >= len(cells):
            cells.frombytes(bytes(4 * (line + 1 - len(cells) + len(cells) // 16)))
        known = cells[line]
        if mark <= known:
            return False
        cells[line] = mark
        self.rejected_rows += (mark == _REJECTED) - (known == _REJECTED)
        self.repeated_rows += (mark == _REPEATED) - (known == _REPEATED)
        return True
