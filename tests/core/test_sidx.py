"""The mp4 segment index: what it says, what it still needs, and why it is of no use."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asyncdl.core.index import MAX_PREFIX_BYTES, Index, NeedMore, NoIndex
from asyncdl.core.model import Container
from asyncdl.core.sidx import parse_sidx
from support.containers import box, sidx

HEAD = box(b"ftyp", b"dash") + box(b"moov", b"\0" * 50)
ENTRIES = [(1000, 10_000), (2000, 10_000), (500, 3_500)]


def test_entries_follow_each_other_in_bytes_and_time() -> None:
    data = HEAD + sidx(ENTRIES)
    index = parse_sidx(data, len(data) + 3500)
    assert isinstance(index, Index)
    assert (index.container, index.init_bytes, index.end_ms) == (Container.MP4, len(HEAD), 23_500)
    first = len(data)
    assert [(e.start_ms, e.end_ms, e.first_byte, e.end_byte) for e in index.entries] == [
        (0, 10_000, first, first + 1000),
        (10_000, 20_000, first + 1000, first + 3000),
        (20_000, 23_500, first + 3000, first + 3500),
    ]


@pytest.mark.parametrize("version", [0, 1])
def test_times_begin_at_the_earliest_presentation_time_and_bytes_after_the_first_offset(version: int) -> None:
    data = HEAD + sidx(ENTRIES, timescale=44_100, earliest=441, first_offset=64, version=version)
    index = parse_sidx(data, 10_000)
    assert isinstance(index, Index)
    assert index.entries[0].start_ms == pytest.approx(10.0)
    assert index.entries[0].first_byte == len(data) + 64


@given(st.integers(0, len(HEAD + sidx(ENTRIES)) - 1))
def test_a_cut_prefix_asks_for_more_until_it_is_enough(cut: int) -> None:
    data = HEAD + sidx(ENTRIES) + b"\0" * 3500
    asked = parse_sidx(data[:cut], len(data))
    for _ in range(4):
        if isinstance(asked, Index):
            break
        assert isinstance(asked, NeedMore)
        assert cut < asked.end_byte <= len(data)
        cut = asked.end_byte
        asked = parse_sidx(data[:cut], len(data))
    assert isinstance(asked, Index)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (HEAD + box(b"moof", b"\0" * 20) + sidx(ENTRIES), "media before"),
        (HEAD + box(b"mdat", b"\0" * 20), "media before"),
        (box(b"ftyp", b"dash") + sidx(ENTRIES), "before moov"),
        (HEAD + sidx(ENTRIES, reference_type=1), "index of indexes"),
        (HEAD + sidx(ENTRIES, timescale=0), "time scale"),
        (HEAD + sidx([]), "empty sidx"),
        (HEAD + sidx([(0, 10)]), "impossible sidx entry"),
        (HEAD + sidx([(10, 0)]), "impossible sidx entry"),
        (HEAD + sidx([(100_000, 10)]), "impossible sidx entry"),
        (HEAD + box(b"sidx", b"\0" * 8), "too short"),
        (HEAD + struct.pack(">I4s", 4, b"free") + b"\0" * 20, "impossible size"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_of_no_use_is_told_with_the_reason(data: bytes, reason: str) -> None:
    said = parse_sidx(data.ljust(5000, b"\0"), 5000)
    assert isinstance(said, NoIndex)
    assert reason in said.reason


def test_a_file_that_ends_before_any_index_has_none() -> None:
    data = HEAD + box(b"free", b"\0" * 20)
    assert parse_sidx(data, len(data)) == NoIndex(
        f"an element ends at byte {len(data) + 8}, the file at {len(data)}"
    )


def test_no_more_than_the_bound_is_ever_asked_for() -> None:
    data = box(b"ftyp") + struct.pack(">I4s", 100_000_000, b"moov") + b"\0" * 100
    assert isinstance(parse_sidx(data, 200_000_000), NoIndex)


@given(st.binary(max_size=400), st.integers(0, 2**40))
@example(b"\0\0\0\1moov" + b"\xff" * 8, 2**63)
def test_junk_never_raises(data: bytes, size: int) -> None:
    said = parse_sidx(data, size)
    assert isinstance(said, NeedMore | NoIndex | Index)
    if isinstance(said, NeedMore):
        assert len(data) < said.end_byte <= MAX_PREFIX_BYTES


@given(st.data())
def test_a_damaged_index_never_points_outside_the_file(data: st.DataObject) -> None:
    good = bytearray(HEAD + sidx(ENTRIES) + b"\0" * 3500)
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    said = parse_sidx(bytes(good[:500]), len(good))
    if isinstance(said, Index):
        assert all(0 <= e.first_byte < e.end_byte <= len(good) for e in said.entries)
        assert all(e.start_ms < e.end_ms for e in said.entries)
