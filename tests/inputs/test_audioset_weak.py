"""Weak lists, as AudioSet gives them and as people save them again, become rows with their line numbers."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest

from asyncdl.core.events import Source
from asyncdl.core.model import RejectedRow, Row, RowRef, Segment, Span
from asyncdl.core.rows import RejectReason
from asyncdl.errors import UsageError
from asyncdl.inputs import reader, reader_names
from asyncdl.inputs.audioset_weak import READER

DATA = Path(__file__).parent.parent / "data"
LIST = Source(index=3, name="list.csv", split="list", sha256="", size_bytes=0)


def no_line(_line: int, /) -> bool:
    return False


def rows_of(path: Path) -> list[Row | RejectedRow]:
    return list(READER.rows(path, LIST, no_line))


def told(path: Path) -> list[tuple[int, str]]:
    """Line number, and key or reason, of each row."""
    return [
        (row.ref.line, row.segment.key if isinstance(row, Row) else RejectReason(row.reason).name)
        for row in rows_of(path)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


def test_a_list_as_audioset_gives_it() -> None:
    rows = rows_of(DATA / "weak_usual.csv")
    assert rows[0] == Row(
        RowRef(3, 4),
        Segment("--aB3dE5gH8", Span(0, 10_000), "list", ("/m/068hy", "/m/07q6cd_", "/m/0bt9lr", "/m/0jbk")),
    )
    assert told(DATA / "weak_usual.csv") == [
        (4, "--aB3dE5gH8_0_10000"),
        (5, "-xY2_wV4uT0_30000_40000"),
        (6, "A0XDXcbJuWI_61100_71100"),
        (7, "Zz_-Zz_-Zz8_590000_593000"),
        (8, "zT9rQ7pN5mE_8000_18000"),
    ]


def test_a_list_that_a_spreadsheet_saved() -> None:
    rows = rows_of(DATA / "weak_spreadsheet.csv")
    assert told(DATA / "weak_spreadsheet.csv") == [
        (3, "--aB3dE5gH8_0_10000"),
        (4, "SPREADSHEET_ID"),
        (5, "A0XDXcbJuWI_61100_71100"),
        (7, "zT9rQ7pN5mE_8000_18000"),
    ]
    assert isinstance(rows[0], Row)
    assert rows[0].segment.labels == ("/m/068hy", "/m/07q6cd_", "/m/0jbk")
    assert isinstance(rows[1], RejectedRow)
    assert rows[1].text == '#NAME?,30,40,"/m/09x0r,/t/dd00088",,,'


def test_a_list_whose_header_names_more_columns() -> None:
    """The count in its comment is another list's and is not believed."""
    rows = rows_of(DATA / "weak_named_columns.csv")
    assert told(DATA / "weak_named_columns.csv") == [
        (3, "--aB3dE5gH8_0_10000"),
        (4, "A0XDXcbJuWI_61100_71100"),
        (5, "zT9rQ7pN5mE_8000_18000"),
        (6, "SURPLUS_FIELDS"),
    ]
    assert isinstance(rows[0], Row)
    assert rows[0].segment.columns == (("index", "0"), ("private", "False"), ("note", "barks, twice"))
    assert isinstance(rows[2], Row)
    assert rows[2].segment.labels == ()
    assert dict(rows[2].segment.columns)["note"] == "naïve"


@pytest.mark.parametrize("kept", [(), (0,), (2,), (0, 1), (1, 2)])
def test_any_of_the_three_header_lines_may_be_missing(path: Path, kept: tuple[int, ...]) -> None:
    lines = (DATA / "weak_usual.csv").read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*(lines[n] for n in kept), *lines[3:]]))
    assert [line for line, _ in told(path)] == [len(kept) + n for n in range(1, 6)]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_byte_order_mark_crlf_and_gzip_change_nothing(path: Path, mark: bytes, end: bytes) -> None:
    content = mark + (DATA / "weak_usual.csv").read_bytes().replace(b"\n", end)
    path.write_bytes(gzip.compress(content))
    assert rows_of(path) == rows_of(DATA / "weak_usual.csv")


def test_a_bad_row_never_stops_the_list_and_never_swallows_its_neighbour(path: Path) -> None:
    bad = [b'--aB3dE5gH8, 0, 10, "/m/0jbk', b"\0", b"\xff", b"x" * 200_000, b"", b"y\rz", b'"', b"#NAME?"]
    good = b"zT9rQ7pN5mE, 8, 18, /m/04rlf\n"
    path.write_bytes(good + b"".join(line + b"\n" + good for line in bad))
    found = told(path)
    assert [line for line, what in found if what.startswith("zT9")] == [1, 3, 5, 7, 9, 11, 13, 15, 17]
    assert [what for _, what in found if not what.startswith("zT9")] == [
        "OPEN_QUOTE",
        "NUL_BYTE",
        "NOT_UTF8",
        "LINE_TOO_LONG",
        "LONE_CR",
        "MISSING_FIELDS",
        "SPREADSHEET_ID",
    ]


def test_skipped_lines_are_asked_for_once_and_never_parsed(path: Path) -> None:
    path.write_bytes(b"# YTID, start_seconds, end_seconds, positive_labels\nbad\nzT9rQ7pN5mE, 8, 18\nworse\n")
    asked: list[int] = []

    def skip(line: int, /) -> bool:
        asked.append(line)
        return line != 3

    rows = list(READER.rows(path, LIST, skip))
    assert [row.ref for row in rows] == [RowRef(3, 3)]
    assert asked == [2, 3, 4]


def test_columns_are_known_even_when_the_first_rows_are_skipped() -> None:
    rows = list(READER.rows(DATA / "weak_named_columns.csv", LIST, lambda line: line < 5))
    assert [row.ref.line for row in rows] == [5, 6]
    assert isinstance(rows[0], Row)
    assert rows[0].segment.ytid == "zT9rQ7pN5mE"


def test_lists_put_together_are_read_as_long_as_their_columns_agree(path: Path) -> None:
    usual = (DATA / "weak_usual.csv").read_bytes()
    path.write_bytes(usual + b"\xef\xbb\xbf" + usual + (DATA / "weak_named_columns.csv").read_bytes())
    found = told(path)
    assert [line for line, what in found if not what.isupper()][5:10] == [12, 13, 14, 15, 16]
    assert (18, "HEADER_INSIDE") in found


def test_a_header_without_an_end_column_is_a_usage_error(path: Path) -> None:
    path.write_bytes(b"audiocap_id,youtube_id,start_time,caption\r\n1,zT9rQ7pN5mE,8,a dog\r\n")
    with pytest.raises(UsageError, match="no column for the end of a segment") as caught:
        rows_of(path)
    assert "end_seconds" in caught.value.mend


def test_rows_come_lazily(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        file.write(b"zT9rQ7pN5mE, 8, 18, /m/04rlf\n" * 20_000)
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    rows = READER.rows(path, LIST, no_line)
    assert isinstance(next(rows), Row)
    with pytest.raises(UsageError, match="cut or damaged"):
        list(rows)


def test_the_registry_names_readers_and_refuses_others() -> None:
    assert "audioset_weak" in reader_names()
    for name in reader_names():
        assert callable(reader(name).rows)
    with pytest.raises(UsageError, match="no reader 'lines'"):
        reader("lines")


@pytest.fixture
def real_lists() -> Path:
    folder = os.environ.get("ASYNCDL_TEST_DATA")
    if not folder:
        pytest.skip("ASYNCDL_TEST_DATA does not name the folder of AudioSet's own lists")
    return Path(folder)


@pytest.mark.parametrize(
    ("name", "rows", "labels", "dashed"),
    [
        ("eval_segments.csv", 20_371, 51_804, 392),
        ("balanced_train_segments.csv", 22_160, 52_882, 459),
        ("unbalanced_train_segments.csv.gz", 2_041_789, 4_020_212, 62_080),
    ],
)
def test_the_real_lists_are_read_whole(
    real_lists: Path, name: str, rows: int, labels: int, dashed: int
) -> None:
    found = [0, 0, 0]
    for row in READER.rows(real_lists / name, LIST, no_line):
        assert isinstance(row, Row)
        found[0] += 1
        found[1] += len(row.segment.labels)
        found[2] += row.segment.ytid.startswith("-")
    assert found == [rows, labels, dashed]


def test_memory_does_not_grow_with_the_list(path: Path) -> None:
    """Rows with ever new ids, times and labels: kept, they would take some 25 MB."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        for n in range(60_000):
            file.write(b'%011d, %d.%03d, %d.500, "/m/%x,/m/04rlf"\n' % (n, n % 900, n % 500, n % 900 + 1, n))
    tracemalloc.start()
    try:
        count = sum(isinstance(row, Row) for row in READER.rows(path, LIST, no_line))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 60_000
    assert peak_bytes < 8 * 1024 * 1024
