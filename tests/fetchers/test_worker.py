"""The worker as its parent sees it: a real child on a socket."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import orjson
import pytest

from asyncdl.core.model import Failure, Fetched, Span
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.site import Site
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig
from asyncdl.fetchers.ytdlp.protocol import Answer, Ask, Hello, Report, Wait, decode_report, encode
from asyncdl.runtime.process import end_group, start_child
from support.fetching import SPAN, asked, left_in, player

PROGRAM = """
import sys, orjson
from asyncdl.fetchers.ytdlp.config import config_from_json
from asyncdl.fetchers.ytdlp.rehearsal import rehearse
from asyncdl.fetchers.ytdlp.worker import serve
rehearse()
serve(int(sys.argv[1]), config_from_json(orjson.loads(sys.argv[2])))
"""


class Talk:
    """The parent's end of a worker."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, child: asyncio.subprocess.Process
    ) -> None:
        self._reader, self._writer, self.child = reader, writer, child

    async def next(self) -> Report:
        return decode_report(await self._reader.readline())

    async def ask(self, ask: Ask) -> Report:
        self._writer.write(encode(ask))
        await self._writer.drain()
        return await self.next()

    async def hang_up(self) -> bytes:
        """Close, and answer what the worker left on its standard output."""
        self._writer.close()
        assert self.child.stdout is not None
        return await self.child.stdout.read()


@asynccontextmanager
async def worker(site: Site, home: Path) -> AsyncIterator[Talk]:
    ours, theirs = socket.socketpair()
    config = WorkerConfig(endpoint=Endpoint(site.player_host, str(site.ca_file)))
    with theirs:
        child = await start_child(
            [sys.executable, "-c", PROGRAM, str(theirs.fileno()), orjson.dumps(asdict(config)).decode()],
            env={"PATH": os.defpath, "HOME": str(home)},
            cwd=str(home),
            stdout=asyncio.subprocess.PIPE,
            stderr=None,
            pass_fds=[theirs.fileno()],
        )
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    try:
        yield Talk(reader, writer, child)
    finally:
        writer.close()
        await end_group(child)


@pytest.fixture
async def talk(site: Site, tmp_path: Path) -> AsyncIterator[Talk]:
    home = tmp_path / "home"
    home.mkdir()
    async with worker(site, home) as talking:
        hello = await talking.next()
        assert isinstance(hello, Hello)
        assert hello.pid == talking.child.pid
        assert set(hello.versions) >= {"yt-dlp", "requests"}
        yield talking


async def test_asks_are_answered_in_turn_with_files_and_their_cost(talk: Talk, folder: Path) -> None:
    first = await talk.ask(Ask(1, asked("aaaaaaaaaaa", folder, SPAN, Span(0, 10_000)), 20.0))
    assert isinstance(first, Answer)
    assert [type(one) for one in first.results] == [Fetched, Fetched]
    assert (first.id, first.requests) == (1, 4)
    assert first.received_bytes > 100_000
    assert first.peak_bytes > 10_000_000
    assert len(left_in(folder)) == 2
    second = await talk.ask(Ask(2, asked(Scenario.PRIVATE, folder), 20.0))
    assert isinstance(second, Answer)
    assert isinstance(second.results[0], Failure)
    assert (second.id, second.results[0].code, second.requests) == (2, "private", 1)


async def test_a_pre_roll_is_answered_with_a_wait(talk: Talk, folder: Path, site: Site) -> None:
    report = await talk.ask(Ask(5, asked(Scenario.AD_WAIT, folder), 20.0))
    assert isinstance(report, Wait)
    assert report.id == 5
    again = await talk.ask(Ask(6, asked(Scenario.AD_WAIT, folder), 20.0))
    assert isinstance(again, Wait)
    assert again.wait_s < report.wait_s
    assert len(player(site)) == 1


async def test_it_ends_well_when_the_parent_hangs_up_and_its_standard_output_stays_empty(
    talk: Talk, folder: Path, tmp_path: Path
) -> None:
    await talk.ask(Ask(1, asked("aaaaaaaaaaa", folder), 20.0))
    assert await talk.hang_up() == b""
    assert await talk.child.wait() == 0
    assert left_in(tmp_path / "home") == []
