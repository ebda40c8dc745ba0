"""What a data set's events amount to: the fold that a running and a restarted program share.

Rows, segments and their states, in flat arrays (``core.slots`` has the rule of the merge): about 28 bytes per
segment, no object.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

from asyncdl.core.events import (
    AttemptFailed,
    ClipLost,
    ClipStored,
    Compacted,
    DamageSettled,
    Event,
    GaveUp,
    PaceLearned,
    Recorded,
    RetryRequested,
    RowRejected,
    RowRepeated,
    RowSelected,
    RowsSelected,
    RunStarted,
    Source,
    SourceAdded,
)
from asyncdl.core.keytable import ABSENT, KeyTable, hash_of
from asyncdl.core.kinds import FailureKind
from asyncdl.core.marks import FIRST_SLOT, Lines
from asyncdl.core.model import ClipSpec, Failure, RowRef
from asyncdl.core.quick import Stored
from asyncdl.core.slots import HAS_ROW, KINDS, LARGEST_SIZE, Slots
from asyncdl.core.states import Counts, RowState

__all__ = ["Counts", "Ledger", "RowState"]

_MOST_TEXTS = 20
_NO_CELLS = array("I")


class Ledger:
    """The state of every row and segment; ``apply`` and ``counts`` take constant time."""

    def __init__(self) -> None:
        self.spec: ClipSpec | None = None
        self.options: dict[str, object] = {}
        self.unknown_texts: list[str] = []
        self.paces: dict[str, dict[str, object]] = {}
        self.settled: list[DamageSettled] = []
        self.below_seq = 0
        self._sources: dict[int, Source] = {}
        self._lines = Lines()
        self._keys = KeyTable()
        self._slots = Slots()
        self._attempts = 0

    def columns(self) -> dict[str, array[int]]:
        """Answer all arrays by name, the ledger's own; ``restore`` takes them."""
        return {**self._keys.columns(), **self._slots.columns(), **self._lines.columns()}

    def restore(self, columns: dict[str, array[int]], counts: Counts) -> None:
        """Make an empty ledger one that has folded what these speak of; ``places`` may be left out.

        Raises ``ValueError`` and ``KeyError``.
        """
        self._keys = KeyTable.restored(columns.pop("hashes"), columns.pop("places", None))
        slots = {name: columns.pop(name) for name in self._slots.columns()}
        self._slots.restore(slots)
        if len(self._slots) < len(self._keys):
            raise ValueError("fewer states than keys")
        self._lines.restore(columns, len(self._keys), counts.rejected_rows, counts.repeated_rows)
        self._slots.by_kind = [counts.failed.get(kind, 0) for kind in KINDS]
        self._slots.stored, self._slots.stored_bytes = counts.stored, counts.stored_bytes
        self._slots.retryable, self._attempts = counts.retryable, counts.attempts

    def reserve(self, segments: int) -> None:
        """Make room at once for about so many segments: growing step by step costs time, not correctness."""
        self._keys.reserve(segments)

    def apply(self, event: Recorded) -> None:
        """Fold in one event."""
        match event:
            case RowSelected(row):
                self.row_selected(row.ref.source, row.ref.line, row.segment.key)
            case RowsSelected(rows):
                for row in rows:
                    self.row_selected(row.ref.source, row.ref.line, row.segment.key)
            case RowRepeated(ref, _):
                self._lines.repeated(ref.source, ref.line)
            case RowRejected(row):
                self._lines.rejected(row.ref.source, row.ref.line)
            case ClipStored(key, ref, round_):
                self.clip_stored(ref.source, ref.line, key, round_, event.clip.size_bytes)
            case AttemptFailed() | GaveUp():
                self._try_failed(event)
            case RetryRequested(key, round_, _):
                self._slots.raise_floor(self._slot(key), round_)
            case ClipLost(key, round_, _, _):
                self._slots.lose(self._slot(key), round_)
            case _:
                self._run_went_on(event)

    def _run_went_on(self, event: Event) -> None:
        """Keep what a clip is from the first run; how to fetch, and at which pace, from the latest."""
        match event:
            case SourceAdded(source):
                self._sources.setdefault(source.index, source)
            case PaceLearned(identity, _, pace):
                self.paces[identity] = pace
            case RunStarted():
                self.spec = self.spec or event.spec
                self.options = event.options
            case DamageSettled():
                self.settled.append(event)
            case Compacted(below_seq, attempts, _):  # it comes after all that it stands for
                self.below_seq = max(self.below_seq, below_seq)
                self._attempts = attempts
            case _:
                pass

    def rows_selected(self, source: int, entries: Sequence[Sequence[Any]]) -> None:
        """Fold in ``RowsSelected`` as it stands in its record: entries begin with line and key.

        This and ``clips_stored`` take nearly all of a replay's time. So the usual case, a line and a segment
        that were not heard of, is told here without a call.
        """
        add, slots = self._keys.add, self._slots
        for entry in entries:
            line, slot = entry[0], add(entry[1])
            if slot >= len(slots.kinds):
                slots.grow()
            cells = self._lines.cells.get(source, _NO_CELLS)
            kind = slots.kinds[slot]
            if not kind & HAS_ROW and 0 <= line < len(cells) and not cells[line]:
                cells[line] = slot + FIRST_SLOT
                slots.kinds[slot] = kind | HAS_ROW
            else:
                self._row_selected(source, line, slot)

    def _row_selected(self, source: int, line: int, slot: int) -> None:
        is_new = not self._slots.has_row(slot)
        if self._lines.selected(source, line, slot, is_repeat=not is_new) and is_new:
            self._slots.give_row(slot)

    def row_selected(self, source: int, line: int, key: str) -> None:
        """Fold in ``RowSelected``; a second line of the same segment counts as repeated."""
        self.rows_selected(source, ((line, key),))

    def clip_stored(self, source: int, line: int, key: str | bytes, round_: int, size_bytes: int) -> None:
        """Fold in ``ClipStored``; its key is the truth, its place only saves the search."""
        slot = self._keys.add(key, self._lines.slot_at(source, line))
        if slot >= len(self._slots):
            self._slots.grow()
        self._attempts += 1
        self._slots.store(slot, round_, size_bytes)

    def clips_stored(self, records: Sequence[Stored]) -> None:
        """Fold in many ``ClipStored`` as ``core.quick`` reads them; no other event came in between."""
        slots, hashes, lines = self._slots, self._keys.hashes, self._lines.cells
        failed, sizes = slots.failed.cells, slots.sizes
        stored = stored_bytes = 0
        cells, its_source = _NO_CELLS, b""
        for _, _, source, line, key, round_, size, _ in records:
            if source != its_source:
                cells, its_source = lines.get(int(source), _NO_CELLS), source
            place, size_bytes = int(line), int(size)
            slot = cells[place] - FIRST_SLOT if place < len(cells) else ABSENT
            clip = slots.clip.cells
            is_usual = slot >= 0 and hashes[slot] == hash_of(key) and round_ == b"0"
            if is_usual and not clip[slot] and not failed[slot] and size_bytes < LARGEST_SIZE:
                clip[slot] = 1
                sizes[slot] = size_bytes
                stored += 1
                stored_bytes += size_bytes
            else:
                self.clip_stored(int(source), place, key, int(round_), size_bytes)
                self._attempts -= 1
                sizes = slots.sizes
                failed = slots.failed.cells
        self._attempts += len(records)
        slots.stored += stored
        slots.stored_bytes += stored_bytes

    def next_source(self) -> int:
        """Return a number for a new list, above all that a row names, also of lists whose record is lost."""
        return 1 + max((*self._sources, *self._lines.sources), default=-1)

    def rowless(self) -> int:
        """Count the segments that no row is known of: results whose rows are lost."""
        return sum(not self._slots.has_row(slot) for slot in range(len(self._keys)))

    def state_at(self, ref: RowRef) -> RowState:
        """State of a row."""
        slot = self._lines.slot_at(ref.source, ref.line)
        if slot == ABSENT:
            return RowState(self._lines.word_at(ref.source, ref.line))
        return self._slots.state(slot)

    def state_of(self, key: str) -> RowState | None:
        """State of a segment (open, stored or given up), None for one never heard of."""
        slot = self._keys.find(key)
        return None if slot == ABSENT else self._slots.state(slot)

    def kind_of(self, key: str) -> FailureKind | None:
        """Kind of the winning failure, None for a segment that never failed."""
        slot = self._keys.find(key)
        return None if slot == ABSENT else self._slots.kind(slot)

    def can_be_retried(self, key: str) -> bool:
        """Whether a given-up segment may still be had by asking again as before."""
        slot = self._keys.find(key)
        is_given_up = slot != ABSENT and self._slots.state(slot) is RowState.GIVEN_UP
        return is_given_up and self._slots.is_retryable(slot)

    def round_of(self, key: str) -> int:
        """Return the round in which a new attempt counts; a given-up segment is opened in the next one."""
        slot = self._keys.find(key)
        return 0 if slot == ABSENT else self._slots.round(slot)

    def is_settled_line(self, source: int, line: int) -> bool:
        """Whether the row's segment is stored or given up, for who asks millions of times."""
        slot = self._lines.slot_at(source, line)
        return slot != ABSENT and self._slots.is_settled(slot)

    def known_lines(self, source: int) -> int:
        """How many rows of a source have been read so far, whatever became of them."""
        return self._lines.known(source)

    def knows(self, key: str) -> bool:
        """Whether some row of this data set is the segment's already."""
        slot = self._keys.find(key)
        return slot != ABSENT and self._slots.has_row(slot)

    @property
    def sources(self) -> list[Source]:
        """The lists, by index."""
        return [self._sources[index] for index in sorted(self._sources)]

    def counts(self) -> Counts:
        """Totals now."""
        slots, segments = self._slots, len(self._keys)
        failed_total = sum(slots.by_kind)
        return Counts(
            segments=segments,
            stored=slots.stored,
            open=segments - slots.stored - failed_total,
            failed={kind: count for kind, count in zip(KINDS, slots.by_kind, strict=True) if count},
            failed_total=failed_total,
            retryable=slots.retryable,
            rejected_rows=self._lines.rejected_rows,
            repeated_rows=self._lines.repeated_rows,
            stored_bytes=slots.stored_bytes,
            attempts=self._attempts,
        )

    def slot_of(self, key: str) -> int:
        """Dense number of a known segment, -1 for others; stays the same while this ledger lives."""
        return self._keys.find(key)

    def state_in(self, slot: int) -> RowState:
        """State of the segment in a slot."""
        return self._slots.state(slot)

    def clip_wins(self, slot: int, round_: int) -> bool:
        """Whether a ``ClipStored`` of this round is why the segment is stored."""
        return self._slots.clip_wins(slot, round_)

    def failure_wins(self, slot: int, round_: int, *, gave_up: bool) -> bool:
        """Whether a failure of this round is the one that speaks for a segment without a clip."""
        return self._slots.failure_wins(slot, round_, gave_up=gave_up)

    def _slot(self, key: str) -> int:
        slot = self._keys.add(key)
        if slot >= len(self._slots):
            self._slots.grow()
        return slot

    def _try_failed(self, event: AttemptFailed | GaveUp) -> None:
        slot = self._slot(event.key)
        self._attempts += 1
        self._collect_text(event.failure)
        gave_up = isinstance(event, GaveUp)
        is_final = isinstance(event, GaveUp) and event.is_final
        self._slots.fail(slot, event.round, event.failure.kind, gave_up=gave_up, is_final=is_final)

    def _collect_text(self, failure: Failure) -> None:
        texts = self.unknown_texts
        is_new = failure.kind is FailureKind.UNKNOWN and failure.text not in texts
        if is_new and len(texts) < _MOST_TEXTS:
            texts.append(failure.text)
