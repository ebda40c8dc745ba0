"""Reads single EBML elements, the alphabet of WebM: RFC 8794.

An element is an id (1-4 bytes, marker bit kept), a size (1-8 bytes, marker bit removed; all ones =
unknown) and its data. Positions are bytes from the start of the buffer.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from asyncdl.core.index import NotAnIndex

MAX_HEADER_BYTES = 12
_MAX_UINT_BYTES = 8


@dataclass(frozen=True, slots=True)
class Element:
    """``body`` is where its data begin, ``end`` where they end, None for an unknown size."""

    ident: int
    size_at: int
    body: int
    end: int | None


def element_at(data: bytes, position: int) -> Element | None:
    """Read the header at ``position``; None where ``data`` end within it. Raises ``NotAnIndex`` on junk."""
    ident = _number_at(data, position, longest=4)
    if ident is None:
        return None
    size_at = position + ident[1]
    size = _number_at(data, size_at, longest=8)
    if size is None:
        return None
    value, length = size
    body = size_at + length
    bare = value & ~(1 << (7 * length))
    is_unknown = bare == (1 << (7 * length)) - 1
    return Element(ident[0], size_at, body, None if is_unknown else body + bare)


def children(data: bytes, parent: Element) -> Iterator[Element]:
    """All elements inside one that ``data`` hold whole; raises ``NotAnIndex`` where one sticks out."""
    position, end = parent.body, parent.end
    while end is not None and position < end:
        child = element_at(data, position)
        if child is None or child.end is None or child.end > end:
            raise NotAnIndex(f"an element sticks out of its parent at byte {position}")
        yield child
        position = child.end


def uint(data: bytes, element: Element) -> int:
    """Read an unsigned integer of at most 8 bytes."""
    raw = _raw(data, element)
    if len(raw) > _MAX_UINT_BYTES:
        raise NotAnIndex("an integer of more than 8 bytes")
    return int.from_bytes(raw)


def real(data: bytes, element: Element) -> float:
    """Read a float of 4 or 8 bytes."""
    raw = _raw(data, element)
    if len(raw) not in {4, 8}:
        raise NotAnIndex("a float of neither 4 nor 8 bytes")
    value: float = struct.unpack(">f" if len(raw) == 4 else ">d", raw)[0]
    return value


def _raw(data: bytes, element: Element) -> bytes:
    return data[element.body : element.end]


def _number_at(data: bytes, position: int, *, longest: int) -> tuple[int, int] | None:
    if position >= len(data):
        return None
    length = 9 - data[position].bit_length()
    if length > longest:
        raise NotAnIndex(f"no EBML at byte {position}")
    if position + length > len(data):
        return None
    return int.from_bytes(data[position : position + length]), length
