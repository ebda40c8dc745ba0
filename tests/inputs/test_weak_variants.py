"""Forms in which people have saved weak lists again: each is read, or refused with a reason that names it."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from asyncdl.core.events import Source
from asyncdl.core.model import RejectedRow, Row
from asyncdl.core.rows import RejectReason
from asyncdl.errors import UsageError
from asyncdl.inputs.sources import resolve

ONE, TWO = "--aB3dE5gH8", "A0XDXcbJuWI"
CREATED = "# Segments csv created Sun Mar  5 10:54:25 2017\n"
COUNTS = "# num_ytids=2, num_segs=2, num_unique_labels=3, num_positive_labels=4\n"
NAMES = "# YTID, start_seconds, end_seconds, positive_labels\n"
ROWS = f'{ONE}, 0.000, 10.000, "/m/068hy,/m/0jbk"\n{TWO}, 61.100, 71.100, "/m/09x0r"\n'
USUAL = CREATED + COUNTS + NAMES + ROWS
INDEXED = f"""\
index,YTID,start_seconds,end_seconds,positive_labels,private
0,{ONE},0,10,"/m/068hy,/m/0jbk",False
1,{TWO},61.1,71.1,/m/09x0r,True
"""
WANTED = [
    (f"{ONE}_0_10000", ("/m/068hy", "/m/0jbk")),
    (f"{TWO}_61100_71100", ("/m/09x0r",)),
]


def rows_of(folder: Path, data: bytes, name: str = "list.csv") -> list[Row | RejectedRow]:
    path = folder / name
    path.write_bytes(data)
    file = resolve(str(path), folder)
    return list(file.reader.rows(path, Source(0, name, file.split, "", 0), lambda _line: False))


def read(rows: list[Row | RejectedRow]) -> list[tuple[str, tuple[str, ...]]]:
    assert all(isinstance(row, Row) for row in rows), rows
    return [(row.segment.key, row.segment.labels) for row in rows if isinstance(row, Row)]


@pytest.mark.parametrize(
    "text",
    [
        USUAL,
        ROWS,
        NAMES + ROWS,
        CREATED + ROWS,
        COUNTS + NAMES + ROWS,
        COUNTS.replace("=2", "=20371") + NAMES + ROWS,
        "yt_id,start_seconds, end_seconds, positive_labels\n" + ROWS.replace(", 0.000, ", ",0.000,"),
        "youtube_id,start_seconds,end_seconds,positive_labels\n" + ROWS,
        f"{ONE},0,10,/m/068hy,/m/0jbk\n{TWO},61.1,71.1,/m/09x0r\n",
        f'{ONE},0.000,10.000,"""/m/068hy",/m/0jbk"",,,,\n{TWO}, 61.100 ,71.100,"/m/09x0r",,,\n',
        INDEXED,
        "ytid\tstart\tend\tlabels\n" + f"{ONE}\t0\t10\t/m/068hy,/m/0jbk\n{TWO}\t61.1\t71.1\t/m/09x0r\n",
    ],
    ids=[
        "as given",
        "header stripped",
        "names only",
        "date only",
        "two lines",
        "another count",
        "no number sign, mixed separators",
        "another name of the id",
        "unquoted, whole numbers",
        "labels over columns, stray quotes",
        "index column first, more at the end",
        "tabs in a file named .tsv",
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_harmless_changes_are_read(tmp_path: Path, text: str, mark: str, end: str) -> None:
    name = "list.tsv" if "\t" in text else "list.csv"
    assert read(rows_of(tmp_path, (mark + text.replace("\n", end)).encode(), name)) == WANTED


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (USUAL.encode("utf-16"), "UTF-16"),
        (codecs.BOM_UTF16_BE + USUAL.encode("utf-16-be"), "UTF-16"),
        (NAMES.replace(",", ";").encode(), "semicolons"),
        (NAMES.replace(",", "|").encode(), "vertical bars"),
        (NAMES.replace(", ", "\t").encode(), "tabs, not by commas"),
    ],
)
def test_what_cannot_be_read_at_all_is_named(tmp_path: Path, data: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        rows_of(tmp_path, data)
    assert caught.value.mend


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{ONE};0;10;/m/068hy", RejectReason.SEMICOLON_SEPARATED),
        (f"{ONE}|0|10|/m/068hy", RejectReason.BAR_SEPARATED),
        (f"{ONE}\t0\t10\t/m/068hy", RejectReason.TAB_SEPARATED),
        (f'{ONE}, 0.000, 10.000, "/m/068hy', RejectReason.OPEN_QUOTE),
        ('#NAME?,30,40,"/m/09x0r,/t/dd00088"', RejectReason.SPREADSHEET_ID),
        (f"{ONE}, 0.000, 10.000\r{TWO}, 0.000, 10.000", RejectReason.LONE_CR),
        (f"{ONE}, nan, 10", RejectReason.NOT_A_TIME),
        (f"{ONE}, 0, 1_0", RejectReason.NOT_A_TIME),
        (f"{ONE}, 0, 1e999", RejectReason.NOT_A_TIME),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_damaged_row_is_told_with_its_line_wherever_it_stands(
    tmp_path: Path, line: str, reason: RejectReason, place: int
) -> None:
    lines = ROWS.splitlines()
    lines.insert(place, line)
    rows = rows_of(tmp_path, "\n".join(lines).encode())
    assert [(row.ref.line, row.reason) for row in rows if isinstance(row, RejectedRow)] == [
        (place + 1, reason)
    ]
    assert read([row for row in rows if isinstance(row, Row)]) == WANTED


def test_damaged_ids_are_counted_one_by_one_and_called_what_they_are(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, (CREATED + '#NAME?,30,40,"/m/09x0r"\n' * 371 + ROWS).encode())
    damaged = [row for row in rows if isinstance(row, RejectedRow)]
    assert [row.ref.line for row in damaged] == list(range(2, 373))
    assert {row.reason for row in damaged} == {RejectReason.SPREADSHEET_ID}
    assert "spreadsheet damage" in damaged[0].reason
