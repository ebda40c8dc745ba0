"""One line of a list: what is a segment, what is none, and why."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.columns import USUAL, Columns, UnreadableHeader, read_columns
from asyncdl.core.model import Segment, Span
from asyncdl.core.rows import MAX_LINE_BYTES, RejectReason, excerpt, parse_row

YTID = "--aB3dE5gH8"


def parsed(line: bytes | str, columns: Columns = USUAL) -> Segment | RejectReason | None:
    return parse_row(line.encode() if isinstance(line, str) else line, columns, "eval")


def usual(start_ms: int, end_ms: int, *labels: str) -> Segment:
    return Segment(YTID, Span(start_ms, end_ms), "eval", labels)


@pytest.mark.parametrize(
    "line",
    [
        f'{YTID}, 0.000, 10.000, "/m/068hy,/m/0jbk"',
        f'{YTID}, 0.000, 10.000, "/m/068hy,/m/0jbk"\r',
        f'{YTID},0,10,"/m/068hy,/m/0jbk"',
        f'{YTID},0.0, 10.00,"/m/068hy,/m/0jbk"',
        f'{YTID},0,10.000000,"/m/068hy,/m/0jbk"',
        f"{YTID},0,10,/m/068hy,/m/0jbk",
        f'\ufeff{YTID}, 0.000, 10.000, "/m/068hy,/m/0jbk"',
        f'  {YTID} ,\t0 , 10 , "/m/068hy, /m/0jbk" ',
        f'"{YTID}","0","10","/m/068hy,/m/0jbk"',
        f'{YTID},0,10,"""/m/068hy","/m/0jbk""",,,,\r',
        f'{YTID},0,10,"/m/068hy,/m/0jbk,/m/068hy"',
    ],
)
def test_every_form_of_a_row_is_the_same_segment(line: str) -> None:
    assert parsed(line) == usual(0, 10_000, "/m/068hy", "/m/0jbk")


@pytest.mark.parametrize("line", [f"{YTID},0,10", f"{YTID}, 0, 10, ", f'{YTID}, 0, 10, ""'])
def test_a_row_without_labels_is_a_segment(line: str) -> None:
    assert parsed(line) == usual(0, 10_000)


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        ("61.100", "71.100", Span(61_100, 71_100)),
        ("0.1", "0.3", Span(100, 300)),
        ("4.35", "1000.29", Span(4_350, 1_000_290)),
        ("0.0004", "0.0005", Span(0, 1)),
        ("999998.999", "999999.999", Span(999_998_999, 999_999_999)),
        ("0", "21600", Span(0, 21_600_000)),
    ],
)
def test_times_are_exact_milliseconds(start: str, end: str, span: Span) -> None:
    row = parsed(f'{YTID},{start},{end},"/m/0jbk"')
    assert isinstance(row, Segment)
    assert row.span == span


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\r",
        b"  \t ",
        b",,,,",
        b'"",,',
        b"#",
        b"# Segments csv created Sun Mar  5 10:54:25 2017",
        b"# num_ytids=20371, num_segs=20371\r",
        b'"# a comment, which a spreadsheet has quoted",,',
        b"# YTID, start_seconds, end_seconds, positive_labels",
        b"#YTID,start_seconds,end_seconds,positive_labels",
        b"\xef\xbb\xbfyt_id,start_seconds, end_seconds, positive_labels",
    ],
)
def test_blank_lines_comments_and_repeated_headers_are_no_rows(line: bytes) -> None:
    assert parsed(line) is None


REJECTED = [
    ('#NAME?,30,40,"/m/09x0r,/t/dd00088"', RejectReason.SPREADSHEET_ID),
    ('#REF!, 30, 40, "/m/09x0r"', RejectReason.SPREADSHEET_ID),
    ("#NAME?", RejectReason.SPREADSHEET_ID),
    ('aB3dE5gH8x, 0, 10, "/m/0jbk"', RejectReason.BAD_ID),
    ('aB3dE5gH8xyz, 0, 10, "/m/0jbk"', RejectReason.BAD_ID),
    ('aB3dE5gH8é_, 0, 10, "/m/0jbk"', RejectReason.BAD_ID),
    ('../../etc/p, 0, 10, "/m/0jbk"', RejectReason.BAD_ID),
    ("#comment without a blank, 0, 10", RejectReason.BAD_ID),
    (YTID, RejectReason.MISSING_FIELDS),
    (f"{YTID}, 10", RejectReason.MISSING_FIELDS),
    (f'{YTID},,10,"/m/0jbk"', RejectReason.MISSING_FIELDS),
    ("<!DOCTYPE html>", RejectReason.MISSING_FIELDS),
    (f"{YTID}, nan, 10", RejectReason.NOT_A_TIME),
    (f"{YTID}, 0, inf", RejectReason.NOT_A_TIME),
    (f"{YTID}, 0, 1e999", RejectReason.NOT_A_TIME),
    (f"{YTID}, 0, 1_0", RejectReason.NOT_A_TIME),
    (f"{YTID}, 0, \u0661\u0660", RejectReason.NOT_A_TIME),
    (f"{YTID}, 0, +10", RejectReason.NOT_A_TIME),
    (f"{YTID}, .5, 10", RejectReason.NOT_A_TIME),
    (f"{YTID}, 0., 10", RejectReason.NOT_A_TIME),
    (f"{YTID}, 0..1, 10", RejectReason.NOT_A_TIME),
    (f"{YTID}, 0:30, 0:40", RejectReason.NOT_A_TIME),
    (f'{YTID}, "0,5", 10', RejectReason.NOT_A_TIME),
    (f"{YTID}, 0.1000000, 10", RejectReason.NOT_A_TIME),
    (f"{YTID}, -1, 10", RejectReason.NEGATIVE_TIME),
    (f"{YTID}, 00, 10", RejectReason.LEADING_ZERO),
    (f"{YTID}, 0, 010.000", RejectReason.LEADING_ZERO),
    (f"{YTID}, 0, 1000000", RejectReason.TIME_TOO_LARGE),
    (f"{YTID}, 999999, 999999.9999", RejectReason.TIME_TOO_LARGE),
    (f'{YTID}, 10.000, 10.000, "/m/0jbk"', RejectReason.END_NOT_AFTER_START),
    (f'{YTID}, 20, 10, "/m/0jbk"', RejectReason.END_NOT_AFTER_START),
    (f"{YTID}, 0, 21600.001", RejectReason.SEGMENT_TOO_LONG),
    (f'{YTID}, 0, 10, "Speech"', RejectReason.BAD_LABEL),
    (f'{YTID}, 0, 10, "/m/0jbk,Speech"', RejectReason.BAD_LABEL),
    (f'{YTID}, 0, 10, "/m/0jbk /m/04rlf"', RejectReason.BAD_LABEL),
    (f'{YTID}, 0, 10, "/m/"', RejectReason.BAD_LABEL),
    (f'{YTID}, 0, 10, "/m/0jbk,/m/04', RejectReason.OPEN_QUOTE),
    (f'{YTID}\t0\t10\t"/m/0jbk,/m/04rlf,/m/09x0r"', RejectReason.TAB_SEPARATED),
    (f"{YTID};0,0;10,0;/m/0jbk", RejectReason.SEMICOLON_SEPARATED),
    (f"{YTID}|0|10|/m/0jbk", RejectReason.BAR_SEPARATED),
    (f'{YTID}, 0, 10, "/m/0jbk\0"', RejectReason.NUL_BYTE),
    (f"{YTID}, 0, 10\r{YTID}, 10, 20", RejectReason.LONE_CR),
    (f"{YTID}, 0, 10\r\r", RejectReason.LONE_CR),
    ("x" * (MAX_LINE_BYTES + 1), RejectReason.LINE_TOO_LONG),
    (f'{YTID}, 0, 10, "' + "/m/0jbk," * 9000 + '/m/0jbk"', RejectReason.LINE_TOO_LONG),
    ("a\r" * MAX_LINE_BYTES, RejectReason.LONE_CR),
    ("index,ytid,start_seconds,end_seconds", RejectReason.HEADER_INSIDE),
]


@pytest.mark.parametrize(
    ("line", "reason"), REJECTED, ids=[f"{r.name}-{i}" for i, (_, r) in enumerate(REJECTED)]
)
def test_a_line_that_is_no_segment_has_its_reason(line: str, reason: RejectReason) -> None:
    assert parsed(line) is reason


def test_a_line_that_is_not_utf8_has_its_reason() -> None:
    assert parsed(b"--aB3dE5gH8, 0, 10, \xe9") is RejectReason.NOT_UTF8


def test_each_reason_of_a_weak_list_but_two_is_shown_by_an_example() -> None:
    """Surplus fields need a header above them, and bytes that are no UTF-8 are no text."""
    shown = {reason for _, reason in REJECTED}
    others = {
        RejectReason.BAD_SEGMENT_ID,
        RejectReason.BEYOND_CLIP,
        RejectReason.NOT_JSON,
        RejectReason.ROWS_TOO_LARGE,
    }
    assert set(RejectReason) - shown - others == {RejectReason.SURPLUS_FIELDS, RejectReason.NOT_UTF8}


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("# YTID, start_seconds, end_seconds, positive_labels", USUAL),
        ("youtube_id,start,end", Columns(0, 1, 2, None, 3)),
        (",ytid,start_s,end_s,labels,", Columns(1, 2, 3, 4, 5)),
        ('"#YTID","start_seconds","end_seconds","label","title"', Columns(0, 1, 2, 3, 5, (("title", 4),))),
        ("id,ytid,start,end", Columns(1, 2, 3, None, 4, (("id", 0),))),
    ],
)
def test_a_header_names_the_columns(header: str, columns: Columns) -> None:
    assert read_columns(header) == columns


@pytest.mark.parametrize(
    "line", ["", "# num_ytids=1, num_segs=1", f"{YTID}, 0, 10, /m/0jbk", "# id, of what", "YTID"]
)
def test_other_lines_are_no_header(line: str) -> None:
    assert read_columns(line) is None


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("audiocap_id,youtube_id,start_time,caption", "no column for the end"),
        ("ytid\tstart_seconds\tend_seconds\tpositive_labels", "separated by tabs"),
        ("ytid;start_seconds;end_seconds", "separated by semicolons"),
        ("# ytid|start_seconds|end_seconds", "separated by vertical bars"),
        ("segment_id\tstart_time_seconds\tend_time_seconds\tlabel", "strong labels"),
        ("segment_id,start_time_seconds,end_time_seconds,label", "strong labels"),
    ],
)
def test_a_header_under_which_no_row_can_be_read_says_why(header: str, what: str) -> None:
    found = read_columns(header)
    assert isinstance(found, UnreadableHeader)
    assert what in found.what


def test_named_columns_keep_what_else_the_row_says() -> None:
    columns = Columns(1, 2, 3, 4, 7, (("index", 0), ("private", 5), ("note", 6)))
    row = parsed(f'7,{YTID},0,10,"/m/068hy,/m/0jbk",False,"barks, 12"" away"', columns)
    assert isinstance(row, Segment)
    assert row.labels == ("/m/068hy", "/m/0jbk")
    assert row.columns == (("index", "7"), ("private", "False"), ("note", 'barks, 12" away'))


def test_labels_in_unquoted_fields_before_other_columns_are_not_guessed_at() -> None:
    columns = Columns(0, 1, 2, 3, 5, (("note", 4),))
    assert parsed(f"{YTID},0,10,/m/068hy,/m/0jbk,x", columns) is RejectReason.SURPLUS_FIELDS


def test_an_excerpt_is_bounded_and_printable() -> None:
    assert excerpt(b"#NAME?,30,40\r") == "#NAME?,30,40"
    assert excerpt(b"a\x1b[2J\x00\xff\tb") == r"a\x1b[2J\x00\xff\tb"
    assert excerpt("a\u202eb é".encode()) == r"a\u202eb é"
    assert len(excerpt(b"x" * 10_000)) == 200
    assert len(excerpt(b"\x00" * 10_000)) == 200


PIECES = ["ytid", "start", "end", "label", "segment_id", "/m/0jbk", "#NAME?", "0", "10.5", "-1", "1e9", "é"]
pieces = st.sampled_from(
    [YTID, *PIECES, "# ", ",", ", ", '"', ";", "|", "\t", "\r", "\0", "\ufeff", "\u2028", "\x85"]
)
mixed = st.lists(pieces, max_size=24).map("".join).map(str.encode)
layouts = st.sampled_from([USUAL, Columns(1, 2, 3, None, 5, (("a", 0), ("b", 4))), Columns(3, 2, 1, 0, 4)])


@given(line=st.one_of(st.binary(max_size=300), mixed).map(lambda b: b.replace(b"\n", b"")), columns=layouts)
def test_the_parser_never_raises_and_answers_only_sound_segments(line: bytes, columns: Columns) -> None:
    row = parsed(line, columns)
    if isinstance(row, Segment):
        assert re.fullmatch(r"[A-Za-z0-9_-]{11}", row.ytid)
        assert 0 <= row.span.start_ms < row.span.end_ms < 10**9
        assert all(re.fullmatch(r"/[a-z]/[a-z0-9_]+", label) for label in row.labels)
    assert excerpt(line).isprintable()
    assert len(excerpt(line)) <= 200


@given(
    ytid=st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True),
    start_ms=st.integers(0, 978_399_999),
    duration_ms=st.integers(1, 21_600_000),
    labels=st.lists(st.from_regex(r"/[a-z]/[a-z0-9_]{1,8}", fullmatch=True), max_size=15, unique=True),
    form=st.sampled_from(['{}, {}, {}, "{}"', '{},{},{},"{}"', "{},{},{},{}", '{},{}, {}, "{}",,\r']),
)
def test_what_is_written_is_what_is_read(
    ytid: str, start_ms: int, duration_ms: int, labels: list[str], form: str
) -> None:
    end_ms = start_ms + duration_ms
    times = [f"{ms // 1000}.{ms % 1000:03d}" for ms in (start_ms, end_ms)]
    row = parsed(form.format(ytid, *times, ",".join(labels)))
    assert row == Segment(ytid, Span(start_ms, end_ms), "eval", tuple(labels))
