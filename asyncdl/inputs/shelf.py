"""Collects the rows of lists that match a selection, as columns and not as objects.

12 bytes a row, and 6 and 2 a label more where labels matter. A segment counts once, where it stands first.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from asyncdl.core.choosing import Hashes, Numbers
from asyncdl.core.keytable import hash_of
from asyncdl.core.model import Segment
from asyncdl.core.selection import Wanted
from asyncdl.errors import UsageError

MOST_KNOWN = 1 << 16
_CHUNK_ROWS = 1 << 16
_MOST_LABELS = (1 << 16) - 1


@dataclass(frozen=True, eq=False)
class Survey:
    """Columns of the rows that match, in the order of lists and lines, each segment once.

    Those of list i are ``bounds[i]`` up to ``bounds[i + 1]``; ``rejected[i]`` are the lines that are no
    segments. ``names`` are what labels count for: groups, or label ids; ``starts`` and ``labels`` say of
    which (see ``core.choosing.Candidates``), empty where nobody asked. ``segments`` counts all good rows.
    """

    segments: int
    hashes: Hashes
    lines: npt.NDArray[np.uint32]
    bounds: tuple[int, ...]
    rejected: tuple[array[int], ...]
    names: tuple[str, ...]
    starts: Numbers
    labels: npt.NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.hashes)


class Shelf:
    """Collects what matches; the columns grow in place, without a copy."""

    def __init__(self, wanted: Wanted, *, with_labels: bool) -> None:
        self.wanted = wanted
        self.segments = 0
        self._with_labels = with_labels
        self._numbers = {group.name: number for number, group in enumerate(wanted.groups)}
        self._hashes, self._lines = array("Q"), array("I")
        self._sizes, self._labels = array("H"), array("H")
        self._sets = array("I")  # of rows whose labels are not written down yet
        self._set_sizes, self._set_labels = array("H"), array("H")
        self._rejected: list[array[int]] = []
        self._bounds: list[int] = []

    def begin_list(self) -> None:
        """Let what follows belong to the next list."""
        self._bounds.append(len(self._hashes))
        self._rejected.append(array("I"))

    def reject(self, line: int) -> None:
        """Note a line that is no segment."""
        self._rejected[-1].append(line)

    def number_of(self, labels: Iterable[str]) -> int:
        """Answer a number for a set of labels, good until sets are forgotten."""
        if not self._with_labels:
            return 0
        numbers = self._numbers
        names = self.wanted.names_of(tuple(labels))
        if len(numbers) + len(names) > _MOST_LABELS:
            raise UsageError(f"The lists hold more than {_MOST_LABELS:,} different labels.")
        self._set_labels.extend(numbers.setdefault(name, len(numbers)) for name in names)
        self._set_sizes.append(len(names))
        return len(self._set_sizes) - 1

    @property
    def knows_many_sets(self) -> bool:
        """Whether it is time to forget them; whoever keeps their numbers forgets them too."""
        return len(self._set_sizes) >= MOST_KNOWN

    def forget_sets(self) -> None:
        """Begin to number sets anew."""
        self._write_labels()
        self._set_sizes, self._set_labels = array("H"), array("H")

    def add(self, keys: Iterable[bytes], lines: Iterable[int], sets: Iterable[int]) -> None:
        """Take rows that match, each with its key, line and number of labels."""
        self._hashes.extend(map(hash_of, keys))
        self._lines.extend(lines)
        if self._with_labels:
            self._sets.extend(sets)
            if len(self._sets) >= _CHUNK_ROWS:
                self._write_labels()

    def add_segment(self, segment: Segment, line: int) -> None:
        """Judge one segment as a whole."""
        self.segments += 1
        if self.wanted.matches(segment):
            self.add((segment.key.encode(),), (line,), (self.number_of(segment.labels),))

    def survey(self) -> Survey:
        """Answer the columns; nothing is added after that."""
        self._write_labels()
        names = tuple(sorted(self._numbers))
        labels = np.frombuffer(self._labels, dtype=np.uint16)
        if labels.size:  # by name, so that the order of rows does not matter
            place = {name: index for index, name in enumerate(names)}
            labels = np.array([place[name] for name in self._numbers], dtype=np.uint16)[labels]
        starts = np.zeros(len(self._sizes) + 1, dtype=np.int32)
        np.cumsum(np.frombuffer(self._sizes, dtype=np.uint16), out=starts[1:])
        return _without_repeats(
            Survey(
                segments=self.segments,
                hashes=np.frombuffer(self._hashes, dtype=np.uint64),
                lines=np.frombuffer(self._lines, dtype=np.uint32),
                bounds=(*self._bounds, len(self._hashes)),
                rejected=tuple(self._rejected),
                names=names,
                starts=starts,
                labels=labels,
            )
        )

    def _write_labels(self) -> None:
        """Put the labels of the rows' sets one after the other."""
        if not self._sets:
            return
        sets = np.frombuffer(self._sets, dtype=np.uint32).astype(np.int64)
        sizes = np.array(self._set_sizes, dtype=np.int64)
        flat = np.array(self._set_labels, dtype=np.uint16)
        begins = np.cumsum(sizes) - sizes
        of_rows = sizes[sets]
        ends = np.cumsum(of_rows)
        places = np.repeat(begins[sets] - (ends - of_rows), of_rows) + np.arange(ends[-1])
        self._sizes.frombytes(of_rows.astype(np.uint16).tobytes())
        self._labels.frombytes(flat[places].tobytes())
        self._sets = array("I")


def _without_repeats(found: Survey) -> Survey:
    """Leave out rows whose segment stands above."""
    ordered = np.sort(found.hashes)
    if not (ordered[1:] == ordered[:-1]).any():
        return found
    del ordered
    order = np.argsort(found.hashes, kind="stable")
    is_first = np.ones(len(order), dtype=bool)
    is_first[order[1:]] = found.hashes[order[1:]] != found.hashes[order[:-1]]
    kept = np.flatnonzero(is_first)
    starts, labels = found.starts, found.labels
    if len(starts) > 1:
        sizes = np.diff(starts)
        labels = labels[np.repeat(is_first, sizes)]
        starts = np.concatenate((np.zeros(1, dtype=np.int32), np.cumsum(sizes[kept], dtype=np.int32)))
    bounds = tuple(np.searchsorted(kept, found.bounds).tolist())
    return replace(
        found,
        hashes=found.hashes[kept],
        lines=found.lines[kept],
        bounds=bounds,
        starts=starts,
        labels=labels,
    )
