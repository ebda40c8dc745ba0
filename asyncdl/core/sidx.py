"""Reads the segment index (``sidx``) of a fragmented mp4 file: ISO/IEC 14496-12, 8.16.3.

box:  size u32 · type 4 chars (size 1: a u64 size follows; size 0: to the end of the file)
sidx: version u8 · flags u24 · reference_ID u32 · timescale u32 · earliest time and first offset
      (u32 each in version 0, u64 each in version 1) · reserved u16 · count u16 · entries of 12 bytes
entry: reference type 1 bit, size 31 bits · duration u32 · stream access point u32
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from asyncdl.core.index import (
    READ_AHEAD_BYTES,
    Entry,
    Index,
    NeedMore,
    NoIndex,
    NotAnIndex,
    more_up_to,
)
from asyncdl.core.model import Container

_HEADER_BYTES = 16
_ENTRY_BYTES = 12
_MEDIA = frozenset({b"moof", b"mdat"})


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class _SidxHeader:
    timescale: int
    earliest: int
    first_offset: int
    count: int
    entries_at: int


def parse_sidx(prefix: bytes, size_bytes: int) -> Index | NeedMore | NoIndex:
    """Read the index from the first bytes of a file of ``size_bytes``."""
    try:
        return _parse(prefix, size_bytes)
    except NotAnIndex as error:
        return NoIndex(str(error))


def _parse(prefix: bytes, size_bytes: int) -> Index | NeedMore:
    position, has_moov = 0, False
    while True:
        box = _box_at(prefix, position, size_bytes)
        if isinstance(box, NeedMore):
            return box
        if box.kind in _MEDIA:
            raise NotAnIndex("media before any sidx")
        if box.kind == b"sidx":
            return _read_sidx(prefix, position, box, size_bytes, has_moov=has_moov)
        has_moov = has_moov or box.kind == b"moov"
        position = box.end


def _box_at(prefix: bytes, position: int, size_bytes: int) -> _Box | NeedMore:
    if position + _HEADER_BYTES > len(prefix):
        wanted = min(position + READ_AHEAD_BYTES, size_bytes)
        return more_up_to(max(wanted, position + 8), len(prefix), size_bytes)
    size, kind = struct.unpack_from(">I4s", prefix, position)
    body = position + 8
    if size == 1:
        (size,) = struct.unpack_from(">Q", prefix, body)
        body += 8
    end = size_bytes if size == 0 else position + size
    if end < body or end > size_bytes:
        raise NotAnIndex(f"a box of impossible size at byte {position}")
    return _Box(kind, body, end)


def _read_sidx(
    prefix: bytes, position: int, box: _Box, size_bytes: int, *, has_moov: bool
) -> Index | NeedMore:
    if not has_moov:
        raise NotAnIndex("sidx before moov")
    if box.end > len(prefix):
        return more_up_to(box.end, len(prefix), size_bytes)
    header = _sidx_header(prefix, box)
    entries = tuple(_entries(prefix, header, box.end, size_bytes))
    if not entries:
        raise NotAnIndex("an empty sidx")
    return Index(Container.MP4, position, entries, entries[-1].end_ms)


def _sidx_header(prefix: bytes, box: _Box) -> _SidxHeader:
    wide = prefix[box.body : box.body + 1] != b"\0"
    layout = ">4xII QQ 2xH" if wide else ">4xII II 2xH"
    entries_at = box.body + struct.calcsize(layout)
    if entries_at > box.end:
        raise NotAnIndex("a sidx too short for its own header")
    _, timescale, earliest, first_offset, count = struct.unpack_from(layout, prefix, box.body)
    if not timescale or entries_at + count * _ENTRY_BYTES > box.end:
        raise NotAnIndex("a sidx without a time scale or with cut entries")
    return _SidxHeader(timescale, earliest, first_offset, count, entries_at)


def _entries(prefix: bytes, header: _SidxHeader, sidx_end: int, size_bytes: int) -> Iterator[Entry]:
    byte, ticks = sidx_end + header.first_offset, header.earliest
    for number in range(header.count):
        reference, duration = struct.unpack_from(">II", prefix, header.entries_at + number * _ENTRY_BYTES)
        if reference >> 31:
            raise NotAnIndex("an index of indexes")
        end_byte, end_ticks = byte + reference, ticks + duration
        if not reference or not duration or end_byte > size_bytes:
            raise NotAnIndex(f"an impossible sidx entry {number}")
        yield Entry(_ms(ticks, header), _ms(end_ticks, header), byte, end_byte)
        byte, ticks = end_byte, end_ticks


def _ms(ticks: int, header: _SidxHeader) -> float:
    return ticks * 1000 / header.timescale
