"""Reads the index of a media file with few requests: one, for the files that YouTube serves."""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.index import READ_AHEAD_BYTES
from asyncdl.core.media_index import (
    CuesAt,
    FarBytes,
    Index,
    NeedMore,
    NoIndex,
    parse_index,
    signature,
)
from asyncdl.core.model import Container, Failure
from asyncdl.fetchers.ytdlp.ranged import MediaFile, NoRanges

# A file may ask for more, but not for ever.
_MOST_READS = 6


@dataclass(frozen=True, slots=True)
class Probed:
    """What the start of a file says: its index, or that it has to be fetched whole."""

    container: Container
    prefix: bytes
    index: Index | NoIndex


def probe(media: MediaFile) -> Probed | Failure:
    """Read and parse until there is an index, or it is sure that there is none to be used."""
    prefix = media.read(0, READ_AHEAD_BYTES)
    if isinstance(prefix, Failure):
        return prefix
    if isinstance(prefix, NoRanges) or media.size_bytes is None:
        return Probed(media.source.container, b"", NoIndex("the server gives no ranges"))
    container = signature(prefix)
    if container is None:
        return failure(Code.CORRUPT, "ERROR: Invalid data found when processing input: neither mp4 nor WebM")
    return _follow(media, container, prefix, media.size_bytes)


def _follow(media: MediaFile, container: Container, prefix: bytes, size_bytes: int) -> Probed | Failure:
    far: FarBytes | None = None
    for _ in range(_MOST_READS):
        parsed = parse_index(container, prefix, size_bytes, far)
        if isinstance(parsed, Index | NoIndex):
            return Probed(container, prefix, parsed)
        first, end = _wanted(parsed, prefix)
        data = media.read(first, end)
        if isinstance(data, Failure):
            return data
        if isinstance(data, NoRanges):
            return Probed(container, b"", NoIndex("the server ceased to give ranges"))
        if isinstance(parsed, NeedMore):
            prefix += data
        else:
            far = FarBytes(first, data)
    return Probed(container, prefix, NoIndex(f"no index after {_MOST_READS} reads"))


def _wanted(parsed: NeedMore | CuesAt, prefix: bytes) -> tuple[int, int]:
    if isinstance(parsed, CuesAt):
        return parsed.first_byte, parsed.end_byte
    return len(prefix), parsed.end_byte
