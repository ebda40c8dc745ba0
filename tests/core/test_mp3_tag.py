"""The length that an MP3 file states."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.mp3_tag import with_exact_length

ID3 = b"ID3\x04\x00\x00\x00\x00\x00\x05hello"


def head(frames: int, delay: int, filling: int, *, version: int = 0xFB, id3: bytes = ID3) -> bytes:
    tag = bytearray(156)
    tag[0:4] = b"Info"
    tag[8:12] = frames.to_bytes(4, "big")
    tag[141:144] = (delay << 12 | filling).to_bytes(3, "big")
    return id3 + bytes([0xFF, version, 0x54, 0xC0]) + bytes(17) + bytes(tag) + bytes(400)


def stated(data: bytes, per_frame: int) -> int:
    tag = data.index(b"Info")
    delays = int.from_bytes(data[tag + 141 : tag + 144], "big")
    return int.from_bytes(data[tag + 8 : tag + 12], "big") * per_frame - (delays >> 12) - (delays & 0xFFF)


@pytest.mark.parametrize("id3", [b"", ID3])
@pytest.mark.parametrize(("version", "per_frame"), [(0xFB, 1152), (0xF3, 576)])
@given(filling=st.integers(0, 4095), wrong=st.integers(0, 4095))
def test_the_stated_length_becomes_the_encoded_one(
    version: int, per_frame: int, id3: bytes, filling: int, wrong: int
) -> None:
    samples = 100 * per_frame - 576 - filling
    fixed = with_exact_length(head(100, 576, wrong, version=version, id3=id3), samples)
    assert stated(fixed, per_frame) == samples
    assert len(fixed) == len(head(100, 576, wrong, version=version, id3=id3))


@pytest.mark.parametrize("data", [b"", ID3, b"\xff\xfb\x54\xc0" + bytes(500), head(100, 576, 9)[:60]])
def test_a_file_without_a_whole_tag_stays_as_it_is(data: bytes) -> None:
    assert with_exact_length(data, 1_000) is data


def test_a_length_that_the_field_cannot_state_changes_nothing() -> None:
    data = head(100, 576, 9)
    assert with_exact_length(data, 200_000) is data
    assert with_exact_length(data, 1) is data
