"""Reads the index (``Cues``) of a WebM file: RFC 9559.

    EBML · Segment { SeekHead · Info { TimestampScale, Duration } · Tracks · Cues · Cluster … }

Positions inside count from the start of the Segment's data. YouTube puts Cues in front; other writers put
them at the end, where only the SeekHead tells.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from asyncdl.core.ebml import MAX_HEADER_BYTES, Element, children, element_at, real, uint
from asyncdl.core.index import (
    MAX_PREFIX_BYTES,
    READ_AHEAD_BYTES,
    CuesAt,
    Entry,
    Index,
    NeedMore,
    NoIndex,
    NotAnIndex,
    Parsed,
    more_up_to,
)
from asyncdl.core.model import Container

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_INFO, _SCALE, _DURATION = 0x1549A966, 0x2AD7B1, 0x4489
_CUES, _POINT, _TIME, _TRACK_POSITIONS, _CLUSTER_POSITION = 0x1C53BB6B, 0xBB, 0xB3, 0xB7, 0xF1
_CLUSTER = 0x1F43B675
_DEFAULT_SCALE_NS = 1_000_000


@dataclass(frozen=True, slots=True)
class FarBytes:
    """Bytes of the file from ``first_byte`` on, read because of a ``CuesAt``."""

    first_byte: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Head:
    """What the elements before the first Cluster say; file positions in bytes, times in nanoseconds."""

    zero: int
    scale_ns: int = _DEFAULT_SCALE_NS
    duration_ticks: float | None = None
    cues: Element | None = None
    cues_at: int | None = None
    first_cluster: int = 0


def parse_cues(prefix: bytes, size_bytes: int, far: FarBytes | None = None) -> Parsed:
    """Read the index from the first bytes of a file, and from ``far`` where an earlier call asked for it."""
    try:
        return _parse(prefix, size_bytes, far)
    except NotAnIndex as error:
        return NoIndex(str(error))


def open_ended_segment(init: bytes) -> bytes:
    """Overwrite the Segment's size with "unknown".

    So that a decoder does not miss the clusters left out on purpose. Raises ``NotAnIndex`` where there is
    no Segment.
    """
    segment = _segment(init)
    if isinstance(segment, int):
        raise NotAnIndex("no Segment")
    length = segment.body - segment.size_at
    unknown = ((1 << (7 * length + 1)) - 1).to_bytes(length)
    return init[: segment.size_at] + unknown + init[segment.body :]


def _parse(prefix: bytes, size_bytes: int, far: FarBytes | None) -> Parsed:
    segment = _segment(prefix)
    if isinstance(segment, int):
        return _more(segment, prefix, size_bytes)
    head = _walk(prefix, segment, size_bytes)
    if isinstance(head, NeedMore):
        return head
    if head.cues is not None:
        return _index(prefix, head.cues, head, size_bytes)
    if head.cues_at is None:
        raise NotAnIndex("no Cues")
    return _far_index(head, head.cues_at, size_bytes, far)


def _segment(data: bytes) -> Element | int:
    """Find the Segment; where the bytes end before, the byte up to which more are needed."""
    first = element_at(data, 0)
    if first is None:
        return MAX_HEADER_BYTES
    if first.ident != _EBML or first.end is None:
        raise NotAnIndex("no EBML head")
    segment = element_at(data, first.end)
    if segment is None:
        return first.end + MAX_HEADER_BYTES
    if segment.ident != _SEGMENT:
        raise NotAnIndex("no Segment after the EBML head")
    return segment


def _walk(prefix: bytes, segment: Element, size_bytes: int) -> _Head | NeedMore:
    head, position = _Head(segment.body), segment.body
    while True:
        element = element_at(prefix, position)
        if element is None:
            return _more(position + MAX_HEADER_BYTES, prefix, size_bytes)
        if element.ident == _CLUSTER:
            return replace(head, first_cluster=position)
        if element.end is None:
            raise NotAnIndex("an element of unknown size before the first Cluster")
        if element.end > len(prefix):
            return _more(element.end + MAX_HEADER_BYTES, prefix, size_bytes)
        head, position = _note(prefix, element, head), element.end


def _more(end_byte: int, prefix: bytes, size_bytes: int) -> NeedMore:
    wanted = min(max(end_byte, len(prefix) + READ_AHEAD_BYTES), size_bytes)
    return more_up_to(max(wanted, end_byte), len(prefix), size_bytes)


def _note(data: bytes, element: Element, head: _Head) -> _Head:
    if element.ident == _CUES:
        return replace(head, cues=element)
    if element.ident == _SEEK_HEAD:
        return replace(head, cues_at=_sought(data, element, head.zero))
    if element.ident == _INFO:
        return _with_info(data, element, head)
    return head


def _with_info(data: bytes, info: Element, head: _Head) -> _Head:
    for child in children(data, info):
        if child.ident == _SCALE:
            head = replace(head, scale_ns=uint(data, child))
        elif child.ident == _DURATION:
            head = replace(head, duration_ticks=real(data, child))
    return head


def _sought(data: bytes, seek_head: Element, zero: int) -> int | None:
    for seek in children(data, seek_head):
        if seek.ident == _SEEK:
            fields = {child.ident: uint(data, child) for child in children(data, seek)}
            if fields.get(_SEEK_ID) == _CUES and _SEEK_POSITION in fields:
                return zero + fields[_SEEK_POSITION]
    return None


def _far_index(head: _Head, cues_at: int, size_bytes: int, far: FarBytes | None) -> Index | CuesAt:
    if not head.first_cluster < cues_at < size_bytes:
        raise NotAnIndex("the SeekHead points outside the file")
    if far is None or far.first_byte != cues_at:
        return CuesAt(cues_at, min(size_bytes, cues_at + READ_AHEAD_BYTES))
    cues = element_at(far.data, 0)
    if cues is None or cues.ident != _CUES or cues.end is None:
        raise NotAnIndex("no Cues where the SeekHead points")
    if cues.end > len(far.data):
        return _rest_of_cues(cues_at, cues.end, len(far.data), size_bytes)
    return _index(far.data, cues, head, cues_at)


def _rest_of_cues(cues_at: int, length: int, have: int, size_bytes: int) -> CuesAt:
    end = cues_at + length
    if end > size_bytes or length > MAX_PREFIX_BYTES or have >= length:
        raise NotAnIndex("Cues of impossible size")
    return CuesAt(cues_at, end)


def _index(data: bytes, cues: Element, head: _Head, media_end: int) -> Index:
    end_ms = (head.duration_ticks or 0.0) * head.scale_ns / 1e6
    if not math.isfinite(end_ms) or end_ms <= 0:
        raise NotAnIndex("no duration")
    points = _one_per_cluster(_points(data, cues, head))
    if not points or points[0][1] != head.first_cluster:
        raise NotAnIndex("Cues that do not begin at the first Cluster")
    bounds = [*points, (end_ms, media_end)]
    if any(after[0] <= before[0] or after[1] <= before[1] for before, after in pairwise(bounds)):
        raise NotAnIndex("Cues out of order")
    entries = (Entry(a[0], b[0], a[1], b[1]) for a, b in pairwise(bounds))
    return Index(Container.WEBM, head.first_cluster, tuple(entries), end_ms)


def _points(data: bytes, cues: Element, head: _Head) -> Iterator[tuple[float, int]]:
    for point in children(data, cues):
        if point.ident == _POINT:
            yield _point(data, point, head)


def _point(data: bytes, point: Element, head: _Head) -> tuple[float, int]:
    """Read time in milliseconds and the byte of the Cluster in the file."""
    time: int | None = None
    for child in children(data, point):
        if child.ident == _TIME:
            time = uint(data, child)
        elif child.ident == _TRACK_POSITIONS and time is not None:
            for part in children(data, child):
                if part.ident == _CLUSTER_POSITION:
                    return time * head.scale_ns / 1e6, head.zero + uint(data, part)
    raise NotAnIndex("a CuePoint without time or position")


def _one_per_cluster(points: Iterator[tuple[float, int]]) -> Sequence[tuple[float, int]]:
    """Keep the first point of each Cluster: a Cluster is fetched whole or not at all."""
    kept: list[tuple[float, int]] = []
    for point in points:
        if not kept or kept[-1][1] != point[1]:
            kept.append(point)
    return kept
