"""Where faults are made: a site, a real worker in this process, and a register of faults by their names."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from asyncdl.core.model import Failure, FetchRequest, Span
from asyncdl.demo.site import Site
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig
from asyncdl.fetchers.ytdlp.extract import Extractor
from asyncdl.fetchers.ytdlp.video import VideoFetcher, Waiting
from asyncdl.fetchers.ytdlp.wire import Reply, Wire
from support.fetching import asked
from support.message_rows import GOOD

_RST_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Stage:
    """Where a fault is made: the site, the folder of parts, and what puts things back afterwards."""

    site: Site
    folder: Path
    patch: pytest.MonkeyPatch

    def config(self, **settings: Any) -> WorkerConfig:
        endpoint = Endpoint(settings.pop("host", self.site.player_host), str(self.site.ca_file))
        quick = ("--socket-timeout", "0.5", "--extractor-retries", "0")
        return WorkerConfig(**{"endpoint": endpoint, "user_args": quick, **settings})

    async def player(
        self, ytid: str = GOOD, *spans: Span, deadline_s: float = 30.0, **settings: Any
    ) -> Failure:
        """What a whole fetch ends with."""
        return await asyncio.to_thread(self._player, asked(ytid, self.folder, *spans), deadline_s, settings)

    async def media(self, url: str, **settings: Any) -> Failure:
        """What a media request ends with."""
        return await asyncio.to_thread(self._media, url, settings)

    async def both(self, **settings: Any) -> Failure:
        """Both meet the same fault."""
        player = await self.player(**settings)
        host = settings.get("host", self.site.player_host)
        media = await self.media(f"https://{host}/videoplayback", **settings)
        assert media.code == player.code, media.text
        return player

    def _player(self, request: FetchRequest, deadline_s: float, settings: Any) -> Failure:
        fetcher = VideoFetcher(self.config(**settings))
        try:
            results = fetcher.fetch(request, deadline_s)
        finally:
            fetcher.close()
        assert not isinstance(results, Waiting)
        assert isinstance(results[0], Failure), results[0]
        return results[0]

    def _media(self, url: str, settings: Any) -> Failure:
        extractor = Extractor(self.config(**settings))
        try:
            reply = Wire(extractor.ydl.urlopen, 0.5).get(url, {})
        finally:
            extractor.close()
        assert not isinstance(reply, Reply)
        return reply


Fault = Callable[[Stage], Awaitable[Failure]]


class Faults(dict[str, Fault]):
    """Faults by the names of their functions, which the rows of the message table say."""

    def add(self, fault: Fault) -> Fault:
        self[fault.__name__] = fault
        return fault


@asynccontextmanager
async def hanging_up(*, reset: bool = False) -> AsyncIterator[int]:
    """A listener that reads a little and leaves."""

    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        if reset:
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
            writer.transport.abort()
        writer.close()

    server = await asyncio.start_server(leave, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
