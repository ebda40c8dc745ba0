"""The rows of a choice as a run reads them; hears what becomes of each, and replaces those that are gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from asyncdl.app.choosing import Choice, name_of
from asyncdl.app.lists import NumberedList
from asyncdl.app.standing import standing
from asyncdl.core.choosing import Numbers, PerLabel
from asyncdl.core.events import ClipLost, ClipStored, GaveUp, RetryRequested, SegmentEvent
from asyncdl.core.keytable import hash_of
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import RejectedRow, Row
from asyncdl.core.reach import LabelReach, Why
from asyncdl.labels import load_labels
from asyncdl.runtime.feed import PassOver, RowSource


class ChosenRows:
    """``rows`` is the run's first source; it is a feed's ``Successors`` for what comes in place of others.

    ``to_do`` and ``settled`` count what is chosen by its state before the run; ``unknown`` of them are new to
    the data set. What is gone is replaced wave by wave, each when all of the one before is settled: so the
    same seed chooses the same, in whatever order the answers come and however often the run was broken off.
    """

    def __init__(
        self, choice: Choice, lists: Sequence[NumberedList], ledger: Ledger, *, replace: bool, overwrite: bool
    ) -> None:
        self._choice = choice
        self._lists = lists
        self._per_label = choice.per_label if replace else None
        known = standing(ledger, choice.survey.hashes)
        self._stored = known.stored
        self._gone = np.zeros_like(known.gone) if overwrite else known.gone
        self._is_picked = np.zeros_like(known.known)
        self._number_of: dict[int, int] = {}  # by hash what is picked, for ``--per-label`` only
        self._lost: set[int] = set()  # picked, gone, and not replaced yet
        self._pick(choice.picks)
        if not overwrite:
            self._replay()
        is_all = choice.per_label is None  # spares columns where nearly all of two million rows are chosen
        self._first = choice.picks if is_all else np.flatnonzero(self._is_picked).astype(np.int32)
        self.unknown = len(self._first) - int(known.known[self._first].sum())
        self.settled = 0 if overwrite else int((known.stored | known.gone)[self._first].sum())
        self.to_do = len(self._first) - self.settled

    def rows(self, is_passed_over: PassOver) -> Iterator[Row | RejectedRow]:
        """Yield what was chosen before the run, and the lines of the lists that are no segments."""
        masks = self._choice.masks(self._first)
        for mask, rejected in zip(masks, self._choice.survey.rejected, strict=True):
            mask.extend(bytes(max(0, max(rejected, default=-1) + 1 - len(mask))))
            for line in rejected:
                mask[line] = 1
        return _read(self._lists, masks, is_passed_over)

    def take(self) -> RowSource | None:
        """Choose in place of all that is gone by now; None where nothing is to be chosen.

        So it is while something is still open, as what refused too often in this run: the next run goes on.
        """
        if self._per_label is None or self._has_open():
            return None
        picks = self._next_wave()
        return partial(_read, self._lists, self._choice.masks(picks)) if len(picks) else None

    def tell(self, event: SegmentEvent) -> None:
        """Hear a durable fact."""
        number = self._number_of.get(hash_of(event.key))
        if number is None:
            return
        match event:
            case ClipStored():
                self._stored[number] = True
            case ClipLost():
                self._stored[number] = False
            case GaveUp() if not (self._gone[number] or self._stored[number]):
                self._gone[number] = True
                self._lost.add(number)
            case RetryRequested():
                self._gone[number] = False
                self._lost.discard(number)
            case _:
                pass

    def reach(self) -> tuple[LabelReach, ...]:
        """Say for each label how many of its clips are stored now, and why not all."""
        per_label = self._choice.per_label
        if per_label is None:
            return ()
        names = self._choice.survey.names
        return tuple(self._reach_of(per_label, number, name) for number, name in enumerate(names))

    def _replay(self) -> None:
        """Choose again what earlier runs chose; the journal says which of it is gone."""
        while self._per_label is not None and not self._has_open() and len(self._next_wave()):
            pass

    def _has_open(self) -> bool:
        return bool((self._is_picked & ~self._stored & ~self._gone).any())

    def _next_wave(self) -> Numbers:
        if self._per_label is None or not self._lost:
            return np.empty(0, dtype=np.int32)
        picks = np.array(sorted(self._per_label.gone(self._lost)), dtype=np.int32)
        self._lost.clear()
        self._pick(picks)
        return picks

    def _pick(self, picks: Numbers) -> None:
        self._is_picked[picks] = True
        if self._choice.per_label is None:
            return
        hashes = self._choice.survey.hashes[picks]
        self._number_of.update(zip(hashes.tolist(), picks.tolist(), strict=True))
        self._lost.update(picks[self._gone[picks]].tolist())

    def _reach_of(self, per_label: PerLabel, number: int, name: str) -> LabelReach:
        rows = per_label.rows_of(number)
        stored, gone = int(self._stored[rows].sum()), int(self._gone[rows].sum())
        return LabelReach(
            label=name,
            name=name_of(name, load_labels()),
            wanted=per_label.per_label,
            candidates=len(rows),
            stored=stored,
            gone=gone,
            why=self._why(per_label, number, rows, stored),
        )

    def _why(self, per_label: PerLabel, number: int, rows: Numbers, stored: int) -> Why:
        if stored >= per_label.per_label:
            return Why.REACHED
        if (self._is_picked[rows] & ~self._stored[rows] & ~self._gone[rows]).any():
            return Why.OPEN
        can_be_replaced = self._per_label is None and per_label.has_free(number)
        return Why.NOT_REPLACED if can_be_replaced else Why.CANDIDATES_ENDED


def _read(
    lists: Sequence[NumberedList], masks: Sequence[bytearray], is_passed_over: PassOver
) -> Iterator[Row | RejectedRow]:
    for one, mask in zip(lists, masks, strict=True):
        if not mask:
            continue
        index, end = one.source.index, len(mask)

        def skip(line: int, /, mask: bytearray = mask, index: int = index, end: int = end) -> bool:
            return line >= end or not mask[line] or is_passed_over(index, line)

        for row in one.file.reader.rows(one.file.path, one.source, skip):
            # A reader may look at lines that it was told to skip, such as pieces of a clip.
            if isinstance(row, RejectedRow) or (row.ref.line < end and mask[row.ref.line]):
                yield row
