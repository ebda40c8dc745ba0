"""What became of each segment, by its slot: the columns, and the totals that follow from them.

Per segment only maxima are kept, so that order and repetition do not matter. S is the highest round of
``ClipStored``, L of ``ClipLost``, A of ``RetryRequested``; F the highest (round, given up or not) of the
failures:

    stored     S > L
    given up   F is GaveUp, and F.round >= max(A, L + 1)
    open       otherwise

Each pair fits one small number: "stored in round r" is 2r + 1 and "lost in r" is 2r + 2, so that the higher
one speaks; likewise "failed in r" and "gave up in r". Where two events are equal, the later one in replay
order counts. A clip of 4 GiB or more counts as 4 GiB less one byte.
"""

from __future__ import annotations

from array import array

from asyncdl.core.keytable import zeros
from asyncdl.core.kinds import FailureKind
from asyncdl.core.marks import Marks
from asyncdl.core.states import RowState

KINDS = tuple(FailureKind)
_KIND_INDEX = {kind: index for index, kind in enumerate(KINDS)}
HAS_ROW = 0x80
_IS_FINAL = 0x40
_KIND_BITS = 0x3F
_KNOWN_KINDS = bytes(cell for cell in range(256) if cell & _KIND_BITS < len(KINDS))
_CHUNK = 1 << 14
LARGEST_SIZE = (1 << 32) - 1


class Slots:
    """Some 12 bytes a segment, no object; ``by_kind`` counts the given-up ones in the order of ``KINDS``."""

    def __init__(self) -> None:
        self.clip = Marks()
        self.failed = Marks()
        self._floor = Marks()
        self.kinds = array("B")
        self.sizes = array("I")
        self.by_kind = [0] * len(KINDS)
        self.stored = self.stored_bytes = self.retryable = 0

    def __len__(self) -> int:
        return len(self.kinds)

    def grow(self) -> None:
        """Make room for some thousand more."""
        for marks in (self.clip, self.failed, self._floor):
            marks.grow(_CHUNK)
        self.kinds.extend(zeros("B", _CHUNK))
        self.sizes.extend(zeros("I", _CHUNK))

    def columns(self) -> dict[str, array[int]]:
        """Answer all columns, of equal length."""
        marks = {"clip": self.clip.cells, "failed": self.failed.cells, "floor": self._floor.cells}
        return {**marks, "kinds": self.kinds, "sizes": self.sizes}

    def restore(self, columns: dict[str, array[int]]) -> None:
        """Take over stored columns; raises ``ValueError`` for such as cannot be. Totals are set apart."""
        if len({len(column) for column in columns.values()}) != 1:
            raise ValueError("columns of different length")
        if columns["kinds"].tobytes().translate(None, _KNOWN_KINDS):
            raise ValueError("kinds")
        for name, marks in (("clip", self.clip), ("failed", self.failed), ("floor", self._floor)):
            marks.cells = columns[name]
        self.kinds, self.sizes = columns["kinds"], columns["sizes"]

    def has_row(self, slot: int) -> bool:
        """Whether some row of a list is the segment's."""
        return bool(self.kinds[slot] & HAS_ROW)

    def give_row(self, slot: int) -> None:
        """Note that a row of a list is the segment's."""
        self.kinds[slot] |= HAS_ROW

    def store(self, slot: int, round_: int, size_bytes: int) -> None:
        """Fold in a stored clip."""
        mark = 2 * round_ + 1
        known = self.clip.cells[slot]
        if mark < known:
            return
        if known or self.failed.cells[slot]:
            self._count(slot, -1)
        self.clip.put(slot, mark)
        size = size_bytes if size_bytes < LARGEST_SIZE else LARGEST_SIZE  # noqa: FURB136 - min() costs 8 %
        self.sizes[slot] = size
        self.stored += 1
        self.stored_bytes += size

    def fail(self, slot: int, round_: int, kind: FailureKind, *, gave_up: bool, is_final: bool) -> None:
        """Fold in a failed try, or the last one of its round."""
        mark = 2 * round_ + 1 + gave_up
        if mark < self.failed.cells[slot]:
            return
        self._count(slot, -1)
        self.failed.put(slot, mark)
        final = _IS_FINAL if is_final else 0
        self.kinds[slot] = self.kinds[slot] & HAS_ROW | final | _KIND_INDEX[kind]
        self._count(slot, 1)

    def lose(self, slot: int, round_: int) -> None:
        """Fold in the loss of a clip that was stored in this round."""
        mark = 2 * round_ + 2
        if mark > self.clip.cells[slot]:
            self._count(slot, -1)
            self.clip.put(slot, mark)
            self._count(slot, 1)
        self.raise_floor(slot, round_ + 1)

    def raise_floor(self, slot: int, round_: int) -> None:
        """Let failures of earlier rounds no longer count."""
        if round_ > self._floor.cells[slot]:
            self._count(slot, -1)
            self._floor.put(slot, round_)
            self._count(slot, 1)

    def state(self, slot: int) -> RowState:
        """Open, stored or given up."""
        if self.clip.cells[slot] & 1:
            return RowState.STORED
        return RowState.GIVEN_UP if self._is_given_up(slot) else RowState.OPEN

    def is_settled(self, slot: int) -> bool:
        """Whether it is stored or given up, for who asks millions of times."""
        return bool(self.clip.cells[slot] & 1) or self._is_given_up(slot)

    def kind(self, slot: int) -> FailureKind | None:
        """Kind of the winning failure, None for a segment that never failed."""
        return KINDS[self.kinds[slot] & _KIND_BITS] if self.failed.cells[slot] else None

    def is_retryable(self, slot: int) -> bool:
        """Whether its failure is one that another try may mend."""
        is_final = self.kinds[slot] & _IS_FINAL
        return not is_final and not KINDS[self.kinds[slot] & _KIND_BITS].is_permanent

    def round(self, slot: int) -> int:
        """Return the round in which a new attempt counts; a given-up segment is opened in the next one."""
        return round_in(self.failed.cells[slot], self._floor.cells[slot])

    def clip_wins(self, slot: int, round_: int) -> bool:
        """Whether a ``ClipStored`` of this round is why the segment is stored."""
        return self.clip.cells[slot] == 2 * round_ + 1

    def failure_wins(self, slot: int, round_: int, *, gave_up: bool) -> bool:
        """Whether a failure of this round is the one that speaks for a segment without a clip."""
        return not self.clip.cells[slot] & 1 and self.failed.cells[slot] == 2 * round_ + 1 + gave_up

    def _is_given_up(self, slot: int) -> bool:
        failed = self.failed.cells[slot]
        return failed != 0 and not failed & 1 and (failed - 1) >> 1 >= self._floor.cells[slot]

    def _count(self, slot: int, step: int) -> None:
        if self.clip.cells[slot] & 1:
            self.stored += step
            self.stored_bytes += step * self.sizes[slot]
        elif self._is_given_up(slot):
            self.by_kind[self.kinds[slot] & _KIND_BITS] += step
            self.retryable += step * self.is_retryable(slot)


def round_in(failed: int, floor: int) -> int:
    """Tell the round in which a new attempt counts from the marks of a segment."""
    return max(floor, (failed - 1) >> 1 if failed else 0)
