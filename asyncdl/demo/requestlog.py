"""Every request that the stand-in saw, as values; tests and benchmarks assert on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from io import BufferedWriter
from itertools import count
from pathlib import Path

import orjson


class RequestKind(StrEnum):
    """What was asked for; YouTube counts player requests and pages."""

    PLAYER = "player"
    PAGE = "page"
    SCRIPT = "script"
    MEDIA = "media"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request and what became of it.

    ``at_s`` is its arrival by the site's clock; ``bytes_offered`` what the reply named, ``bytes_sent`` what
    was handed to the connection, both without headers; ``connection`` counts the connections of a site and
    its proxies; ``address`` is where the client comes from, for a proxy's clients the proxy's own.
    """

    at_s: float
    kind: RequestKind
    video_id: str
    method: str
    path: str
    status: int
    range: str
    client_name: str
    user_agent: str
    address: str
    bytes_offered: int
    bytes_sent: int
    connection: int


class RequestLog:
    """Keeps records in memory, or writes them as JSON lines, one flush a line, or both."""

    def __init__(self, path: Path | None = None, *, keep: bool = True) -> None:
        self.records: list[RequestRecord] = []
        self.connections = count(1)
        self._keep = keep
        self._file: BufferedWriter | None = path.open("ab") if path else None

    def add(self, record: RequestRecord) -> None:
        """Note one request."""
        if self._keep:
            self.records.append(record)
        if self._file is not None:
            self._file.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
