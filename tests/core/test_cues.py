"""The WebM index: in front, at the end, damaged, and the patch that makes a part decodable."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.cues import FarBytes, open_ended_segment, parse_cues
from asyncdl.core.index import MAX_PREFIX_BYTES, CuesAt, Index, NeedMore, NoIndex, NotAnIndex
from asyncdl.core.model import Container
from support.containers import element, webm

TIMES = [0, 9_981, 19_981]


def test_cues_in_front_name_every_cluster() -> None:
    file = webm(TIMES)
    index = parse_cues(file.data, len(file.data))
    assert isinstance(index, Index)
    assert (index.container, index.init_bytes, index.end_ms) == (Container.WEBM, file.clusters_at[0], 30_000)
    assert [e.first_byte for e in index.entries] == list(file.clusters_at)
    assert [e.end_byte for e in index.entries] == [*file.clusters_at[1:], len(file.data)]
    assert [(e.start_ms, e.end_ms) for e in index.entries] == [(0, 9_981), (9_981, 19_981), (19_981, 30_000)]


def test_ticks_are_scaled_by_the_files_own_time_scale() -> None:
    file = webm([0, 100], duration=300, scale_ns=500_000)
    index = parse_cues(file.data, len(file.data))
    assert isinstance(index, Index)
    assert (index.entries[1].start_ms, index.end_ms) == (50, 150)


def test_cues_at_the_end_are_found_through_the_seek_head() -> None:
    file = webm(TIMES, cues_in_front=False)
    asked = parse_cues(file.data[:200], len(file.data))
    assert asked == CuesAt(file.cues_at, len(file.data))
    index = parse_cues(file.data[:200], len(file.data), FarBytes(file.cues_at, file.data[file.cues_at :]))
    assert isinstance(index, Index)
    assert index.entries[-1].end_byte == file.cues_at
    assert index.init_bytes == file.clusters_at[0]


def test_cut_far_cues_are_asked_for_once_more_to_their_exact_end() -> None:
    file = webm(TIMES, cues_in_front=False)
    far = FarBytes(file.cues_at, file.data[file.cues_at : file.cues_at + 20])
    assert parse_cues(file.data[:200], len(file.data), far) == CuesAt(file.cues_at, len(file.data))


@given(st.integers(0, 150), st.booleans())
def test_a_cut_prefix_asks_for_more_until_it_is_enough(cut: int, in_front: bool) -> None:
    file = webm(TIMES, cues_in_front=in_front)
    said = parse_cues(file.data[:cut], len(file.data))
    for _ in range(4):
        if not isinstance(said, NeedMore):
            break
        assert cut < said.end_byte <= len(file.data)
        cut = said.end_byte
        said = parse_cues(file.data[:cut], len(file.data))
    assert isinstance(said, Index if in_front else CuesAt)


@pytest.mark.parametrize(
    ("times", "duration", "reason"),
    [
        ([0, 20, 10], 30_000.0, "out of order"),
        ([0, 20], 20.0, "out of order"),
        ([0], 0.0, "no duration"),
        ([0], float("nan"), "no duration"),
        ([0], float("inf"), "no duration"),
        ([], 30_000.0, "do not begin"),
    ],
)
def test_an_index_that_cannot_be_true_is_refused(times: list[int], duration: float, reason: str) -> None:
    file = webm(times, duration=duration)
    data = file.data + element(0x1F43B675, b"\0" * 50)
    said = parse_cues(data, len(data))
    assert isinstance(said, NoIndex)
    assert reason in said.reason


def test_a_file_without_cues_or_seek_head_has_no_index() -> None:
    head = element(0x1A45DFA3, b"")
    data = head + element(0x18538067, element(0x1F43B675, b"\0" * 50))
    assert parse_cues(data, len(data)) == NoIndex("no Cues")


def test_the_segment_becomes_open_ended_and_nothing_else_changes() -> None:
    file = webm(TIMES)
    patched = open_ended_segment(file.data[: file.clusters_at[0]])
    size_at = file.data.index(b"\x18\x53\x80\x67") + 4
    assert patched[size_at : size_at + 8] == b"\x01" + b"\xff" * 7
    assert patched[:size_at] == file.data[:size_at]
    assert patched[size_at + 8 :] == file.data[size_at + 8 : file.clusters_at[0]]


@pytest.mark.parametrize(("length", "unknown"), [(1, b"\xff"), (4, b"\x1f\xff\xff\xff")])
def test_short_sizes_become_unknown_at_their_own_length(length: int, unknown: bytes) -> None:
    init = element(0x1A45DFA3, b"") + element(0x18538067, b"\xec\x80", length)
    assert open_ended_segment(init) == init.replace(element(0x18538067, b"\xec\x80", length)[4:-2], unknown)


@given(st.binary(max_size=300))
def test_the_patch_of_junk_raises_its_own_error_or_keeps_the_length(data: bytes) -> None:
    with suppress(NotAnIndex):
        assert len(open_ended_segment(data)) == len(data)


@given(st.binary(max_size=400), st.integers(0, 2**40), st.binary(max_size=100))
def test_junk_never_raises(data: bytes, size: int, far: bytes) -> None:
    for prefix in (data, webm(TIMES).data[:20] + data):
        said = parse_cues(prefix, size, FarBytes(len(prefix), far))
        if isinstance(said, NeedMore):
            assert len(prefix) < said.end_byte <= MAX_PREFIX_BYTES


@given(st.data(), st.booleans())
def test_a_damaged_index_never_points_outside_the_file(data: st.DataObject, in_front: bool) -> None:
    file = webm(TIMES, cues_in_front=in_front)
    bad = bytearray(file.data)
    for _ in range(data.draw(st.integers(1, 4))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    said = parse_cues(bytes(bad), len(bad), FarBytes(file.cues_at, bytes(bad[file.cues_at :])))
    if isinstance(said, Index):
        assert all(0 <= e.first_byte < e.end_byte <= len(bad) for e in said.entries)
        assert all(e.start_ms < e.end_ms for e in said.entries)


def test_a_time_scale_beyond_all_floats_is_refused() -> None:
    info = element(0x2AD7B1, b"\xff" * 8, 1) + element(0x4489, struct.pack(">d", 1e308), 1)
    segment = element(0x18538067, element(0x1549A966, info) + webm(TIMES).data[-600:], 8)
    data = element(0x1A45DFA3, b"") + segment
    assert isinstance(parse_cues(data, len(data)), NoIndex)
