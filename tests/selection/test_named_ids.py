"""``--ids`` and ``--exclude``: ids and keys, one a line, or the videos of a list."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from asyncdl.core.keytable import ABSENT
from asyncdl.errors import UsageError
from asyncdl.inputs.named_ids import read_names
from support.choices import write_weak


def names(path: Path, *candidates: str) -> list[bool]:
    table = read_names([str(path)], path.parent)
    return [table.find(one) != ABSENT for one in candidates]


@pytest.mark.parametrize("is_packed", [False, True])
def test_ids_and_keys_one_a_line(tmp_path: Path, is_packed: bool) -> None:
    text = b"\xef\xbb\xbf# made by hand\n\n--4gqARaEJE\r\n  Video00001A_0_10000 \n\nVideo00002A\n"
    path = tmp_path / "ids.txt"
    path.write_bytes(gzip.compress(text) if is_packed else text)
    assert names(path, "--4gqARaEJE", "Video00001A_0_10000", "Video00001A", "Video00002A") == [
        True,
        True,
        False,
        True,
    ]


def test_a_list_names_its_videos(tmp_path: Path) -> None:
    file = write_weak(tmp_path / "list.csv", [("Video00001A", ["/m/a"]), ("Video00002A", [])])
    assert names(file.path, "Video00001A", "Video00002A", "Video00001A_30000_40000") == [True, True, False]


@pytest.mark.parametrize("line", ["Video00002", "Video00002A_5_1", "Video00002A, 0, 10", "Vid\x1b00002A"])
def test_a_line_that_is_neither_is_told_with_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "ids.txt"
    path.write_text(f"Video00001A\n{line}\n")
    with pytest.raises(UsageError, match="line 2 is neither a video id nor a segment's key") as told:
        read_names([str(path)], tmp_path)
    assert "\x1b" not in str(told.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no file"):
        read_names([str(tmp_path / "nothing.txt")], tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "Video00001A_30000",
        "https://www.youtube.com/watch?v=Video00001A",
        "https://www.youtube.com/watch?t=3&v=Video00001A&list=x",
        "youtu.be/Video00001A?t=30",
        '"Video00001A"',
    ],
)
@pytest.mark.parametrize("above", ["", "ytid\n", "#made by hand\n# twice\nsegment_id\n"])
def test_ids_of_strong_segments_and_addresses_stand_for_their_videos(
    tmp_path: Path, line: str, above: str
) -> None:
    path = tmp_path / "ids.txt"
    path.write_text(f"{above}{line}\n# in between\n#\nVideo00002A\n")
    assert names(path, "Video00001A", "Video00002A", "Video00003A") == [True, True, False]


def test_a_file_without_any_id_is_told_with_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("https://example.org/Video00001A\nVideo00002A\n")
    with pytest.raises(UsageError, match=r"ids\.txt holds no video id: line 1 is neither"):
        read_names([str(path)], tmp_path)
