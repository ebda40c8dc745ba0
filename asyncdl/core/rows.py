"""One physical line of a list, as bytes, becomes a segment or a reason why it is none.

Lines in AudioSet's own form take a short way; the forms in which people save such lists again take the
long way. Times never pass through binary fractions.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from asyncdl.core.columns import OTHER_SEPARATORS, USUAL, Columns, fields_of, read_columns
from asyncdl.core.forms import MAX_DURATION_MS, MAX_TIME_MS, YTID
from asyncdl.core.model import Segment, Span

MAX_LINE_BYTES = 64 * 1024
# What the caches may hold stays some megabytes, whatever a list brings.
_CACHED_BYTES = 256
_EXCERPT_CHARACTERS = 200


class RejectReason(StrEnum):
    """Why a line is no segment; the value is the sentence that people read."""

    SPREADSHEET_ID = (
        "spreadsheet damage: the program took the video id for a formula and wrote an error such as #NAME? "
        "over it; the id is lost, take this row from the original list"
    )
    BAD_ID = "the video id is not 11 characters of A-Z, a-z, 0-9, - and _"
    MISSING_FIELDS = "fields are missing: a row needs a video id, a start and an end, separated by commas"
    SURPLUS_FIELDS = "there are more fields than the header has names"
    NOT_A_TIME = "a time is not a plain decimal number of seconds such as 30 or 30.000"
    NEGATIVE_TIME = "a time is negative"
    LEADING_ZERO = "a time is written with leading zeros, so it may be no number of seconds"
    TIME_TOO_LARGE = "a time is beyond 999999 seconds"
    END_NOT_AFTER_START = "the segment does not end after its start"
    SEGMENT_TOO_LONG = "the segment is longer than 6 hours"
    BAD_LABEL = "a label is no label id such as /m/09x0r"
    OPEN_QUOTE = "a quote is not closed; the row may be cut"
    TAB_SEPARATED = "fields are separated by tabs, not by commas"
    SEMICOLON_SEPARATED = "fields are separated by semicolons, not by commas"
    BAR_SEPARATED = "fields are separated by vertical bars (|), not by commas"
    LINE_TOO_LONG = "the line is longer than 64 KiB"
    NUL_BYTE = "the line holds NUL bytes; the list is UTF-16 or damaged, save it as UTF-8"
    LONE_CR = "lines end with CR alone; save the list with LF or CRLF line ends"
    NOT_UTF8 = "the line is not UTF-8 text"
    HEADER_INSIDE = "a header that names other columns than the top of the list; give the lists one by one"
    BAD_SEGMENT_ID = "the segment id is not a video id, an underscore and the clip's start in milliseconds"
    BEYOND_CLIP = "the event ends after its clip; event times count from the clip's start"
    NOT_JSON = "the line is no JSON object"
    ROWS_TOO_LARGE = "the rows of one segment hold more than 128 KiB together"


def parse_row(line: bytes, columns: Columns, split: str) -> Segment | RejectReason | None:
    """Read a line without its line feed; None for blank lines, comments and repeats of the header.

    Never raises. A line cut at any place after ``MAX_LINE_BYTES`` is told as too long.
    """
    if columns is USUAL and (match := _USUAL_ROW.fullmatch(line)):
        ytid, times, labels = match.groups()
        span, mids = _usual_span(times), _labels(labels)
        if isinstance(span, Span) and isinstance(mids, tuple):
            return Segment(ytid.decode("ascii"), span, split, mids)
    return _parse_unusual(line, columns, split)


def line_text(line: bytes) -> str | RejectReason:
    """Decode a line and take its byte order mark and CR away."""
    if b"\r" in line[:MAX_LINE_BYTES].removesuffix(b"\r"):
        return RejectReason.LONE_CR
    if len(line) > MAX_LINE_BYTES:
        return RejectReason.LINE_TOO_LONG
    if b"\0" in line:
        return RejectReason.NUL_BYTE
    try:
        return line.decode("utf-8").removeprefix("\ufeff").removesuffix("\r")
    except UnicodeDecodeError:
        return RejectReason.NOT_UTF8


def is_passive(text: str) -> bool:
    """Tell blank lines (a spreadsheet's are all commas) and comments, which begin with ``# ``."""
    is_blank = not text.replace('""', "").strip(" \t,")
    return is_blank or text.startswith(("# ", '"# ')) or text.rstrip(" \t,") == "#"


def excerpt(line: bytes) -> str:
    """Show the beginning of any line: printable, at most 200 characters."""
    text = line[: 4 * _EXCERPT_CHARACTERS].decode("utf-8", errors="backslashreplace").rstrip("\r")
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: _EXCERPT_CHARACTERS + 1])
    return shown if len(shown) <= _EXCERPT_CHARACTERS else shown[: _EXCERPT_CHARACTERS - 1] + "…"


def _parse_unusual(line: bytes, columns: Columns, split: str) -> Segment | RejectReason | None:
    text = line_text(line)
    if isinstance(text, RejectReason):
        return text
    if is_passive(text):
        return None
    outcome = _segment_of(fields_of(text), columns, split)
    if isinstance(outcome, Segment):
        is_open = text.count('"') % 2 and not columns.extra
        return RejectReason.OPEN_QUOTE if is_open else outcome
    header = read_columns(text)
    if header is not None:
        return None if header == columns else RejectReason.HEADER_INSIDE
    return other_separator(text) or outcome


def _segment_of(fields: list[str], columns: Columns, split: str) -> Segment | RejectReason:
    while fields and not fields[-1]:
        fields.pop()
    fault = _shape_fault(fields, columns)
    if fault is not None:
        return fault
    span = span_of(fields[columns.start].encode(), fields[columns.end].encode())
    if isinstance(span, RejectReason):
        return span
    mids = _labels(_label_text(fields, columns).encode())
    if isinstance(mids, RejectReason):
        return mids
    extra = tuple((name, fields[at] if at < len(fields) else "") for name, at in columns.extra)
    return Segment(fields[columns.ytid], span, split, mids, extra)


def _shape_fault(fields: list[str], columns: Columns) -> RejectReason | None:
    if len(fields) > columns.ytid and is_spreadsheet_error(fields[columns.ytid]):
        return RejectReason.SPREADSHEET_ID
    if len(fields) < columns.needed:
        return RejectReason.MISSING_FIELDS
    if not YTID.fullmatch(fields[columns.ytid]):
        return RejectReason.BAD_ID
    if len(fields) > columns.width and not columns.labels_are_last:
        return RejectReason.SURPLUS_FIELDS
    return None


def _label_text(fields: list[str], columns: Columns) -> str:
    if columns.labels is None:
        return ""
    end = None if columns.labels_are_last else columns.labels + 1
    return ",".join(fields[columns.labels : end])


def is_spreadsheet_error(text: str) -> bool:
    """Tell what a spreadsheet writes over an id that begins as a formula does."""
    return _SPREADSHEET_ERROR.fullmatch(text) is not None


def other_separator(text: str) -> RejectReason | None:
    """Name the separator when it comes before any comma."""
    first = _ANY_SEPARATOR.search(text)
    return _SEPARATED.get(first.group()) if first else None


# The caches hold results of pure functions: a list repeats few spans and many label sets.
@lru_cache(maxsize=4096)
def _usual_span(times: bytes) -> Span | RejectReason:
    start, end = times.split(b",")
    return span_of(start, end.lstrip(b" "))


def span_of(start: bytes, end: bytes) -> Span | RejectReason:
    """Read two times in decimal seconds."""
    start_ms, end_ms = milliseconds(start), milliseconds(end)
    if isinstance(start_ms, RejectReason):
        return start_ms
    if isinstance(end_ms, RejectReason):
        return end_ms
    return span_between(start_ms, end_ms)


def span_between(start_ms: int, end_ms: int) -> Span | RejectReason:
    """Make a span that a clip can have."""
    if start_ms >= end_ms:
        return RejectReason.END_NOT_AFTER_START
    if end_ms - start_ms > MAX_DURATION_MS:
        return RejectReason.SEGMENT_TOO_LONG
    return Span(start_ms, end_ms)


def milliseconds(seconds: bytes) -> int | RejectReason:
    """Read decimal seconds; what is finer than a millisecond is rounded, halves up."""
    match = _SECONDS.fullmatch(seconds)
    if match is None:
        return _time_fault(seconds)
    whole, fraction = match.groups(b"")
    time_ms = int(whole) * 1000 + (int(fraction.ljust(6, b"0")) + 500) // 1000
    return time_ms if time_ms <= MAX_TIME_MS else RejectReason.TIME_TOO_LARGE


def _time_fault(seconds: bytes) -> RejectReason:
    if not seconds:
        return RejectReason.MISSING_FIELDS
    if not _NUMBER.fullmatch(seconds.removeprefix(b"-")):
        return RejectReason.NOT_A_TIME
    if seconds.startswith(b"-"):
        return RejectReason.NEGATIVE_TIME
    if re.match(rb"0[0-9]", seconds):
        return RejectReason.LEADING_ZERO
    return RejectReason.TIME_TOO_LARGE if re.match(rb"[0-9]{7}", seconds) else RejectReason.NOT_A_TIME


def is_label(text: str) -> bool:
    """Tell a label id, such as ``/m/09x0r``."""
    return text.isascii() and _LABEL.fullmatch(text.encode()) is not None


def _labels(text: bytes) -> tuple[str, ...] | RejectReason:
    return _cached_labels(text) if len(text) <= _CACHED_BYTES else _split_labels(text)


@lru_cache(maxsize=8192)
def _cached_labels(text: bytes) -> tuple[str, ...] | RejectReason:
    return _split_labels(text)


def _split_labels(text: bytes) -> tuple[str, ...] | RejectReason:
    """Split label ids without the quotes, padding and empty fields of spreadsheets; none counts twice."""
    mids = dict.fromkeys(mid for part in text.split(b",") if (mid := part.strip(b'" \t')))
    if not all(map(_LABEL.fullmatch, mids)):
        return RejectReason.BAD_LABEL
    return tuple(mid.decode("ascii") for mid in mids)


_USUAL_ROW = re.compile(rb'([A-Za-z0-9_-]{11}), ?([0-9.]{1,10}, ?[0-9.]{1,10}), ?"([a-z0-9_/,]{0,4096})"\r?')
_SECONDS = re.compile(rb"(0|[1-9][0-9]{0,5})(?:\.([0-9]{1,6}))?")
_NUMBER = re.compile(rb"[0-9]+(?:\.[0-9]+)?")
_LABEL = re.compile(rb"/[a-z]/[a-z0-9_]+")
_SPREADSHEET_ERROR = re.compile(r"#(?:NAME\?|VALUE!|REF!|N/A|NUM!|NULL!|DIV/0!|ERROR!)")
_ANY_SEPARATOR = re.compile("[," + "".join(map(re.escape, OTHER_SEPARATORS)) + "]")
_SEPARATED = {
    "\t": RejectReason.TAB_SEPARATED,
    ";": RejectReason.SEMICOLON_SEPARATED,
    "|": RejectReason.BAR_SEPARATED,
}
