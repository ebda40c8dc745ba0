"""The small part of HTTP/1.1 that the stand-in speaks: requests in, replies out, one byte range."""

from __future__ import annotations

import asyncio
import gzip
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

MAX_BODY_BYTES = 1 << 20
_RANGE = re.compile(r"(?:bytes=)?(\d*)-(\d*)")


class Manner(Enum):
    """How a reply's body leaves the server; all but ``WHOLE`` are faults."""

    WHOLE = "whole"
    HALF_THEN_CLOSE = "half, then the connection closes"
    HALF_THEN_SILENCE = "half, then nothing more, the connection stays open"
    ONE_BYTE_PER_S = "one byte a second"
    SLOW_HEAD = "one byte a second from the status line on"
    ENDLESS = "the body, then zeros until the client leaves"
    RESET = "no answer, the connection is reset"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names in small letters, ``query`` percent-decoded, ``body`` uncompressed."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``bytes_per_s`` paces the body, None for as fast as it goes."""

    status: int
    body: bytes | memoryview = b""
    content_type: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()
    manner: Manner = Manner.WHOLE
    bytes_per_s: int | None = None
    declared_bytes: int | None = field(default=None)

    @property
    def closes(self) -> bool:
        """No other request can follow on this connection."""
        return self.manner is not Manner.WHOLE

    def head(self) -> bytes:
        """Status line and headers; an endless body of no declared length has no Content-Length."""
        length = len(self.body) if self.declared_bytes is None else self.declared_bytes
        known = [("Content-Type", self.content_type), *self.headers]
        if self.manner is not Manner.ENDLESS or self.declared_bytes is not None:
            known.append(("Content-Length", str(length)))
        known.append(("Connection", "close" if self.closes else "keep-alive"))
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", *(f"{k}: {v}" for k, v in known)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read the next request; None at the connection's end or where it is not HTTP."""
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        pairs = (line.partition(":") for line in lines[1:] if line)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        size = int(headers.get("content-length", "0"))
        if size > MAX_BODY_BYTES:
            return None
        body = _unpacked(await reader.readexactly(size), headers.get("content-encoding", ""))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError, OSError):
        return None
    parts = urlsplit(target)
    return Request(method, target, parts.path, dict(parse_qsl(parts.query)), headers, body)


def byte_range(text: str, size: int) -> tuple[int, int] | None:
    """Turn ``bytes=a-b``, ``a-``, ``-n`` into (first, stop); None: nothing of ``size`` bytes."""
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        begin, stop = (max(0, size - int(last)), size) if last else (size, size)
    else:
        begin, stop = int(first), min(size, int(last) + 1) if last else size
    return (begin, stop) if begin < stop else None


def _unpacked(body: bytes, encoding: str) -> bytes:
    match encoding:
        case "gzip":
            return gzip.decompress(body)
        case "deflate":
            return zlib.decompress(body)
        case _:
            return body
