"""Lines are read within fixed memory, from what is a list and from what is not."""

from __future__ import annotations

import gzip
import os
import socket
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.rows import MAX_LINE_BYTES
from asyncdl.errors import EnvironmentFault, UsageError
from asyncdl.inputs.lines import fingerprint, open_list, physical_lines

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


def before_the_fault(lines: Iterator[bytes]) -> tuple[list[bytes], UsageError]:
    """Collect what comes before a list turns out to be damaged."""
    found: list[bytes] = []
    try:
        for line in lines:
            found.append(line)  # noqa: PERF402 - what came before the fault is wanted
    except UsageError as fault:
        return found, fault
    pytest.fail("the damage was not told")


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\n\nb", [b"a", b"", b"b"]),
        (b"a\r\nb\rc", [b"a\r", b"b\rc"]),
        ("\ufeffé\u2028x\n".encode(), ["\ufeffé\u2028x".encode()]),
    ],
)
def test_only_a_line_feed_ends_a_line(path: Path, content: bytes, lines: list[bytes]) -> None:
    path.write_bytes(content)
    assert list(physical_lines(path)) == lines
    path.write_bytes(gzip.compress(content))
    assert list(physical_lines(path)) == lines


@given(sizes=st.lists(st.integers(0, 3 * MAX_LINE_BYTES) | st.integers(0, 99), max_size=8))
def test_long_lines_come_cut_and_all_others_whole(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "list"
    path.write_bytes(b"".join(b"x" * size + b"\n" for size in sizes))
    lines = list(physical_lines(path))
    assert [min(len(line), MAX_LINE_BYTES + 1) for line in lines] == [
        min(size, MAX_LINE_BYTES + 1) for size in sizes
    ]


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    plain = tmp_path / "plain.csv.gz"
    plain.write_bytes(b"a\n")
    packed = tmp_path / "packed.csv"
    packed.write_bytes(gzip.compress(b"a\n") + gzip.compress(b"b\n"))
    assert list(physical_lines(plain)) == [b"a"]
    assert list(physical_lines(packed)) == [b"a", b"b"]


def test_a_cut_gzip_gives_its_whole_lines_and_then_a_usage_error(path: Path) -> None:
    lines = [b"%08x" % zlib.crc32(b"%d" % number) for number in range(50_000)]
    packed = gzip.compress(b"\n".join(lines))
    path.write_bytes(packed[: len(packed) // 2])
    found, fault = before_the_fault(physical_lines(path))
    assert len(found) > 20_000
    assert found == lines[: len(found)]
    assert "cut or damaged" in str(fault)


@pytest.mark.parametrize("tail", [b"\0" * 8, b"no gzip at all"])
def test_a_gzip_with_wrong_sum_or_foreign_tail_is_told_after_its_lines(path: Path, tail: bytes) -> None:
    packed = gzip.compress(b"a\nb\n")
    path.write_bytes((packed[:-8] if tail.startswith(b"\0") else packed) + tail)
    with pytest.raises(UsageError, match="cut or damaged"):
        list(physical_lines(path))


def test_damage_inside_a_gzip_is_a_usage_error(path: Path) -> None:
    packed = bytearray(gzip.compress(os.urandom(200_000)))
    packed[1_000:1_400] = b"\xff" * 400
    path.write_bytes(packed)
    with pytest.raises(UsageError, match="cut or damaged"):
        list(physical_lines(path))


@pytest.mark.parametrize("fill", [b"x", b"\n"])
def test_memory_is_bounded_however_much_a_small_gzip_unpacks_to(path: Path, fill: bytes) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(32):
            file.write(fill * 1024 * 1024)
    tracemalloc.start()
    try:
        lines = sum(1 for _ in physical_lines(path))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert lines == (1 if fill == b"x" else 32 * 1024 * 1024)
    assert peak_bytes < 4 * 1024 * 1024


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("a, 0, 10\n".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff\0a\0,", "UTF-16"),
        (gzip.compress("a, 0, 10\n".encode("utf-16"), mtime=0), "UTF-16"),
        (b"PK\x03\x04\x14\0", "zip archive or a spreadsheet"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd"),
    ],
)
def test_other_kinds_of_file_are_named(path: Path, content: bytes, what: str) -> None:
    path.write_bytes(content)
    with pytest.raises(UsageError, match=what) as caught:
        list(physical_lines(path))
    assert "UTF-8" in caught.value.mend


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (fifo, tmp_path, Path("/dev/null")):
        with pytest.raises(UsageError, match="not a regular file") as caught:
            open_list(path)
        assert caught.value.mend


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for name in ("missing", "socket", "nul\0", "x" * 300):
            with pytest.raises(UsageError, match="Cannot open the list"):
                open_list(tmp_path / name)


def test_a_disk_that_fails_is_the_environments_fault() -> None:
    """The first page of a process's own memory is a regular file that answers EIO."""
    with pytest.raises(EnvironmentFault, match="Cannot read"):
        list(physical_lines(Path("/proc/self/mem")))
    with pytest.raises(EnvironmentFault, match="Cannot read"):
        fingerprint(Path("/proc/self/mem"))


def test_a_reader_that_stops_early_leaves_no_open_file(path: Path) -> None:
    path.write_bytes(b"a\n" * 100_000)
    before = len(list(Path("/proc/self/fd").iterdir()))
    lines = physical_lines(path)
    assert list(islice(lines, 2)) == [b"a", b"a"]
    lines.close()  # type: ignore[attr-defined] # the iterator is a generator
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_fingerprint_is_sum_and_size_of_the_bytes_on_disk(path: Path) -> None:
    path.write_bytes(b"")
    assert fingerprint(path) == (EMPTY_SHA256, 0)
    path.write_bytes(b"\n" * 3_000_000)
    assert fingerprint(path)[1] == 3_000_000
