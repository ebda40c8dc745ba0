"""What two data sets have in common and what not, segment by segment, in flat arrays.

Two segments are the same where the 64-bit hashes of their keys are (``core.keytable``). 15 bytes a segment
beside the columns of both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from asyncdl.core.holdings import STATE_NAMES, STORED, UNKNOWN, Holdings

Truths: TypeAlias = npt.NDArray[np.bool_]
Places: TypeAlias = npt.NDArray[np.int32]

_CHUNK = 1 << 14


class Verdict(IntEnum):
    """What is said of a segment that at least one side knows; ``NEITHER`` has a clip of it."""

    SAME = 0
    OTHER_SOUND = 1
    UNKNOWN_SOUND = 2
    ONLY_A = 3
    ONLY_B = 4
    NEITHER = 5

    @property
    def word(self) -> str:
        """Name in JSON."""
        return self.name.lower()


@dataclass(frozen=True, eq=False, slots=True)
class Difference:
    """What is said of each segment, those of A first, in its order. Places are those in the sides, or -1.

    ``reasons`` tells what the side says that lacks the clip. ``repeats_a`` and ``repeats_b`` are places of
    segments that stood before on the same side; the first one counts.
    """

    a: Holdings
    b: Holdings
    split_names: tuple[str, ...]
    places_a: Places
    places_b: Places
    verdicts: npt.NDArray[np.uint8]
    reasons: npt.NDArray[np.uint8]
    has_other_labels: Truths
    repeats_a: Places
    repeats_b: Places

    @property
    def splits(self) -> npt.NDArray[np.uint16]:
        """Numbers of the splits: that of the side that has the clip, A's where both have."""
        is_of_b = (self.places_a < 0) | (self.verdicts == Verdict.ONLY_B)
        of_a, of_b = _taken(self.a.splits, self.places_a), _taken(self.b.splits, self.places_b)
        found: npt.NDArray[np.uint16] = np.where(is_of_b, of_b, of_a)
        return found

    @property
    def is_shared(self) -> Truths:
        """Whether both sides hold the segment."""
        return _is_shared(self.verdicts)

    @property
    def has_other_split(self) -> Truths:
        """Whether both sides hold the segment, in splits of other names."""
        mine, theirs = _taken(self.a.splits, self.places_a), _taken(self.b.splits, self.places_b)
        found: Truths = self.is_shared & (mine != theirs)
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """Count by split and word: verdicts, ``other_labels``, ``other_split``; A's splits come first."""
        splits, count = self.splits, len(self.split_names)
        columns = {verdict.word: splits[self.verdicts == verdict] for verdict in Verdict}
        columns["other_labels"] = splits[self.has_other_labels]
        columns["other_split"] = splits[self.has_other_split]
        tallies = {word: np.bincount(found, minlength=count).tolist() for word, found in columns.items()}
        told = {
            name: {word: tally[number] for word, tally in tallies.items()}
            for number, name in enumerate(self.split_names)
        }
        return {name: words for name, words in told.items() if any(words.values())}

    def why(self, verdict: Verdict) -> dict[str, int]:
        """Count what the side says that lacks these; the most frequent first."""
        counted = np.bincount(self.reasons[self.verdicts == verdict], minlength=len(STATE_NAMES)).tolist()
        told = {name: count for name, count in zip(STATE_NAMES, counted, strict=True) if count}
        return dict(sorted(told.items(), key=lambda one: -one[1]))

    def places_of(self, chosen: Truths) -> Iterator[tuple[int, int, int]]:
        """Yield places in A and in B and the reason of the segments that are chosen, in order."""
        numbers = np.flatnonzero(chosen)
        for first in range(0, len(numbers), _CHUNK):
            some = numbers[first : first + _CHUNK]
            yield from zip(
                self.places_a[some].tolist(),
                self.places_b[some].tolist(),
                self.reasons[some].tolist(),
                strict=True,
            )

    def segments(self, chosen: Truths) -> Iterator[tuple[str, str, str]]:
        """Yield key, split and reason of the segments that are chosen, in order."""
        numbers = np.flatnonzero(chosen)
        splits = self.splits[numbers].tolist()
        for split, (at_a, at_b, reason) in zip(splits, self.places_of(chosen), strict=True):
            ytid, span = self.a.span_at(at_a) if at_a >= 0 else self.b.span_at(at_b)
            key = f"{ytid}_{span.start_ms}_{span.end_ms}"
            yield key, self.split_names[split], STATE_NAMES[reason]


def compare(a: Holdings, b: Holdings, split_names: Sequence[str]) -> Difference:
    """Find the segments of both sides in each other."""
    kept_a, repeats_a = _firsts(a.hashes)
    kept_b, repeats_b = _firsts(b.hashes)
    partner_of_a, partner_of_b = _partners(a.hashes, kept_a, b.hashes, kept_b)
    lone = partner_of_b < 0
    places_a = np.concatenate([kept_a, np.full(int(lone.sum()), -1, np.int32)])
    places_b = np.concatenate([partner_of_a, kept_b[lone]])
    verdicts, reasons = _judged(a, b, places_a, places_b)
    mine, theirs = _taken(a.labels, places_a), _taken(b.labels, places_b)
    are_told = (mine != UNKNOWN) & (theirs != UNKNOWN)
    return Difference(
        a=a,
        b=b,
        split_names=tuple(split_names),
        places_a=places_a,
        places_b=places_b,
        verdicts=verdicts,
        reasons=reasons,
        has_other_labels=_is_shared(verdicts) & are_told & (mine != theirs),
        repeats_a=repeats_a,
        repeats_b=repeats_b,
    )


def sound_distance(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> tuple[float, float]:
    """Largest and root mean square difference of samples of equal shape, by full scale."""
    if not one.size:
        return 0.0, 0.0
    apart = one.astype(np.float64) - other
    return float(np.abs(apart).max()), float(np.sqrt(np.mean(apart**2)))


def total(counts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Add up the splits."""
    words = [*(verdict.word for verdict in Verdict), "other_labels", "other_split"]
    return {word: sum(one[word] for one in counts.values()) for word in words}


def _judged(
    a: Holdings, b: Holdings, places_a: Places, places_b: Places
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    said_a, said_b = _taken(a.states, places_a, a.absent), _taken(b.states, places_b, b.absent)
    has_a, has_b = said_a == STORED, said_b == STORED
    sound_a, sound_b = _taken(a.sounds, places_a), _taken(b.sounds, places_b)
    is_known = (sound_a != UNKNOWN) & (sound_b != UNKNOWN)
    cases = [
        (has_a & has_b & ~is_known, Verdict.UNKNOWN_SOUND),
        (has_a & has_b & (sound_a == sound_b), Verdict.SAME),
        (has_a & has_b, Verdict.OTHER_SOUND),
        (has_a, Verdict.ONLY_A),
        (has_b, Verdict.ONLY_B),
    ]
    verdicts = np.full(len(places_a), Verdict.NEITHER, np.uint8)
    for is_case, verdict in reversed(cases):
        verdicts[is_case] = verdict
    reasons = np.where(has_a, said_b, said_a)
    return verdicts, reasons


def _firsts(hashes: npt.NDArray[np.uint64]) -> tuple[Places, Places]:
    """Places of the first of equal ones, and of all later ones; both ascending."""
    order = np.argsort(hashes, kind="stable").astype(np.int32)
    in_order = hashes[order]
    is_repeat = np.zeros(len(hashes), np.bool_)
    is_repeat[order[1:]] = in_order[1:] == in_order[:-1]
    return np.flatnonzero(~is_repeat).astype(np.int32), np.flatnonzero(is_repeat).astype(np.int32)


def _partners(
    hashes_a: npt.NDArray[np.uint64], kept_a: Places, hashes_b: npt.NDArray[np.uint64], kept_b: Places
) -> tuple[Places, Places]:
    """For each kept one of A its place in B or -1, and the same the other way round."""
    of_a, of_b = np.full(len(kept_a), -1, np.int32), np.full(len(kept_b), -1, np.int32)
    if not len(kept_a) or not len(kept_b):
        return of_a, of_b
    order = np.argsort(hashes_b[kept_b]).astype(np.int32)
    in_order = hashes_b[kept_b][order]
    for first in range(0, len(kept_a), _CHUNK):
        wanted = hashes_a[kept_a[first : first + _CHUNK]]
        at = np.minimum(np.searchsorted(in_order, wanted), len(in_order) - 1)
        is_here = in_order[at] == wanted
        numbers_b = order[at[is_here]]
        numbers_a = first + np.flatnonzero(is_here)
        of_a[numbers_a], of_b[numbers_b] = kept_b[numbers_b], kept_a[numbers_a]
    return of_a, of_b


def _taken(column: npt.NDArray[Any], places: Places, otherwise: int = 0) -> npt.NDArray[Any]:
    """Take from a column, and ``otherwise`` for places that are none."""
    if not len(column):
        return np.full(len(places), otherwise, column.dtype)
    return np.where(places < 0, column.dtype.type(otherwise), column[places])


def _is_shared(verdicts: npt.NDArray[np.uint8]) -> Truths:
    found: Truths = verdicts <= Verdict.UNKNOWN_SOUND
    return found
