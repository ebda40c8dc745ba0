"""The rows of a choice as a run reads them; hears what becomes of each, and replaces those that are gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np

from asyncdl.app.choosing import Choice, known_states, name_of
from asyncdl.app.lists import NumberedList
from asyncdl.core.choosing import Numbers, PerLabel
from asyncdl.core.events import ClipLost, ClipStored, GaveUp, RetryRequested, SegmentEvent
from asyncdl.core.keytable import hash_of
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import RejectedRow, Row
from asyncdl.core.reach import LabelReach, Why
from asyncdl.labels import load_labels
from asyncdl.runtime.feed import PassOver, RowSource

_UNSETTLED = (None, RowState.OPEN)


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
        self._stored = np.zeros(len(choice.survey), dtype=bool)
        self._gone = np.zeros(len(choice.survey), dtype=bool)
        self._is_picked = np.zeros(len(choice.survey), dtype=bool)
        self._number_of: dict[int, int] = {}
        self._lost: set[int] = set()  # picked, gone, and not replaced yet
        self._pick(choice.picks.tolist())
        states = dict(known_states(ledger, choice.survey.hashes))
        self._stored[[number for number, state in states.items() if state is RowState.STORED]] = True
        if not overwrite:
            self._replay(choice.picks.tolist(), states)
        self._first = np.flatnonzero(self._is_picked).astype(np.int32)
        known = [states[number] for number in states if self._is_picked[number]]
        self.unknown = len(self._first) - len(known)
        self.settled = 0 if overwrite else sum(state is not RowState.OPEN for state in known)
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
        """Choose in place of all that is gone by now; None where nothing is left to choose."""
        if self._per_label is None or not self._lost:
            return None
        picks = self._next_wave()
        return (
            partial(_read, self._lists, self._choice.masks(np.array(picks, dtype=np.int32)))
            if picks
            else None
        )

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
            case GaveUp() if not self._gone[number]:
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

    def _replay(self, wave: list[int], states: dict[int, RowState]) -> None:
        """Take over what the journal says of candidates, and choose again what was chosen in earlier runs."""
        self._gone[[number for number, state in states.items() if state is RowState.GIVEN_UP]] = True
        while wave:
            self._lost.update(number for number in wave if self._gone[number])
            if self._per_label is None or any(states.get(number) in _UNSETTLED for number in wave):
                return
            wave = self._next_wave()

    def _next_wave(self) -> list[int]:
        if self._per_label is None or not self._lost:
            return []
        picks = sorted(self._per_label.gone(self._lost))
        self._lost.clear()
        self._pick(picks)
        return picks

    def _pick(self, picks: Iterable[int]) -> None:
        for number in picks:
            self._is_picked[number] = True
            self._number_of[int(self._choice.survey.hashes[number])] = number

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
