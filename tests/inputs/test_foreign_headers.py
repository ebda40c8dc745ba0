"""Headers whose names are not known are refused, and rows behind a number of their own are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncdl.app.choosing import choose
from asyncdl.core.events import Source
from asyncdl.core.model import RejectedRow, Row
from asyncdl.core.selection import SelectionSettings
from asyncdl.core.table_columns import parse_columns
from asyncdl.errors import UsageError
from asyncdl.inputs.first_rejected import first_rejected
from asyncdl.inputs.sources import resolve

ID = "--4gqARaEJE"


def read(path: Path, columns: str = "") -> list[Row | RejectedRow]:
    file = resolve(str(path), path.parent, columns=parse_columns(columns) if columns else None)
    source = Source(index=0, name=file.name, split=file.split, sha256="", size_bytes=0)
    return list(file.reader.rows(path, source, lambda _line: False))


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("YTID,start_ms,end_ms,positive_labels", "the start, for the end or the duration"),
        ("YTID,begin_time,length,labels", "the start, for the end or the duration"),
        ("id,begin,dur,label", "the start"),
        ("# YTID, start_ms, end_ms, positive_labels", "the start"),
        (",Video ID,Begin (s),End (s)", "the video id, for the start"),
        ("video_index,von,bis,labels", "the video id, for the start"),
        ("clip,start,end,label", "the video id"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_header_of_unknown_names_refuses_the_list(
    tmp_path: Path, header: str, missing: str, ending: str
) -> None:
    path = tmp_path / f"list.{ending}"
    text = f"{header}\n{ID},0,10000,/m/04rlf\n"
    path.write_text(text if ending == "csv" else text.replace(",", "\t"))
    with pytest.raises(UsageError, match=f"no column that is known for {missing}") as told:
        resolve(str(path), tmp_path)
    assert "it names: " in str(told.value)
    assert "--columns" in str(told.value.mend)


def test_what_is_said_of_unknown_names_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"id,begin,dur,label\n{ID},5,10,/m/04rlf\n")
    (row,) = read(path, "start=begin,duration=dur")
    assert isinstance(row, Row)
    assert (row.segment.span.start_ms, row.segment.span.end_ms) == (5_000, 15_000)


@pytest.mark.parametrize(
    "above",
    [
        "# YTID, start_seconds, end_seconds, positive_labels",
        "# num_ytids=1, num_segs=1, num_unique_labels=1, num_positive_labels=1",
        "# id, as they were, in order",
        "broken,0,10,/m/04rlf",
        "#NAME?,0,10,/m/04rlf",
        f"{ID},Dog,train",
    ],
)
def test_other_first_lines_refuse_nothing(tmp_path: Path, above: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f'{above}\n{ID}, 0.000, 10.000, "/m/04rlf"\n')
    assert isinstance(read(path)[-1], Row)


def test_a_number_in_front_of_every_row_is_no_column_of_interest(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f'0,{ID}, 60.000, 70.000,"/m/04rlf,/m/09x0r"\n1,Video00002A,0,10,/m/04rlf\n')
    rows = [row.segment for row in read(path) if isinstance(row, Row)]
    assert [(one.key, one.labels, one.columns) for one in rows] == [
        (f"{ID}_60000_70000", ("/m/04rlf", "/m/09x0r"), ()),
        ("Video00002A_0_10000", ("/m/04rlf",), ()),
    ]


def test_an_id_of_eleven_digits_is_no_number_of_a_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("01234567891,0,10,/m/04rlf\n")
    (row,) = read(path)
    assert isinstance(row, Row)
    assert row.segment.ytid == "01234567891"


def test_the_first_rejected_rows_are_told_with_line_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"\n{ID};0;10\n" + f"{ID},0,10,Dog\n" * 5)
    told = first_rejected([resolve(str(path), tmp_path)])
    assert len(told) == 3
    assert told[0] == f"list.csv line 2: fields are separated by semicolons, not by commas: {ID};0;10"
    assert "line 3: a label is no label id" in told[1]


def test_a_choice_from_no_segment_at_all_tells_the_first_rejected_rows(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(f"{ID},0,10,Caf\xe9\n".encode("latin-1") * 2)
    files = [resolve(str(path), tmp_path)]
    with pytest.raises(UsageError, match=r"(?s)There is no segment.*list\.csv line 2: the line is not UTF-8"):
        choose(files, SelectionSettings(), None, tmp_path, print)
