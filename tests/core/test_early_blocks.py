"""Opus packets long before a span are left out, and nothing else is ever touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.early_blocks import without_early_blocks

START_MS = 19_981
PAYLOAD = 80


def block(offset_ms: int, flags: int = 0x80) -> bytes:
    body = (
        b"\x81"
        + offset_ms.to_bytes(2, signed=True)
        + bytes([flags])
        + bytes([offset_ms // 20 % 256]) * PAYLOAD
    )
    return b"\xa3" + (len(body) | 1 << 14).to_bytes(2) + body


def cluster(*blocks: bytes, start_ms: int = START_MS) -> bytes:
    body = b"\xe7\x82" + start_ms.to_bytes(2) + b"".join(blocks)
    return b"\x1f\x43\xb6\x75" + (len(body) | 1 << 28).to_bytes(4) + body


BLOCKS = tuple(block(20 * number) for number in range(500))
NEXT = cluster(block(0), start_ms=29_981)


def test_packets_that_end_before_the_wanted_time_are_left_out() -> None:
    shortened = without_early_blocks(cluster(*BLOCKS) + NEXT, START_MS, START_MS + 5000.0)
    assert shortened.first_ms == START_MS + 5000
    assert shortened.data.endswith(b"".join(BLOCKS[250:]) + NEXT)
    assert BLOCKS[249] not in shortened.data


def test_what_is_shortened_is_a_cluster_of_the_same_time_and_of_the_right_size() -> None:
    shortened = without_early_blocks(cluster(*BLOCKS), START_MS, START_MS + 5000.0)
    size = int.from_bytes(shortened.data[4:12]) & (1 << 56) - 1
    assert size == len(shortened.data) - 12
    assert shortened.data[12:16] == b"\xe7\x82" + START_MS.to_bytes(2)


@given(st.floats(min_value=0, max_value=9_980))
def test_the_first_packet_kept_is_the_last_one_that_begins_in_time(after_ms: float) -> None:
    wanted_ms = START_MS + after_ms
    shortened = without_early_blocks(cluster(*BLOCKS), START_MS, wanted_ms)
    begins = (START_MS + 20 * number for number in range(len(BLOCKS)))
    assert shortened.first_ms == max(ms for ms in begins if ms <= wanted_ms)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(cluster(*BLOCKS, start_ms=20_021), id="another time than the index has"),
        pytest.param(cluster(block(0, flags=0x82), *BLOCKS[1:]), id="lacing"),
        pytest.param(cluster(block(0), block(7), *BLOCKS[2:]), id="packets off the grid of 20 ms"),
        pytest.param(cluster(b"\xa0\x82ab", *BLOCKS), id="a BlockGroup"),
        pytest.param(cluster(*BLOCKS)[:-1], id="a cluster that breaks off"),
        pytest.param(b"\x1f\x43\xb6\x75\xff" + cluster(*BLOCKS)[8:], id="a cluster of unknown size"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_anything_out_of_the_common_is_kept_whole(data: bytes) -> None:
    assert without_early_blocks(data, START_MS, START_MS + 5000.0) == (data, START_MS)


@given(st.binary(max_size=200), st.floats(min_value=0, max_value=1e6))
def test_no_bytes_break_it(data: bytes, keep_from_ms: float) -> None:
    shortened = without_early_blocks(b"\x1f\x43\xb6\x75" + data, START_MS, keep_from_ms)
    assert len(shortened.data) <= len(data) + 12
