"""Rows of AudioSet's own form, read without looking twice at what comes again and again.

A list has few times (481 in ``unbalanced_train``) and few sets of labels: each is parsed by ``core.rows``
once, and kept by its text. Whatever is not of the usual form goes through ``core.rows`` as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from asyncdl.core.columns import USUAL
from asyncdl.core.model import RejectedRow, Row, RowRef, Segment, Span
from asyncdl.core.ports import SkipLine
from asyncdl.core.rows import excerpt, parse_row

# What is kept stays some megabytes, whatever a list brings.
_MOST_KEPT = 12_288
_LONGEST_KEPT = 256
_ID_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ID_LENGTH = 11
_ENDING = re.compile(rb'[a-z0-9_/,]*"\r?').fullmatch
_TIMES = re.compile(rb", ?[0-9.]{1,10}, ?[0-9.]{1,10}, ?").fullmatch

# The constructor of a frozen data class takes twice as long as this, a third of all that a row takes.
_new = object.__new__
_set_ytid, _set_span, _set_split, _set_labels, _set_columns = (
    Segment.__dict__[name].__set__ for name in ("ytid", "span", "split", "labels", "columns")
)
_set_source, _set_line = (RowRef.__dict__[name].__set__ for name in ("source", "line"))
_set_ref, _set_segment = (Row.__dict__[name].__set__ for name in ("ref", "segment"))


def quick_rows(
    numbered: Iterable[tuple[int, bytes]], source: int, split: str, skip: SkipLine
) -> Iterator[Row | RejectedRow]:
    """Yield what ``parse_row`` says of lines whose columns are the usual ones; ``skip`` comes first."""
    kept = _Kept()
    spans, labels = kept.spans, kept.labels
    for number, line in numbered:
        if skip(number):
            continue
        ytid = line[:_ID_LENGTH]
        times, _, ending = line[_ID_LENGTH:].partition(b'"')
        span, mids = spans.get(times), labels.get(ending)
        is_id = ytid.isalnum() or not ytid.translate(None, _ID_BYTES)
        if span is None or mids is None or not is_id:
            outcome = parse_row(line, USUAL, split)
            if isinstance(outcome, Segment):
                kept.keep(times, outcome.span, ending, outcome.labels)
                yield Row(RowRef(source, number), outcome)
            elif outcome is not None:
                yield RejectedRow(RowRef(source, number), outcome, excerpt(line))
            continue
        segment, ref, row = _new(Segment), _new(RowRef), _new(Row)
        _set_ytid(segment, ytid.decode())
        _set_span(segment, span)
        _set_split(segment, split)
        _set_labels(segment, mids)
        _set_columns(segment, ())
        _set_source(ref, source)
        _set_line(ref, number)
        _set_ref(row, ref)
        _set_segment(row, segment)
        yield row


class _Kept:
    """Spans by the text between id and labels, labels by the text from behind their first quote."""

    def __init__(self) -> None:
        self.spans: dict[bytes, Span] = {}
        self.labels: dict[bytes, tuple[str, ...]] = {}

    def keep(self, times: bytes, span: Span, ending: bytes, mids: tuple[str, ...]) -> None:
        """Keep what a good row is made of, if it has the usual form: its parts say the same elsewhere."""
        if len(ending) > _LONGEST_KEPT or not _TIMES(times) or not _ENDING(ending):
            return
        if len(self.spans) >= _MOST_KEPT:
            self.spans.clear()
        if len(self.labels) >= _MOST_KEPT:
            self.labels.clear()
        self.spans[times] = span
        self.labels[ending] = mids
