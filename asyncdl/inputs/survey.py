"""Looks through lists for the rows that a selection can choose from: two million in some three seconds.

Rows of AudioSet's own form are judged in batches: a list has few times and few sets of labels, so each of
them is judged once. All others come as segments from their reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from asyncdl.core.columns import USUAL
from asyncdl.core.events import Source
from asyncdl.core.model import Row, Segment
from asyncdl.core.rows import parse_row
from asyncdl.core.selection import Wanted
from asyncdl.inputs.audioset_weak import READER, read_head
from asyncdl.inputs.lines import no_line, physical_lines
from asyncdl.inputs.shelf import MOST_KNOWN, Shelf, Survey
from asyncdl.inputs.sources import ListFile

__all__ = ["Survey", "has_usual_form", "survey"]

_BATCH_LINES = 256
_SOME_ID = b"aaaaaaaaaaa"
_UNWANTED, _BAD = -1, -2
_UNWANTED_SPAN, _BAD_SPAN = b"-", b"!"
_usual_rows = re.compile(
    rb'^([A-Za-z0-9_-]{11})(, ?[0-9.]{1,10}, ?[0-9.]{1,10}, ?)"([a-z0-9_/,]{0,255})"\r?$', re.MULTILINE
).findall


def survey(files: Sequence[ListFile], wanted: Wanted, *, with_labels: bool) -> Survey:
    """Read all lists once: for seconds, so not on the event loop. Raises what their readers raise."""
    shelf = Shelf(wanted, with_labels=with_labels)
    for file in files:
        shelf.begin_list()
        if has_usual_form(file):
            _UsualList(file, shelf).read()
        else:
            _read_any(file, shelf)
    return shelf.survey()


def has_usual_form(file: ListFile) -> bool:
    """Say whether a list's rows stand in AudioSet's own columns."""
    if file.reader is not READER:
        return False
    columns, _ = read_head(enumerate(physical_lines(file.path), 1), file.path)
    return columns is USUAL


class _UsualList:
    """One reading of a list in AudioSet's own columns."""

    def __init__(self, file: ListFile, shelf: Shelf) -> None:
        self._path = file.path
        self._shelf = shelf
        self._spans = _SpanVerdicts(shelf.wanted)
        self._labels = _LabelVerdicts(shelf)
        self._looks_at_ids = shelf.wanted.looks_at_ids

    def read(self) -> None:
        lines = physical_lines(self._path)
        above = 0
        while batch := list(islice(lines, _BATCH_LINES)):
            rows = _usual_rows(b"\n".join(batch))
            if len(rows) != len(batch) or not self._take_all(rows, above):
                for number, line in enumerate(batch, above + 1):
                    self._take(number, line)
            above += len(batch)
            if len(self._labels) >= MOST_KNOWN or self._shelf.knows_many_sets:
                self._shelf.forget_sets()
                self._labels.clear()
            if len(self._spans) >= MOST_KNOWN:
                self._spans.clear()

    def _take_all(self, rows: Sequence[tuple[bytes, bytes, bytes]], above: int) -> bool:
        """Judge rows that are all of the usual form; False, and nothing, when one is no segment."""
        ids, times, texts = zip(*rows, strict=True)
        sets = list(map(self._labels.__getitem__, texts))
        spans = list(map(self._spans.__getitem__, times))
        if _BAD in sets or _BAD_SPAN in spans:
            return False
        self._shelf.segments += len(rows)
        lines = range(above + 1, above + 1 + len(rows))
        keys = [ytid + span for ytid, span in zip(ids, spans, strict=True)]
        if _UNWANTED not in sets and _UNWANTED_SPAN not in spans and not self._looks_at_ids:
            self._shelf.add(keys, lines, sets)
        elif max(sets) != _UNWANTED:
            kept = [each for each in zip(keys, lines, sets, strict=True) if self._wants(each[0], each[2])]
            if kept:
                self._shelf.add(*zip(*kept, strict=True))
        return True

    def _take(self, number: int, line: bytes) -> None:
        outcome = parse_row(line, USUAL, "")
        if isinstance(outcome, Segment):
            self._shelf.add_segment(outcome, number)
        elif outcome is not None:
            self._shelf.reject(number)

    def _wants(self, key: bytes, set_number: int) -> bool:
        if set_number == _UNWANTED or key.endswith(_UNWANTED_SPAN):
            return False
        return not self._looks_at_ids or self._shelf.wanted.wants_id(key[:11].decode(), key.decode())


class _SpanVerdicts(dict[bytes, bytes]):
    """By the text of the times: the end of the key, or why there is none."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self._wanted = wanted

    def __missing__(self, times: bytes) -> bytes:
        segment = parse_row(_SOME_ID + times + b'""', USUAL, "")
        verdict = _BAD_SPAN
        if isinstance(segment, Segment):
            end = segment.key.encode("ascii").removeprefix(_SOME_ID)
            verdict = end if self._wanted.wants_span(segment.span) else _UNWANTED_SPAN
        self[times] = verdict
        return verdict


class _LabelVerdicts(dict[bytes, int]):
    """By the text of the labels: the number of their set, or why there is none."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self._shelf = shelf

    def __missing__(self, text: bytes) -> int:
        segment = parse_row(_SOME_ID + b',0,1,"%b"' % text, USUAL, "")
        verdict = _BAD
        if isinstance(segment, Segment):
            is_wanted = self._shelf.wanted.wants_labels(segment.labels)
            verdict = self._shelf.number_of(segment.labels) if is_wanted else _UNWANTED
        self[text] = verdict
        return verdict


def _read_any(file: ListFile, shelf: Shelf) -> None:
    nobodys = Source(index=0, name=file.name, split=file.split, sha256="", size_bytes=0)
    for row in file.reader.rows(file.path, nobodys, no_line):
        if isinstance(row, Row):
            shelf.add_segment(row.segment, row.ref.line)
            if shelf.knows_many_sets:
                shelf.forget_sets()
        else:
            shelf.reject(row.ref.line)
