"""Which sets of labels a list holds and how often, without a segment per row: 2 M rows in some 3 s.

A row of AudioSet's own form is a segment when its id, its times and its labels are good, each by itself. A
list has few times (481 in ``unbalanced_train``) and few sets of labels (52,367), so each of them goes through
the row parser once, and every row of another form does. The counts are those of a run, where a segment that
stands there twice counts once: while ids ascend, as in AudioSet's lists, none can be there twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import filterfalse, islice
from operator import lt
from pathlib import Path
from typing import TypeAlias

from asyncdl.core.columns import USUAL
from asyncdl.core.events import Source
from asyncdl.core.keytable import KeyTable
from asyncdl.core.model import Row, Segment
from asyncdl.core.rows import parse_row
from asyncdl.inputs.audioset_weak import READER, read_head
from asyncdl.inputs.lines import no_line, physical_lines
from asyncdl.inputs.sources import ListFile

LabelSet: TypeAlias = tuple[str, ...]
Match: TypeAlias = re.Match[bytes]

# What is held stays some tens of megabytes, whatever a list brings.
_MOST_SETS = 65_536
_MOST_TIMES = 8_192
_BATCH_LINES = 256
_SOME_ID = b"aaaaaaaaaaa"
_USUAL_ROW = re.compile(
    rb'([A-Za-z0-9_-]{11})(, ?[0-9.]{1,10}, ?[0-9.]{1,10}, ?)"([a-z0-9_/,]{0,255})"\r?'
).fullmatch


def label_sets(file: ListFile) -> Iterator[tuple[LabelSet, int]]:
    """Yield sets of labels, each with a number of segments that bear it; a set may come again.

    Reads for seconds: not for the event loop. Raises what the list's reader raises.
    """
    if file.reader is READER and _has_usual_columns(file.path):
        return _UsualList(file.path).sets()
    return _sets_by_reader(file)


def _has_usual_columns(path: Path) -> bool:
    columns, _ = read_head(enumerate(physical_lines(path), 1), path)
    return columns is USUAL


def _sets_by_reader(file: ListFile) -> Iterator[tuple[LabelSet, int]]:
    seen = KeyTable()
    counts: Counter[LabelSet] = Counter()
    nobodys = Source(index=0, name=file.name, split=file.split, sha256="", size_bytes=0)
    for row in file.reader.rows(file.path, nobodys, no_line):
        if isinstance(row, Row) and _is_new(row.segment.key, seen):
            counts[row.segment.labels] += 1
            if len(counts) >= _MOST_SETS:
                yield from counts.items()
                counts.clear()
    yield from counts.items()


class _UsualList:
    """One reading of a list whose columns are the usual ones."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = b""  # the id of the row before, while they ascend
        self._seen: KeyTable | None = None  # keys, once they no longer do
        self._spans: dict[bytes, str] = {}  # end of the key by the text of the times
        self._labels: dict[bytes, LabelSet] = {}
        self._counts: Counter[bytes] = Counter()

    def sets(self) -> Iterator[tuple[LabelSet, int]]:
        lines = physical_lines(self._path)
        above = 0
        while batch := list(islice(lines, _BATCH_LINES)):
            matches = list(map(_USUAL_ROW, batch))
            if not self._counts_at_once(matches):
                for number, (line, match) in enumerate(zip(batch, matches, strict=True), above + 1):
                    yield from self._row(number, line, match)
            if len(self._labels) >= _MOST_SETS or len(self._spans) >= _MOST_TIMES:
                yield from self._emptied()
            above += len(batch)
        yield from self._emptied()

    def _counts_at_once(self, matches: Sequence[Match | None]) -> bool:
        """Count rows that are all usual, good, and in ascending order; False, and nothing, for others."""
        if self._seen is not None or not all(matches):
            return False
        ids, times, texts = zip(*(match.groups() for match in matches if match), strict=True)
        is_ascending = self._last < ids[0] and all(map(lt, ids, ids[1:]))
        if not is_ascending or not self._knows(set(times), set(texts)):
            return False
        self._counts.update(texts)
        self._last = ids[-1]
        return True

    def _row(self, number: int, line: bytes, match: Match | None) -> Iterator[tuple[LabelSet, int]]:
        """Look at one row; it is answered when it is not of the usual form, else counted."""
        if match is None:
            segment = parse_row(line, USUAL, "")
            if isinstance(segment, Segment) and self._is_first(number, segment.key):
                yield segment.labels, 1
            return
        ytid, times, text = match.groups()
        if self._knows({times}, {text}):
            if self._seen is None and self._last < ytid:
                self._last = ytid
                self._counts[text] += 1
            elif self._is_first(number, ytid.decode("ascii") + self._spans[times]):
                self._counts[text] += 1

    def _knows(self, times: set[bytes], texts: set[bytes]) -> bool:
        """Have the row parser judge what is new; say whether all are good."""
        for one in filterfalse(self._spans.__contains__, times):
            if isinstance(segment := parse_row(_SOME_ID + one + b'""', USUAL, ""), Segment):
                self._spans[one] = segment.key.removeprefix(_SOME_ID.decode())
        for one in filterfalse(self._labels.__contains__, texts):
            if isinstance(segment := parse_row(_SOME_ID + b',0,1,"%b"' % one, USUAL, ""), Segment):
                self._labels[one] = segment.labels
        return times <= self._spans.keys() and texts <= self._labels.keys()

    def _is_first(self, number: int, key: str) -> bool:
        """Say whether no row above is the same segment; from now on keys are kept."""
        if self._seen is None:
            self._seen = self._keys_above(number)
        return _is_new(key, self._seen)

    def _keys_above(self, number: int) -> KeyTable:
        """Read the rows above a line again: they were counted by their ids alone."""
        seen = KeyTable()
        for line in islice(physical_lines(self._path), number - 1):
            if isinstance(segment := parse_row(line, USUAL, ""), Segment):
                seen.add(segment.key)
        return seen

    def _emptied(self) -> Iterator[tuple[LabelSet, int]]:
        for text, count in self._counts.items():
            yield self._labels[text], count
        self._counts.clear()
        self._labels.clear()
        self._spans.clear()


def _is_new(key: str, seen: KeyTable) -> bool:
    known = len(seen)
    return seen.add(key) == known
