"""The short way through rows of AudioSet's own form tells what the strict parser tells, of every line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core import quick_rows as quick
from asyncdl.core.columns import USUAL
from asyncdl.core.model import RejectedRow, Row, RowRef, Segment
from asyncdl.core.quick_rows import quick_rows
from asyncdl.core.rows import excerpt, parse_row

# Few parts, so that lines share them: what was kept of one must not lend itself to another.
IDS = st.sampled_from(
    [b"-x_y_z1234Q", b"abcdefghijk", b"abcdefghij", b"abcdefghijk,", b"\xe9bcdefghijk", b"#NAME?", b""]
)
TIMES = st.sampled_from(
    [
        b", 0.000, 10.000, ",
        b",0,10,",
        b", 30.000, 40.000,",
        b", 10, 0, ",
        b", nan, 1, ",
        b",0,10",
        b",0,\xd9\xa1, ",
        b"",
    ]
)
QUOTES = st.sampled_from([b'"', b'"', b'""', b"", b'"\r'])
LABELS = st.sampled_from(
    [b"/m/09x0r", b"/m/09x0r,/t/dd00088", b"", b"Dog", b"/m/0bt9lr\r", b'/m/09x0r"x', b"\xff"]
)
LINES = st.builds(lambda *parts: b"".join(parts), IDS, TIMES, QUOTES, LABELS, QUOTES)


def slowly(lines: list[bytes]) -> list[Row | RejectedRow]:
    rows: list[Row | RejectedRow] = []
    for number, line in enumerate(lines, 1):
        told = parse_row(line, USUAL, "eval")
        if isinstance(told, Segment):
            rows.append(Row(RowRef(4, number), told))
        elif told is not None:
            rows.append(RejectedRow(RowRef(4, number), told, excerpt(line)))
    return rows


def quickly(lines: list[bytes]) -> list[Row | RejectedRow]:
    return list(quick_rows(enumerate(lines, 1), 4, "eval", lambda _line: False))


@given(lines=st.lists(LINES, max_size=30))
def test_both_ways_agree_on_every_line(lines: list[bytes]) -> None:
    assert quickly(lines) == slowly(lines)


@given(
    lines=st.lists(LINES | st.binary(max_size=60).filter(lambda line: b"\n" not in line), max_size=20),
    most=st.integers(1, 3),
)
def test_they_agree_however_little_is_kept(lines: list[bytes], most: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(quick, "_MOST_KEPT", most)
        assert quickly(lines) == slowly(lines)


def test_a_row_of_parts_that_were_seen_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []

    def noted(line: bytes, *others: object) -> object:
        parsed.append(line)
        return parse_row(line, USUAL, "eval")

    monkeypatch.setattr(quick, "parse_row", noted)
    lines = [b'%011d, 0.000, 10.000, "/m/09x0r"' % number for number in range(50)]
    rows = quickly([*lines, b'bad, 0.000, 10.000, "/m/09x0r"'])
    assert len(rows) == 51
    assert parsed == [lines[0], b'bad, 0.000, 10.000, "/m/09x0r"']


def test_a_row_made_quickly_is_like_any_other() -> None:
    first, second = quickly([b'abcdefghijk, 0.000, 10.000, "/m/09x0r"'] * 2)
    assert isinstance(second, Row)
    assert (hash(second.segment), repr(second.segment)) == (hash(first.segment), repr(first.segment))  # type: ignore[union-attr] # both are rows
    with pytest.raises(AttributeError):
        second.segment.split = "other"  # type: ignore[misc] # this is what must not work
