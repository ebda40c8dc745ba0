"""The parent's end of one fetch worker: asks a question, waits for the answer, knows when it is worn out."""

from __future__ import annotations

import asyncio
import socket
from itertools import count

from asyncdl.core.model import FetchRequest
from asyncdl.fetchers.ytdlp.protocol import (
    Answer,
    Ask,
    Hello,
    ProtocolFault,
    Report,
    Wait,
    decode_report,
    encode,
)

# Answers carry whole error texts; what is longer than this is no answer.
_MAX_LINE_BYTES = 4 * 1024 * 1024
# A worker minds its own deadline; only one that hangs is cut off from here.
_PATIENCE_S = 15.0


class WorkerGone(Exception):
    """The worker hung up, said what no worker says, or did not answer in time."""


class WorkerLine:
    """A connection to one worker. One question at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: Hello) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = count(1)
        self.hello = hello
        self.answered = 0
        self.peak_bytes = 0

    @classmethod
    async def open(cls, end: socket.socket, *, patience_s: float) -> WorkerLine:
        """Wait for the worker's first word; raises ``WorkerGone`` when it does not come."""
        reader, writer = await asyncio.open_unix_connection(sock=end, limit=_MAX_LINE_BYTES)
        try:
            hello = await _first_word(reader, patience_s)
        except BaseException:
            writer.close()
            raise
        return cls(reader, writer, hello)

    async def ask(self, request: FetchRequest, deadline_s: float) -> Answer:
        """Have one request served, waiting out a pre-roll where the worker says so.

        Raises ``WorkerGone``; ``TimeoutError`` when the worker hangs beyond its deadline.
        """
        ask = Ask(next(self._ids), request, deadline_s)
        while True:
            report = await self._exchange(ask)
            if isinstance(report, Answer) and report.id == ask.id:
                self.answered += 1
                self.peak_bytes = report.peak_bytes
                return report
            if not isinstance(report, Wait):
                raise WorkerGone(f"answered {report}")
            await asyncio.sleep(report.wait_s)

    def hang_up(self) -> None:
        """Close the connection; the worker ends by itself when it sees that."""
        self._writer.close()

    async def _exchange(self, ask: Ask) -> Report:
        try:
            self._writer.write(encode(ask))
            await self._writer.drain()
        except ConnectionError as error:
            raise WorkerGone(str(error)) from error
        return await _read(self._reader, ask.deadline_s + _PATIENCE_S)


async def _first_word(reader: asyncio.StreamReader, patience_s: float) -> Hello:
    hello = await _read(reader, patience_s)
    if not isinstance(hello, Hello):
        raise WorkerGone(f"began with {hello}")
    return hello


async def _read(reader: asyncio.StreamReader, patience_s: float) -> Report:
    try:
        async with asyncio.timeout(patience_s):
            line = await reader.readline()
    except (ConnectionError, ValueError) as error:
        raise WorkerGone(str(error)) from error
    if not line.endswith(b"\n"):
        raise WorkerGone("hung up")
    try:
        return decode_report(line)
    except ProtocolFault as error:
        raise WorkerGone(str(error)) from error
