"""Chooses among candidates: so many per label, or a sample; the same for the same seed, whatever the order.

A candidate is a segment, known by the 64-bit hash of its key (``core.keytable``). Its lot is made of hash and
seed, so that neither the order of rows nor further lists change which of two candidates comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Hashes: TypeAlias = npt.NDArray[np.uint64]
Numbers: TypeAlias = npt.NDArray[np.int32]

_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_CHUNK = 1 << 17


def lots(hashes: Hashes, seed: int) -> Hashes:
    """Draw places in line: a bijection of the hashes for each seed (the finish of SplitMix64)."""
    drawn = hashes + np.uint64((seed * _GOLDEN + _GOLDEN) & _WORD)
    drawn = (drawn ^ (drawn >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    drawn = (drawn ^ (drawn >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return drawn ^ (drawn >> np.uint64(31))


def sample(hashes: Hashes, count: int, seed: int) -> Numbers:
    """Choose ``count`` candidates, or all; their numbers in ascending order."""
    if count >= len(hashes):
        return np.arange(len(hashes), dtype=np.int32)
    return np.sort(np.argpartition(lots(hashes, seed), count)[:count]).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Candidates:
    """Columns: ``hashes`` by candidate; ``labels[starts[i]:starts[i + 1]]`` are those of candidate i.

    Labels are numbers below ``label_count``, none twice for a candidate; those that do not count are left
    out beforehand.
    """

    hashes: Hashes
    starts: Numbers
    labels: npt.NDArray[np.uint16]
    label_count: int

    def __len__(self) -> int:
        return len(self.hashes)

    def labels_of(self, candidate: int) -> Sequence[int]:
        """Give the labels of one candidate."""
        found: list[int] = self.labels[self.starts[candidate] : self.starts[candidate + 1]].tolist()
        return found


class PerLabel:
    """Picks until each label has ``per_label`` clips; where one proves to be gone, the next in line.

    Rare labels go first. Among the candidates of a label those come first that add least to labels which
    have enough already, then by lot: so common labels overflow as little as can be.
    """

    def __init__(self, candidates: Candidates, per_label: int, seed: int) -> None:
        self.candidates = candidates
        self.per_label = per_label
        self.have = np.zeros(candidates.label_count, dtype=np.int64)
        self._seed = seed
        self._of_label = _by_label(candidates)
        self._rare_first = sorted(range(candidates.label_count), key=self.available)
        self._full_labels = np.zeros(len(candidates), dtype=np.int16)
        self._is_free = np.ones(len(candidates), dtype=bool)

    def first(self) -> list[int]:
        """Pick for every label; the numbers of the chosen candidates."""
        return self._fill(self._rare_first)

    def gone(self, candidates: Iterable[int]) -> list[int]:
        """Take back picked candidates that bring no clip; the numbers of those picked instead.

        Each may be given once; their order does not matter.
        """
        lacking: set[int] = set()
        for candidate in candidates:
            for label in self.candidates.labels_of(candidate):
                self.have[label] -= 1
                if self.have[label] == self.per_label - 1:
                    self._full_labels[self._of_label[label]] -= 1
                lacking.add(label)
        return self._fill(label for label in self._rare_first if label in lacking) if lacking else []

    def available(self, label: int) -> int:
        """How many candidates a label had in all."""
        return len(self._of_label[label])

    def rows_of(self, label: int) -> Numbers:
        """Answer the numbers of a label's candidates."""
        return self._of_label[label]

    def has_free(self, label: int) -> bool:
        """Whether a label has candidates that can still be picked."""
        return bool(self._is_free[self._of_label[label]].any())

    def _fill(self, labels: Iterable[int]) -> list[int]:
        return [candidate for label in labels for candidate in self._fill_one(label)]

    def _fill_one(self, label: int) -> list[int]:
        """Rank anew whenever another label has become full, since that changes who adds least."""
        picked: list[int] = []
        while (missing := self.per_label - int(self.have[label])) > 0:
            rows = self._of_label[label]
            free = rows[self._is_free[rows]]
            if not len(free):
                break
            for candidate in self._best(free, missing):
                picked.append(candidate)
                if self._pick(candidate):
                    break
        return picked

    def _best(self, free: Numbers, count: int) -> list[int]:
        """Rank the ``count`` best of these, all if they are fewer."""
        full = self._full_labels[free]
        if count < len(free):
            level = int(np.searchsorted(np.cumsum(np.bincount(full)), count))
            chosen = full <= level
            free, full = free[chosen], full[chosen]
            drawn = lots(self.candidates.hashes[free], self._seed)
            sure = np.flatnonzero(full < level)
            drawn_level = np.flatnonzero(full == level)
            needed = count - len(sure)
            if needed < len(drawn_level):
                drawn_level = drawn_level[np.argpartition(drawn[drawn_level], needed)[:needed]]
            kept = np.concatenate((sure, drawn_level))
            free, full = free[kept], full[kept]
        order = np.lexsort((lots(self.candidates.hashes[free], self._seed), full))
        ranked: list[int] = free[order].tolist()
        return ranked

    def _pick(self, candidate: int) -> bool:
        """Say whether a label has become full by it."""
        self._is_free[candidate] = False
        has_filled = False
        for label in self.candidates.labels_of(candidate):
            self.have[label] += 1
            if self.have[label] == self.per_label:
                self._full_labels[self._of_label[label]] += 1
                has_filled = True
        return has_filled


def _by_label(candidates: Candidates) -> list[Numbers]:
    """Turn candidates with labels into labels with candidates, in ascending order; chunks save memory."""
    starts, labels, count = candidates.starts, candidates.labels, candidates.label_count
    sizes = np.bincount(labels, minlength=count)
    place = np.cumsum(sizes) - sizes
    bounds = place[1:].copy()
    rows_of = np.empty(len(labels), dtype=np.int32)
    for first in range(0, len(candidates), _CHUNK):
        last = min(first + _CHUNK, len(candidates))
        part = labels[starts[first] : starts[last]]
        rows = np.repeat(np.arange(first, last, dtype=np.int32), np.diff(starts[first : last + 1]))
        order = np.argsort(part, kind="stable")
        of_part = np.bincount(part, minlength=count)
        before = np.cumsum(of_part) - of_part
        in_order = part[order]
        rows_of[place[in_order] + np.arange(len(part)) - before[in_order]] = rows[order]
        place += of_part
    return np.split(rows_of, bounds) if count else []
