"""Reads the index of a media file and chooses the bytes that a span needs."""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.core.cues import FarBytes, open_ended_segment, parse_cues
from asyncdl.core.cutting import MARGIN_MS
from asyncdl.core.index import CuesAt, Entry, Index, NeedMore, NoIndex, NotAnIndex, Parsed
from asyncdl.core.model import Container, Span
from asyncdl.core.sidx import parse_sidx

__all__ = [
    "MAX_RANGE_BYTES",
    "CuesAt",
    "Entry",
    "FarBytes",
    "Index",
    "NeedMore",
    "NoIndex",
    "NotAnIndex",
    "Reach",
    "entries_for",
    "latest_start_ms",
    "off_grid",
    "open_ended_segment",
    "parse_index",
    "pieces",
    "reach_of",
    "signature",
]

# Ranges of more than 10 MiB are served at about 32 KiB/s.
MAX_RANGE_BYTES = 19 * 512 * 1024
OPUS_PACKET_MS = 20.0
_GRID_TOLERANCE_MS = 2.0
_AAC_FRAME_MS = 1024 / 44100 * 1000
_HE_AAC_FRAME_MS = 2048 / 22050 * 1000


@dataclass(frozen=True, slots=True)
class Reach:
    """How far beyond a span one looks, in milliseconds: the decoder, and the resampler's margin.

    ``settle_ms``: a decoder that starts less than this before the span has not yet come to the very samples
    that it gives when it starts earlier.
    """

    before_ms: float
    after_ms: float
    settle_ms: float = 0.0


def signature(prefix: bytes) -> Container | None:
    """Tell the container by its first bytes; None when they are neither mp4 nor WebM."""
    if prefix[:4] == b"\x1a\x45\xdf\xa3":
        return Container.WEBM
    return Container.MP4 if prefix[4:8] == b"ftyp" else None


def parse_index(container: Container, prefix: bytes, size_bytes: int, far: FarBytes | None = None) -> Parsed:
    """Read the index of a file of ``size_bytes`` from its first bytes (and ``far``, see ``CuesAt``)."""
    if container is Container.MP4:
        return parse_sidx(prefix, size_bytes)
    return parse_cues(prefix, size_bytes, far)


def reach_of(codec: str) -> Reach:
    """Look up the reach of a codec as yt-dlp names it (``opus``, ``mp4a.40.2``, ``avc1…``)."""
    if codec == "opus":
        # 80 ms of pre-roll; times are whole ms. The 24th bit settles 671 ms after a start (measured).
        return Reach(before_ms=82.0 + MARGIN_MS, after_ms=10.0 + MARGIN_MS, settle_ms=1000.0)
    if codec in {"mp4a.40.5", "mp4a.40.29"}:
        return Reach(before_ms=2 * _HE_AAC_FRAME_MS + MARGIN_MS, after_ms=MARGIN_MS)
    if codec.startswith("mp4a"):
        return Reach(before_ms=_AAC_FRAME_MS + MARGIN_MS, after_ms=MARGIN_MS)
    return Reach(before_ms=2.0, after_ms=10.0)


def entries_for(index: Index, span: Span, reach: Reach) -> tuple[Entry, ...]:
    """Choose the entries that ``span`` needs, in order; none when it starts after the media's end."""
    if span.start_ms >= index.end_ms:
        return ()
    entries = index.entries
    first = next(n for n, entry in enumerate(entries) if entry.end_ms > span.start_ms - reach.before_ms)
    if first and span.start_ms - entries[first].start_ms < reach.settle_ms:
        first -= 1
    stop = span.end_ms + reach.after_ms
    return tuple(entry for entry in entries[first:] if entry is entries[first] or entry.start_ms < stop)


def latest_start_ms(span: Span, codec: str) -> float:
    """Tell where decoding must begin at the latest, so that the span's samples are what they always are."""
    reach = reach_of(codec)
    return span.start_ms - reach.settle_ms - reach.before_ms


def off_grid(entry: Entry) -> bool:
    """Whether Opus packets cannot be 20 ms long, so that samples cannot be counted from this entry."""
    packets = round(entry.start_ms / OPUS_PACKET_MS)
    return abs(entry.start_ms - packets * OPUS_PACKET_MS) > _GRID_TOLERANCE_MS


def pieces(first_byte: int, end_byte: int, limit: int = MAX_RANGE_BYTES) -> tuple[tuple[int, int], ...]:
    """Split a byte span into (first, end) ranges of at most ``limit`` bytes, in order, without gaps."""
    return tuple((at, min(at + limit, end_byte)) for at in range(first_byte, end_byte, limit))
