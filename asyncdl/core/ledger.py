"""What a data set's events amount to: the fold that a running and a restarted program share.

Per segment only maxima are kept, so that order and repetition do not matter. S is the highest round of
``ClipStored``, L of ``ClipLost``, A of ``RetryRequested``; F the highest (round, given up or not) of the
failures:

    stored     S > L
    given up   F is GaveUp, and F.round >= max(A, L + 1)
    open       otherwise

Each pair fits one small number: "stored in round r" is 2r + 1 and "lost in r" is 2r + 2, so that the higher
one speaks; likewise "failed in r" and "gave up in r". Where two events are equal, the later one in replay
order counts. About 28 bytes per segment, no object; a clip of 4 GiB or more counts as 4 GiB less one byte.
"""

from __future__ import annotations

from array import array

from asyncdl.core.events import (
    AttemptFailed,
    ClipLost,
    ClipStored,
    Event,
    GaveUp,
    PaceLearned,
    RetryRequested,
    RowEvent,
    RowRejected,
    RowRepeated,
    RowSelected,
    RunStarted,
    Source,
    SourceAdded,
)
from asyncdl.core.keytable import ABSENT, KeyTable
from asyncdl.core.kinds import FailureKind
from asyncdl.core.marks import Lines, Marks
from asyncdl.core.model import ClipSpec, Failure, RowRef
from asyncdl.core.states import Counts, RowState

__all__ = ["Counts", "Ledger", "RowState"]


_KINDS = tuple(FailureKind)
_KIND_INDEX = {kind: index for index, kind in enumerate(_KINDS)}
_HAS_ROW = 0x80
_IS_FINAL = 0x40
_KIND_BITS = 0x3F
_CHUNK = 1 << 14
_LARGEST_SIZE = (1 << 32) - 1
_MOST_TEXTS = 20


class Ledger:
    """The state of every row and segment; ``apply`` and ``counts`` take constant time."""

    def __init__(self) -> None:
        self.spec: ClipSpec | None = None
        self.options: dict[str, object] = {}
        self.unknown_texts: list[str] = []
        self._sources: dict[int, Source] = {}
        self._lines = Lines()
        self._keys = KeyTable()
        self._clip = Marks()
        self._failed = Marks()
        self._floor = Marks()
        self._kinds = bytearray()
        self._sizes = array("I")
        self._by_kind = [0] * len(_KINDS)
        self.paces: dict[str, dict[str, object]] = {}
        self._stored = self._stored_bytes = self._attempts = self._retryable = 0

    def reserve(self, segments: int) -> None:
        """Make room at once for about so many segments: growing step by step costs time, not correctness."""
        self._keys.reserve(segments)

    def apply(self, event: Event | RowEvent) -> None:
        """Fold in one event."""
        match event:
            case RowSelected(row):
                self.row_selected(row.ref.source, row.ref.line, row.segment.key)
            case RowRepeated(ref, _):
                self._lines.repeated(ref.source, ref.line)
            case RowRejected(row):
                self._lines.rejected(row.ref.source, row.ref.line)
            case ClipStored():
                self.clip_stored(event.key, event.round, event.clip.size_bytes)
            case AttemptFailed() | GaveUp():
                self._try_failed(event)
            case RetryRequested(key, round_, _):
                self._raise_floor(self._slot(key), round_)
            case ClipLost(key, round_, _, _):
                self._clip_lost(key, round_)
            case SourceAdded(source):
                self._sources.setdefault(source.index, source)
            case RunStarted() | PaceLearned():
                self._run_went_on(event)

    def _run_went_on(self, event: RunStarted | PaceLearned) -> None:
        """Keep what a clip is from the first run; how to fetch, and at which pace, from the latest."""
        if isinstance(event, PaceLearned):
            self.paces[event.identity] = event.pace
            return
        self.spec = self.spec or event.spec
        self.options = event.options

    def row_selected(self, source: int, line: int, key: str) -> None:
        """Fold in ``RowSelected``; a second line of the same segment counts as repeated."""
        slot = self._keys.add(key)
        if slot >= len(self._kinds):
            self._grow()
        is_new = not self._kinds[slot] & _HAS_ROW
        if self._lines.selected(source, line, slot, is_repeat=not is_new) and is_new:
            self._kinds[slot] |= _HAS_ROW

    def clip_stored(self, key: str, round_: int, size_bytes: int) -> None:
        """Fold in ``ClipStored``."""
        slot = self._keys.add(key)
        if slot >= len(self._kinds):
            self._grow()
        self._attempts += 1
        mark = 2 * round_ + 1
        known = self._clip.cells[slot]
        if mark < known:
            return
        if known or self._failed.cells[slot]:
            self._uncount(slot)
        self._clip.put(slot, mark)
        size = size_bytes if size_bytes < _LARGEST_SIZE else _LARGEST_SIZE  # noqa: FURB136 - min() costs 8 %
        self._sizes[slot] = size
        self._stored += 1
        self._stored_bytes += size

    def state_at(self, ref: RowRef) -> RowState:
        """State of a row."""
        slot = self._lines.slot_at(ref.source, ref.line)
        return self._state(slot) if slot != ABSENT else RowState(self._lines.word_at(ref.source, ref.line))

    def state_of(self, key: str) -> RowState | None:
        """State of a segment (open, stored or given up), None for one never heard of."""
        slot = self._keys.find(key)
        return None if slot == ABSENT else self._state(slot)

    def kind_of(self, key: str) -> FailureKind | None:
        """Kind of the winning failure, None for a segment that never failed."""
        slot = self._keys.find(key)
        if slot == ABSENT or not self._failed.cells[slot]:
            return None
        return _KINDS[self._kinds[slot] & _KIND_BITS]

    def can_be_retried(self, key: str) -> bool:
        """Whether a given-up segment may still be had by asking again as before."""
        slot = self._keys.find(key)
        return slot != ABSENT and self._state(slot) is RowState.GIVEN_UP and self._is_retryable(slot)

    def round_of(self, key: str) -> int:
        """Return the round in which a new attempt counts; a given-up segment is opened in the next one."""
        slot = self._keys.find(key)
        if slot == ABSENT:
            return 0
        failed = self._failed.cells[slot]
        return max(self._floor.cells[slot], (failed - 1) >> 1 if failed else 0)

    def is_settled_line(self, source: int, line: int) -> bool:
        """Whether the row's segment is stored or given up, for who asks millions of times."""
        slot = self._lines.slot_at(source, line)
        return slot != ABSENT and (bool(self._clip.cells[slot] & 1) or self._is_given_up(slot))

    def known_lines(self, source: int) -> int:
        """How many rows of a source have been read so far, whatever became of them."""
        return self._lines.known(source)

    def knows(self, key: str) -> bool:
        """Whether some row of this data set is the segment's already."""
        slot = self._keys.find(key)
        return slot != ABSENT and bool(self._kinds[slot] & _HAS_ROW)

    @property
    def sources(self) -> list[Source]:
        """The lists, by index."""
        return [self._sources[index] for index in sorted(self._sources)]

    def counts(self) -> Counts:
        """Totals now."""
        failed_total = sum(self._by_kind)
        return Counts(
            segments=len(self._keys),
            stored=self._stored,
            open=len(self._keys) - self._stored - failed_total,
            failed={kind: count for kind, count in zip(_KINDS, self._by_kind, strict=True) if count},
            failed_total=failed_total,
            retryable=self._retryable,
            rejected_rows=self._lines.rejected_rows,
            repeated_rows=self._lines.repeated_rows,
            stored_bytes=self._stored_bytes,
            attempts=self._attempts,
        )

    def slot_of(self, key: str) -> int:
        """Dense number of a known segment, -1 for others; stays the same while this ledger lives."""
        return self._keys.find(key)

    def clip_wins(self, slot: int, round_: int) -> bool:
        """Whether a ``ClipStored`` of this round is why the segment is stored."""
        return self._clip.cells[slot] == 2 * round_ + 1

    def failure_wins(self, slot: int, round_: int, *, gave_up: bool) -> bool:
        """Whether a failure of this round is the one that speaks for a segment without a clip."""
        return not self._clip.cells[slot] & 1 and self._failed.cells[slot] == 2 * round_ + 1 + gave_up

    def _slot(self, key: str) -> int:
        slot = self._keys.add(key)
        if slot >= len(self._kinds):
            self._grow()
        return slot

    def _grow(self) -> None:
        for marks in (self._clip, self._failed, self._floor):
            marks.grow(_CHUNK)
        self._kinds.extend(bytes(_CHUNK))
        self._sizes.frombytes(bytes(4 * _CHUNK))

    def _try_failed(self, event: AttemptFailed | GaveUp) -> None:
        slot = self._slot(event.key)
        self._attempts += 1
        self._collect_text(event.failure)
        mark = 2 * event.round + 1 + isinstance(event, GaveUp)
        if mark >= self._failed.cells[slot]:
            final = _IS_FINAL if isinstance(event, GaveUp) and event.is_final else 0
            self._uncount(slot)
            self._failed.put(slot, mark)
            self._kinds[slot] = self._kinds[slot] & _HAS_ROW | final | _KIND_INDEX[event.failure.kind]
            self._count(slot)

    def _clip_lost(self, key: str, round_: int) -> None:
        slot = self._slot(key)
        mark = 2 * round_ + 2
        if mark > self._clip.cells[slot]:
            self._uncount(slot)
            self._clip.put(slot, mark)
            self._count(slot)
        self._raise_floor(slot, round_ + 1)

    def _raise_floor(self, slot: int, round_: int) -> None:
        if round_ > self._floor.cells[slot]:
            self._uncount(slot)
            self._floor.put(slot, round_)
            self._count(slot)

    def _is_given_up(self, slot: int) -> bool:
        failed = self._failed.cells[slot]
        return failed != 0 and not failed & 1 and (failed - 1) >> 1 >= self._floor.cells[slot]

    def _state(self, slot: int) -> RowState:
        if self._clip.cells[slot] & 1:
            return RowState.STORED
        return RowState.GIVEN_UP if self._is_given_up(slot) else RowState.OPEN

    def _count(self, slot: int, step: int = 1) -> None:
        if self._clip.cells[slot] & 1:
            self._stored += step
            self._stored_bytes += step * self._sizes[slot]
        elif self._is_given_up(slot):
            self._by_kind[self._kinds[slot] & _KIND_BITS] += step
            self._retryable += step * self._is_retryable(slot)

    def _is_retryable(self, slot: int) -> bool:
        is_final = self._kinds[slot] & _IS_FINAL
        return not is_final and not _KINDS[self._kinds[slot] & _KIND_BITS].is_permanent

    def _uncount(self, slot: int) -> None:
        self._count(slot, -1)

    def _collect_text(self, failure: Failure) -> None:
        texts = self.unknown_texts
        is_new = failure.kind is FailureKind.UNKNOWN and failure.text not in texts
        if is_new and len(texts) < _MOST_TEXTS:
            texts.append(failure.text)
