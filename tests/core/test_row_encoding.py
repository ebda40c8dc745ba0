"""Rows share records: neighbours of one source and split, up to a bound, in the order of the notes."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.encoding import decode, encode
from asyncdl.core.events import RowEvent, RowRepeated, RowSelected, RowsSelected
from asyncdl.core.model import Row, RowRef, Segment, Span
from asyncdl.core.records import MAX_RECORD_BYTES, pack
from asyncdl.core.row_encoding import MOST_BYTES, MOST_ROWS, gathered, note_of

ROW = st.builds(
    lambda source, line, split, labels, columns: Row(
        RowRef(source, line), Segment("--PJHxphWEs", Span(30_000, 40_000), split, labels, columns)
    ),
    st.integers(0, 1),
    st.integers(1, 3_000_000),
    st.sampled_from(["eval", "my_list"]),
    st.lists(st.text(st.characters(codec="utf-8"), max_size=9), max_size=3).map(tuple),
    st.lists(st.tuples(st.text("ab", max_size=3), st.text('é"', max_size=3)), max_size=2).map(tuple),
)
EVENT: st.SearchStrategy[RowEvent] = st.one_of(
    st.builds(RowSelected, ROW), st.just(RowRepeated(RowRef(0, 7), "--PJHxphWEs_30000_40000"))
)


def written(events: list[RowEvent]) -> list[bytes]:
    return [
        *gathered(
            note_of(event) if isinstance(event, RowSelected) else pack(encode(event)) for event in events
        )
    ]


def read(records: list[bytes]) -> list[RowEvent]:
    events: list[RowEvent] = []
    for record in records:
        event = decode(orjson.loads(record))
        if isinstance(event, RowsSelected):
            events += map(RowSelected, event.rows)
        else:
            assert isinstance(event, RowRepeated)
            events.append(event)
    return events


def a_row(line: int, text: str = "") -> RowSelected:
    columns = (("note", text),) if text else ()
    return RowSelected(Row(RowRef(0, line), Segment("--PJHxphWEs", Span(0, 1), "eval", (), columns)))


@given(st.lists(EVENT))
def test_what_was_noted_comes_back_in_order(events: list[RowEvent]) -> None:
    assert read(written(events)) == events


def test_neighbours_share_a_record_and_others_do_not() -> None:
    repeated = RowRepeated(RowRef(0, 7), "--PJHxphWEs_30000_40000")
    other = RowSelected(Row(RowRef(1, 9), a_row(1).row.segment))
    assert [
        len(read([one])) for one in written([a_row(1), a_row(2), other, a_row(3), repeated, a_row(4)])
    ] == [
        2,
        1,
        1,
        1,
        1,
    ]


def test_a_record_is_bounded_in_rows_and_in_bytes() -> None:
    assert [len(read([one])) for one in written([a_row(line) for line in range(1, 601)])] == [
        MOST_ROWS,
        MOST_ROWS,
        600 - 2 * MOST_ROWS,
    ]
    long = written([a_row(line, "x" * 30_000) for line in range(1, 6)])
    assert [len(read([one])) for one in long] == [2, 2, 1]
    (alone,) = written([a_row(1, "x" * 2 * MOST_BYTES)])
    assert len(alone) < MAX_RECORD_BYTES


def test_entries_leave_out_what_is_empty_and_may_grow() -> None:
    (record,) = written([a_row(4)])
    assert record == b'{"e":"rows","s":0,"p":"eval","rows":[[4,"--PJHxphWEs_0_1"]]}'
    fields = orjson.loads(record)
    fields["rows"][0] += [[], [], "from the future"]
    assert decode(fields) == RowsSelected((a_row(4).row,))
