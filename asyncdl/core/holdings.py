"""The segments of one data set as flat arrays, for the comparison with another: 42 bytes a segment.

A clip's sound goes by the first 64 bits of its SHA-256, its labels by a 32-bit hash of their set.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from asyncdl.core.keytable import hash_of
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Segment, Span

# What a side says of a segment. Kinds of failures follow, in their own order.
STORED, OPEN, NOT_IN_LISTS, NOT_TOLD, _KINDS = range(5)
STATE_NAMES = ("stored", "open", "not_in_lists", "not_told", *(kind.value for kind in FailureKind))
MOST_SPLITS = 1 << 12
UNKNOWN = 0
_YTID_BYTES = 11
_SHA256 = re.compile(r"[0-9a-f]{64}").fullmatch


def given_up(kind: FailureKind) -> int:
    """Say that a side gave a segment up."""
    return STATE_NAMES.index(kind.value, _KINDS)


def sound_of(sha256: str) -> int:
    """Make the number by which a clip's sound goes of its SHA-256 in hex; ``UNKNOWN`` for what is none."""
    return int(sha256[:16], 16) or 1 if _SHA256(sha256) else UNKNOWN


class SplitCodes:
    """Numbers for the names of splits, shared by both sides; raises ``ValueError`` beyond ``MOST_SPLITS``."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code_of(self, split: str) -> int:
        """Answer the number of a split."""
        code = self._codes.setdefault(split, len(self._codes))
        if code >= MOST_SPLITS:
            raise ValueError(f"there are more than {MOST_SPLITS:,} splits")
        return code

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the order of their numbers."""
        return tuple(self._codes)


class HoldingsWriter:
    """Takes the segments of a side, in its order."""

    def __init__(self, splits: SplitCodes) -> None:
        self._splits = splits
        self._hashes, self._sounds, self._labels = array("Q"), array("Q"), array("I")
        self._split_of, self._states = array("H"), array("B")
        self._ytids, self._starts, self._ends = bytearray(), array("I"), array("I")

    def add(self, segment: Segment, state: int, sound: int = UNKNOWN, *, knows_labels: bool = True) -> None:
        """Append a segment of checked form; ``sound`` is what ``sound_of`` says of its clip."""
        self._hashes.append(hash_of(segment.key))
        self._sounds.append(sound)
        self._labels.append(_label_hash(segment.labels) if knows_labels else UNKNOWN)
        self._split_of.append(self._splits.code_of(segment.split))
        self._states.append(state)
        self._ytids += segment.ytid.encode("ascii")
        self._starts.append(segment.span.start_ms)
        self._ends.append(segment.span.end_ms)

    def finish(self, absent: int) -> Holdings:
        """Make columns; ``absent`` is what this side says of segments that it does not name."""
        return Holdings(
            hashes=_column(self._hashes, np.uint64),
            sounds=_column(self._sounds, np.uint64),
            labels=_column(self._labels, np.uint32),
            splits=_column(self._split_of, np.uint16),
            states=_column(self._states, np.uint8),
            ytids=_column(self._ytids, np.dtype(f"S{_YTID_BYTES}")),
            starts=_column(self._starts, np.uint32),
            ends=_column(self._ends, np.uint32),
            absent=absent,
        )


@dataclass(frozen=True, eq=False, slots=True)
class Holdings:
    """The segments of one side as columns, in its order; ``absent`` speaks for all that it does not name."""

    hashes: npt.NDArray[np.uint64]
    sounds: npt.NDArray[np.uint64]
    labels: npt.NDArray[np.uint32]
    splits: npt.NDArray[np.uint16]
    states: npt.NDArray[np.uint8]
    ytids: npt.NDArray[np.bytes_]
    starts: npt.NDArray[np.uint32]
    ends: npt.NDArray[np.uint32]
    absent: int

    def __len__(self) -> int:
        return len(self.hashes)

    def span_at(self, place: int) -> tuple[str, Span]:
        """Video and span of a segment."""
        return self.ytids[place].decode("ascii"), Span(int(self.starts[place]), int(self.ends[place]))


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """One of two data sets that are compared: its path as given, and what it holds.

    A manifest tells only of clips; a journal also of what could not be had.
    """

    path: str
    is_manifest: bool
    holdings: Holdings


@lru_cache(maxsize=1 << 12)
def _label_hash(labels: tuple[str, ...]) -> int:
    """Hash a set of labels: neither order nor repetition counts; never ``UNKNOWN``."""
    told = labels if len(labels) < 2 else sorted(set(labels))
    return hash_of("\n".join(told)) & 0xFFFFFFFF or 1


def _column(values: array[int] | bytearray, dtype: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - what numpy takes
    return np.frombuffer(values, dtype) if values else np.empty(0, dtype)  # numpy refuses an empty buffer
