"""What the feed relies on in any reader: held against every reader there is, the moment its file exists."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdl.core.events import Source
from asyncdl.core.model import RejectedRow, Row
from asyncdl.core.ports import Reader
from asyncdl.core.rows import MAX_LINE_BYTES
from asyncdl.errors import UsageError
from asyncdl.inputs import reader, reader_names
from support.lists import PLAIN_LISTS, PlainList

LIST = Source(index=7, name="list.csv", split="train", sha256="", size_bytes=0)
IN_PLACE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
JUNK_LINES = st.lists(st.binary(max_size=60).filter(lambda line: b"\n" not in line), max_size=12)


@dataclass
class Desk:
    """A reader, a list in its form, and the file that is read."""

    reader: Reader
    plain: PlainList
    path: Path

    def read(self, *lines: bytes, skip: frozenset[int] = frozenset()) -> list[Row | RejectedRow]:
        """Read these lines below the head; line numbers in ``skip`` are passed over."""
        self.path.write_bytes(self.plain.text(list(lines)))
        return list(self.reader.rows(self.path, LIST, skip.__contains__))

    def at(self, place: int) -> int:
        """Line number of the row at a place, counted from 0."""
        return self.plain.head_lines + 1 + place


@pytest.fixture(name="desk", params=reader_names())
def _desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    return Desk(reader(request.param), PLAIN_LISTS[request.param], tmp_path / "list")


def test_every_reader_has_a_plain_list_here_and_every_plain_list_a_reader() -> None:
    assert set(PLAIN_LISTS) == set(reader_names())


def test_rows_come_in_order_with_their_line_numbers_and_the_lists_index_and_split(desk: Desk) -> None:
    rows = desk.read(*desk.plain.lines(5))
    assert [row.ref.line for row in rows] == [desk.at(place) for place in range(5)]
    for number, row in enumerate(rows):
        assert isinstance(row, Row), row
        assert row.segment.ytid == f"{number:010d}A"
        assert row.segment.span.start_ms == number * 1000
        assert (row.ref.source, row.segment.split) == (7, "train")


def test_a_bad_line_is_one_rejected_row_in_its_place_and_stops_nothing(desk: Desk) -> None:
    good, junk, after = desk.read(desk.plain.line(0), b"\xff\x00 no row, at all", desk.plain.line(2))
    assert isinstance(good, Row)
    assert isinstance(junk, RejectedRow)
    assert isinstance(after, Row)
    assert [row.ref.line for row in (good, junk, after)] == [desk.at(place) for place in range(3)]
    assert junk.reason
    assert junk.text.isprintable()


def test_skipped_lines_are_not_even_parsed(desk: Desk) -> None:
    good = desk.plain.lines(4)
    rows = desk.read(good[0], b"junk", *good[1:], skip=frozenset({desk.at(1), desk.at(3)}))
    assert [row.ref.line for row in rows] == [desk.at(place) for place in (0, 2, 4)]
    assert all(isinstance(row, Row) for row in rows)


def test_each_line_is_asked_about_once_and_in_order(desk: Desk) -> None:
    asked: list[int] = []

    def note(line: int, /) -> bool:
        asked.append(line)
        return line % 2 == 0

    desk.path.write_bytes(desk.plain.text(desk.plain.lines(50)))
    rows = list(desk.reader.rows(desk.path, LIST, note))
    assert asked == [desk.at(place) for place in range(50)]
    assert len(rows) == 25


def test_about_how_many_segments_there_are_is_told_beforehand(desk: Desk) -> None:
    desk.path.write_bytes(desk.plain.text(desk.plain.lines(50)))
    assert 50 <= desk.reader.roughly(desk.path) <= 50 + desk.plain.head_lines


def test_rows_come_before_the_rest_of_the_list_is_read(desk: Desk) -> None:
    """The end of the file is damaged, and nobody who takes only its begin learns of it."""
    order = random.Random(3).sample(range(10**9), 20_000)
    whole = gzip.compress(desk.plain.text([desk.plain.line(number) for number in order]), mtime=0)
    desk.path.write_bytes(whole[: len(whole) // 2])
    rows = desk.reader.rows(desk.path, LIST, lambda _: False)
    assert isinstance(rows, Iterator)
    assert len(list(islice(rows, 100))) == 100
    with pytest.raises(UsageError, match="cut or damaged"):
        list(rows)


def test_reading_twice_gives_the_same(desk: Desk) -> None:
    lines = [*desk.plain.lines(3), b"junk", b"", desk.plain.line(9)]
    assert desk.read(*lines) == desk.read(*lines)


def test_an_endless_line_is_rejected_in_bounded_form(desk: Desk) -> None:
    _, endless, after = desk.read(desk.plain.line(0), b"x" * (4 * MAX_LINE_BYTES), desk.plain.line(1))
    assert isinstance(endless, RejectedRow)
    assert len(endless.text) < 1000
    assert isinstance(after, Row)


@IN_PLACE
@given(junk=JUNK_LINES)
def test_junk_between_rows_never_raises_and_never_hides_a_row(desk: Desk, junk: list[bytes]) -> None:
    first, last = desk.plain.line(1), desk.plain.line(2)
    rows = desk.read(first, *junk, last)
    lines = [row.ref.line for row in rows]
    assert lines == sorted(set(lines))
    assert lines[0] == desk.at(0)
    assert lines[-1] == desk.at(len(junk) + 1)
    assert isinstance(rows[-1], Row)


@IN_PLACE
@given(data=st.binary(max_size=400))
def test_a_file_of_junk_raises_nothing_but_a_usage_error(desk: Desk, data: bytes) -> None:
    desk.path.write_bytes(data)
    rows: list[Row | RejectedRow] = []
    with suppress(UsageError):
        rows += desk.reader.rows(desk.path, LIST, lambda _: False)
    assert len(rows) <= data.count(b"\n") + 1
