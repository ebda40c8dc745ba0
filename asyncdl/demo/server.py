"""Listens on loopback, keeps connections alive, asks for answers, sends and logs them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import trustme

from asyncdl.demo.requestlog import RequestKind, RequestLog, RequestRecord
from asyncdl.demo.sending import Tally, send
from asyncdl.demo.wire import Reply, Request, read_request

LOOPBACK = "127.0.0.1"
NAMES = (LOOPBACK, "localhost", "*.youtube.com", "*.googlevideo.com")
_GOODBYE_S = 1.0
_BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and what the log is to say of the request."""

    reply: Reply
    kind: RequestKind = RequestKind.OTHER
    video_id: str = ""
    client_name: str = ""


AnswerTo = Callable[[Request, str], Awaitable[Answer]]
Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


class Server:
    """One or more ports with one log; ``clock`` gives seconds."""

    def __init__(self, log: RequestLog, clock: Callable[[], float], latency_s: float) -> None:
        self._log = log
        self._clock = clock
        self._latency_s = latency_s
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, answer: AnswerTo, context: ssl.SSLContext | None) -> int:
        """Open a free port that is answered by ``answer(request, client address)``; return its number."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
            await self.converse(reader, writer, answer, number, peer_of(writer))

        return await self.accept(serve, context)

    async def accept(
        self, conversation: Conversation, context: ssl.SSLContext | None = None, port: int = 0
    ) -> int:
        """Open a port, a free one for 0; each connection is a ``conversation(reader, writer, number)``."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._connection(reader, writer, conversation)

        server = await asyncio.start_server(
            serve,
            LOOPBACK,
            port,
            ssl=context,
            ssl_shutdown_timeout=_GOODBYE_S if context else None,
            backlog=_BACKLOG,
        )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def stop_listening(self) -> None:
        """Close all ports; connections go on."""
        for server in self._servers:
            server.close()

    async def close(self) -> None:
        """Close all ports and connections, also those in the middle of an answer."""
        self.stop_listening()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def converse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answer: AnswerTo,
        number: int,
        address: str,
    ) -> None:
        """Answer one request after the other until the client leaves."""
        while (request := await read_request(reader)) is not None:
            at_s, tally = self._clock(), Tally()
            if self._latency_s:
                await asyncio.sleep(self._latency_s)
            answered = await answer(request, address)
            try:
                await send(reader, writer, answered.reply, tally, bare=request.method == "HEAD")
            finally:
                self._log.add(_record(request, answered, tally, at_s, address, number))
            if answered.reply.closes:
                return
            await writer.drain()

    async def _connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, conversation: Conversation
    ) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs every connection in a task
        self._tasks.add(task)
        try:
            await conversation(reader, writer, next(self._log.connections))
        except (ConnectionError, asyncio.CancelledError):
            # The client has left, as clients do, or ``close`` ends us: nothing else cancels a connection.
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            await _closed(writer)


def peer_of(writer: asyncio.StreamWriter) -> str:
    """Tell the address that a connection comes from."""
    return str(writer.get_extra_info("peername")[0])


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make an authority and a server certificate for ``NAMES``; write the authority to ``folder/ca.pem``."""
    authority = trustme.CA()
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*NAMES).configure_cert(context)
    return context, path


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _record(
    request: Request, answered: Answer, tally: Tally, at_s: float, address: str, connection: int
) -> RequestRecord:
    reply = answered.reply
    return RequestRecord(
        at_s=at_s,
        kind=answered.kind,
        video_id=answered.video_id,
        method=request.method,
        path=request.path,
        status=reply.status,
        range=request.headers.get("range", ""),
        client_name=answered.client_name,
        user_agent=request.headers.get("user-agent", ""),
        address=address,
        bytes_offered=len(reply.body) if reply.declared_bytes is None else reply.declared_bytes,
        bytes_sent=tally.sent,
        connection=connection,
    )
