"""Builds small mp4 and WebM heads byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

SCALE_NS = 1_000_000


def box(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def sidx(
    entries: Sequence[tuple[int, int]],
    *,
    timescale: int = 1000,
    earliest: int = 0,
    first_offset: int = 0,
    version: int = 0,
    reference_type: int = 0,
) -> bytes:
    """``entries`` are (size in bytes, duration in ticks)."""
    times = struct.pack(">II" if version == 0 else ">QQ", earliest, first_offset)
    listed = b"".join(
        struct.pack(">III", (reference_type << 31) | size, ticks, 0x90000000) for size, ticks in entries
    )
    head = struct.pack(">BxxxII", version, 1, timescale)
    return box(b"sidx", head + times + struct.pack(">HH", 0, len(entries)) + listed)


def element(ident: int, body: bytes, size_length: int = 4) -> bytes:
    """An EBML element whose size takes ``size_length`` bytes."""
    size = len(body) | 1 << (7 * size_length)
    return ident.to_bytes((ident.bit_length() + 7) // 8) + size.to_bytes(size_length) + body


def uint_element(ident: int, value: int) -> bytes:
    return element(ident, value.to_bytes(max(1, (value.bit_length() + 7) // 8)), 1)


@dataclass(frozen=True)
class WebmFile:
    """A WebM file of junk clusters, and where its parts stand."""

    data: bytes
    clusters_at: tuple[int, ...]
    cues_at: int


def webm(
    cues: Sequence[int],
    *,
    duration: float = 30_000.0,
    cues_in_front: bool = True,
    scale_ns: int = SCALE_NS,
    cluster_bytes: int = 100,
) -> WebmFile:
    """``cues`` are the start ticks of as many clusters, each of ``cluster_bytes``."""
    info = element(
        0x1549A966, uint_element(0x2AD7B1, scale_ns) + element(0x4489, struct.pack(">d", duration))
    )
    tracks = element(0x1654AE6B, b"\xec\x83abc")
    cluster = element(0x1F43B675, b"\0" * (cluster_bytes - 8))
    cues_bytes = len(_cues(cues, [0] * len(cues)))
    seek_bytes = len(_seek_head(0))
    in_front = seek_bytes + len(info) + len(tracks)
    first_cluster = in_front + (cues_bytes if cues_in_front else 0)
    positions = [first_cluster + number * cluster_bytes for number in range(len(cues))]
    cues_at = in_front if cues_in_front else first_cluster + len(cues) * cluster_bytes
    listed = _cues(cues, positions)
    parts = [_seek_head(cues_at), info, tracks]
    parts += [listed, cluster * len(cues)] if cues_in_front else [cluster * len(cues), listed]
    head = element(0x1A45DFA3, b"\x42\x86\x81\x01")
    segment = element(0x18538067, b"".join(parts), 8)
    zero = len(head) + 12
    return WebmFile(head + segment, tuple(zero + position for position in positions), zero + cues_at)


def _cues(times: Sequence[int], positions: Sequence[int]) -> bytes:
    points = b"".join(
        element(
            0xBB,
            element(0xB3, time.to_bytes(4), 1)
            + element(0xB7, uint_element(0xF7, 1) + element(0xF1, position.to_bytes(4), 1), 1),
            1,
        )
        for time, position in zip(times, positions, strict=True)
    )
    return element(0x1C53BB6B, points)


def _seek_head(cues_at: int) -> bytes:
    seek = element(0x53AB, 0x1C53BB6B.to_bytes(4), 1) + element(0x53AC, cues_at.to_bytes(4), 1)
    return element(0x114D9B74, element(0x4DBB, seek, 1))
