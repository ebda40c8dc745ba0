"""Leaves out the Opus packets of a WebM cluster that come long before a span, so that nobody decodes them.

A cluster of YouTube's holds ten seconds; on average four of them would be decoded for nothing. Only what is
plainly laid out is touched: SimpleBlocks without lacing behind the cluster's time, ticks of a millisecond.
"""

from __future__ import annotations

from typing import NamedTuple

from asyncdl.core.ebml import Element, element_at, uint
from asyncdl.core.index import NotAnIndex

_CLUSTER, _TIMESTAMP, _SIMPLE_BLOCK = 0x1F43B675, 0xE7, 0xA3
_HEAD = frozenset({_TIMESTAMP, 0xA7, 0xAB, 0xEC, 0xBF})
_LACING = 0x06
_BLOCK_HEAD_BYTES = 4
_ONE_BYTE_TRACK = 0x80
_GRID_MS, _TOLERANCE_MS = 20, 2


class Shortened(NamedTuple):
    """Clusters without their first packets; ``first_ms`` is the time of the first one left."""

    data: bytes
    first_ms: float


def without_early_blocks(data: bytes, start_ms: float, keep_from_ms: float) -> Shortened:
    """Drop the packets of the first cluster in ``data`` that end before ``keep_from_ms``.

    ``start_ms`` is the cluster's time by the index. Where anything is out of the common, all is kept.
    """
    try:
        cluster = element_at(data, 0)
        kept = None if cluster is None else _first_kept(data, cluster, start_ms, keep_from_ms)
    except (NotAnIndex, IndexError):
        return Shortened(data, start_ms)
    if cluster is None or cluster.end is None or kept is None:
        return Shortened(data, start_ms)
    head_end, block_at, first_ms = kept
    body = data[cluster.body : head_end] + data[block_at : cluster.end]
    size = (len(body) | 1 << 56).to_bytes(8)
    return Shortened(data[: cluster.size_at] + size + body + data[cluster.end :], first_ms)


def _first_kept(
    data: bytes, cluster: Element, start_ms: float, keep_from_ms: float
) -> tuple[int, int, float] | None:
    """Find where the blocks begin, where the first one to keep begins, and its time; None: keep all."""
    if cluster.ident != _CLUSTER or cluster.end is None or cluster.end > len(data):
        return None
    head_end, ticks = _head(data, cluster, cluster.end)
    if ticks is None or abs(ticks - start_ms) >= 1:
        return None
    kept: tuple[int, int, float] | None = None
    position = head_end
    while position < cluster.end:
        block = _plain_block(data, position)
        if block is None or block[1] > cluster.end:
            return None
        body, end = block
        at_ms = ticks + int.from_bytes(data[body + 1 : body + 3], signed=True)
        if at_ms > keep_from_ms:
            break
        if (at_ms + _TOLERANCE_MS) % _GRID_MS > 2 * _TOLERANCE_MS:
            return None
        kept = head_end, position, float(at_ms)
        position = end
    return kept


def _head(data: bytes, cluster: Element, end: int) -> tuple[int, int | None]:
    position, ticks = cluster.body, None
    while position < end:
        element = element_at(data, position)
        if element is None or element.end is None or element.ident not in _HEAD:
            break
        if element.ident == _TIMESTAMP:
            ticks = uint(data, element)
        position = element.end
    return position, ticks


def _plain_block(data: bytes, position: int) -> tuple[int, int] | None:
    """Find body and end of a SimpleBlock of one packet, whose size takes two bytes and track number one.

    By hand: there are hundreds, and ``element_at`` takes four times as long.
    """
    if data[position] != _SIMPLE_BLOCK or data[position + 1] >> 6 != 1:
        return None
    body = position + 3
    end = body + (data[position + 1] & 0x3F) * 256 + data[position + 2]
    is_plain = (
        end - body > _BLOCK_HEAD_BYTES and data[body] & _ONE_BYTE_TRACK and not data[body + 3] & _LACING
    )
    return (body, end) if is_plain else None
