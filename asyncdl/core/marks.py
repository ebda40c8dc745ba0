"""The ledger's columns: one small number per segment, one per line of a source."""

from __future__ import annotations

from array import array

from asyncdl.core.keytable import ABSENT

_UNREAD, _REJECTED, _REPEATED, FIRST_SLOT = 0, 1, 2, 3
_PREFIX = "lines."
_WORDS = ("unread", "rejected", "repeated")
# A journal may name any line. Beyond so many cells there must be a row for every so many lines.
_FREE_LINES = 1 << 25
_LINES_A_ROW = 64


class Marks:
    """A column of small numbers, one byte each until the first one that needs more.

    A mark that fits no cell raises ``OverflowError`` and changes nothing.
    """

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
            if not 0 <= mark < 1 << 32:
                raise
            self.cells = array("I", self.cells)
            self.cells[slot] = mark


class Lines:
    """Per source and line, counted from 1: unread, rejected, repeated, or the slot of its segment.

    Where events contradict each other the highest wins, in this order, so that replay order is of no matter.
    Marking raises ``ValueError`` for a line that no list with so few rows could have.
    """

    def __init__(self) -> None:
        self.rejected_rows = self.repeated_rows = 0
        self.cells: dict[int, array[int]] = {}
        self._size = 0

    def columns(self) -> dict[str, array[int]]:
        """Answer the column of each source, by a name that ``restore`` knows."""
        return {f"{_PREFIX}{source}": cells for source, cells in self.cells.items()}

    def restore(self, columns: dict[str, array[int]], slots: int, rejected: int, repeated: int) -> None:
        """Take over stored columns of so many slots; raises ``ValueError`` for such as cannot be."""
        for name, cells in columns.items():
            if not name.startswith(_PREFIX) or max(cells, default=0) >= slots + FIRST_SLOT:
                raise ValueError(name)
            self.cells[int(name.removeprefix(_PREFIX))] = cells
            self._size += len(cells)
        self.rejected_rows, self.repeated_rows = rejected, repeated

    @property
    def sources(self) -> list[int]:
        """Numbers of the sources of which a line is marked."""
        return list(self.cells)

    def slot_at(self, source: int, line: int) -> int:
        """Slot of the line's segment, or ``ABSENT``."""
        cells = self.cells.get(source)
        if cells is None or not 0 <= line < len(cells):
            return ABSENT
        slot = cells[line] - FIRST_SLOT
        return slot if slot >= 0 else ABSENT

    def word_at(self, source: int, line: int) -> str:
        """Say what is known of a line without a segment: unread, rejected or repeated."""
        return _WORDS[self._cell(source, line)]

    def known(self, source: int) -> int:
        """How many lines of a source are marked."""
        cells = self.cells.get(source, array("I"))
        return len(cells) - cells.count(_UNREAD)

    def rejected(self, source: int, line: int) -> None:
        """Mark a line that is no segment."""
        self._raise(source, line, _REJECTED)

    def repeated(self, source: int, line: int) -> None:
        """Mark a line whose segment another line has."""
        self._raise(source, line, _REPEATED)

    def selected(self, source: int, line: int, slot: int, *, is_repeat: bool) -> bool:
        """Mark a line as ``slot``'s; False when that was known. With ``is_repeat`` it counts as repeated."""
        cells = self.cells.get(source)
        if cells is not None and 0 <= line < len(cells) and not cells[line]:
            cells[line] = slot + FIRST_SLOT
        elif not self._raise(source, line, slot + FIRST_SLOT):
            return False
        self.repeated_rows += is_repeat
        return True

    def _cell(self, source: int, line: int) -> int:
        cells = self.cells.get(source)
        return cells[line] if cells is not None and 0 <= line < len(cells) else _UNREAD

    def _raise(self, source: int, line: int, mark: int) -> bool:
        cells = self.cells.get(source)
        if cells is None:
            cells = self.cells[source] = array("I")
        if line >= len(cells):
            self._reach(cells, line)
        if line < 0:
            raise ValueError(f"there is no line {line}")
        known = cells[line]
        if mark <= known:
            return False
        cells[line] = mark
        self.rejected_rows += (mark == _REJECTED) - (known == _REJECTED)
        self.repeated_rows += (mark == _REPEATED) - (known == _REPEATED)
        return True

    def _reach(self, cells: array[int], line: int) -> None:
        """Grow up to and beyond ``line``, by parts: what is to be appended takes memory too."""
        more = line + 1 - len(cells) + len(cells) // 16
        self._size += more
        if self._size > _FREE_LINES:
            marked = sum(len(known) - known.count(_UNREAD) for known in self.cells.values())
            if self._size > _FREE_LINES + _LINES_A_ROW * marked:
                self._size -= more
                raise ValueError(f"line {line} is far beyond the {marked} rows that are known")
        while more > 0:
            cells.frombytes(bytes(4 * min(more, _FREE_LINES // 32)))
            more -= _FREE_LINES // 32
