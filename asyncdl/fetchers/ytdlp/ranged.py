"""Reads stretches of one media file: by Range header, else by a range in the address, else not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.media_index import pieces
from asyncdl.core.model import Failure
from asyncdl.fetchers.ytdlp.formats import SourceFormat
from asyncdl.fetchers.ytdlp.wire import Reply, Sink, Wire

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")


class Ranges(Enum):
    """How this server gives a stretch of a file."""

    BY_HEADER = "Range header"
    BY_ADDRESS = "range in the address"
    REFUSED = "not at all"


@dataclass(frozen=True, slots=True)
class NoRanges:
    """The server gives the whole file only."""


class MediaFile:
    """One format of one video on its server. ``size_bytes`` is None until an answer names it."""

    def __init__(self, wire: Wire, source: SourceFormat) -> None:
        self.wire = wire
        self.source = source
        self.ranges = Ranges.BY_HEADER
        self._url = source.url
        self.size_bytes = source.size_bytes

    def read(self, first_byte: int, end_byte: int) -> bytes | Failure | NoRanges:
        """Bring bytes into memory; fewer only where the file ends."""
        data = bytearray()
        trouble = self.copy(first_byte, end_byte, data.extend)
        return bytes(data) if trouble is None else trouble

    def copy(self, first_byte: int, end_byte: int, sink: Sink) -> Failure | NoRanges | None:
        """Bring bytes to ``sink`` in requests small enough not to be throttled; None when all came."""
        for first, end in pieces(first_byte, end_byte):
            trouble = self._copy_piece(first, end, sink)
            if trouble is not None:
                return trouble
        return None

    def copy_whole(self, sink: Sink, max_bytes: int) -> Failure | None:
        """Bring the whole file, by ranges where the server gives them."""
        if self.size_bytes is not None and self.size_bytes > max_bytes:
            return _too_big(max_bytes)
        if self.ranges is not Ranges.REFUSED and self.size_bytes is not None:
            trouble = self.copy(0, self.size_bytes, sink)
            if isinstance(trouble, NoRanges):
                return failure(Code.SHORT_BODY, "the server ceased to give ranges")
            return trouble
        return self._stream(sink, max_bytes)

    def _copy_piece(self, first: int, end: int, sink: Sink) -> Failure | NoRanges | None:
        if self.ranges is Ranges.BY_HEADER:
            reply = self._ask(self._url, {"Range": f"bytes={first}-{end - 1}"})
            if not isinstance(reply, Reply):
                return reply
            if reply.status == 206:
                return self._take_part(reply, first, end, sink)
            reply.close()
            if reply.length_bytes == 0:
                return _judge(0, None)
            self.ranges = Ranges.BY_ADDRESS if self.size_bytes is not None else Ranges.REFUSED
        if self.ranges is Ranges.BY_ADDRESS:
            return self._copy_by_address(first, end, sink)
        return NoRanges()

    def _copy_by_address(self, first: int, end: int, sink: Sink) -> Failure | NoRanges | None:
        last = min(end, self.size_bytes or end) - 1
        joint = "&" if "?" in self._url else "?"
        reply = self._ask(f"{self._url}{joint}range={first}-{last}", {})
        if not isinstance(reply, Reply):
            return reply
        if reply.length_bytes == last + 1 - first:
            return _take(reply, last + 1 - first, sink)
        reply.close()
        self.ranges = Ranges.REFUSED
        return NoRanges()

    def _ask(self, url: str, headers: dict[str, str]) -> Reply | Failure | NoRanges:
        reply = self.wire.get(url, {**self.source.headers, **headers})
        if isinstance(reply, Failure) and reply.code == Code.HTTP_416:
            self.ranges = Ranges.REFUSED
            return NoRanges()
        return reply

    def _take_part(self, reply: Reply, first: int, end: int, sink: Sink) -> Failure | None:
        told = reply.header("Content-Range") or ""
        match = _CONTENT_RANGE.fullmatch(told)
        given_first, given_last, total = map(int, match.groups()) if match else (-1, -1, -1)
        if given_first != first or given_last + 1 != min(end, total):
            reply.close()
            text = f"ERROR: Invalid data found: bytes {first}-{end - 1} asked for, {told!r} given"
            return failure(Code.CORRUPT, text)
        self.size_bytes = total
        self._url = reply.url  # a redirect need not be asked for twice
        return _take(reply, given_last + 1 - first, sink)

    def _stream(self, sink: Sink, max_bytes: int) -> Failure | None:
        reply = self.wire.get(self._url, self.source.headers)
        if isinstance(reply, Failure):
            return reply
        # Without a length of its own a body that breaks off looks whole.
        length = self.size_bytes if reply.length_bytes is None else reply.length_bytes
        if length is not None and length > max_bytes:
            reply.close()
            return _too_big(max_bytes)
        came = reply.copy(sink, max_bytes)
        if isinstance(came, Failure):
            return came
        return _too_big(max_bytes) if came > max_bytes else _judge(came, length)


def _take(reply: Reply, length: int, sink: Sink) -> Failure | None:
    came = reply.copy(sink, length)
    return came if isinstance(came, Failure) else _judge(came, length)


def _judge(came: int, length: int | None) -> Failure | None:
    if came == 0:
        return failure(Code.EMPTY, "the media server sent an empty body")
    if length is not None and came != length:
        return failure(Code.SHORT_BODY, f"{came} of {length} bytes came")
    return None


def _too_big(max_bytes: int) -> Failure:
    return failure(Code.TOO_BIG, f"more than {max_bytes} bytes would have to be fetched")
