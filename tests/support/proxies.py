"""Real proxies on loopback: CONNECT and SOCKS5, with or without a login; they relay as they are asked."""

from __future__ import annotations

import asyncio
import base64
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Serve = Callable[[StreamReader, StreamWriter], Awaitable[None]]


@dataclass
class LoopbackProxy:
    """A listening proxy; ``asked`` notes the targets, ``refusal`` is what it answers instead of relaying."""

    port: int = 0
    login: tuple[str, str] | None = None
    refusal: bytes = b""
    asked: list[str] = field(default_factory=list)

    def url(self, scheme: str, login: str = "") -> str:
        return f"{scheme}://{login}{'@' if login else ''}127.0.0.1:{self.port}"


@asynccontextmanager
async def connect_proxy(
    *, login: tuple[str, str] | None = None, refusal: bytes = b"", tls: ssl.SSLContext | None = None
) -> AsyncIterator[LoopbackProxy]:
    """An HTTP proxy; ``refusal`` is a whole answer."""
    proxy = LoopbackProxy(login=login, refusal=refusal)

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        proxy.asked.append(target := head.split(" ")[1])
        if login is not None and f"Proxy-Authorization: Basic {_basic(login)}\r\n" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        elif refusal:
            writer.write(refusal)
        else:
            host, _, port = target.rpartition(":")
            await _relay(reader, writer, host, int(port), b"HTTP/1.1 200 Connection established\r\n\r\n")

    async with _listening(proxy, serve, tls):
        yield proxy


@asynccontextmanager
async def socks_proxy(
    *, login: tuple[str, str] | None = None, refusal: bytes = b""
) -> AsyncIterator[LoopbackProxy]:
    """A SOCKS5 proxy; ``refusal`` is the one byte of the reply's code."""
    proxy = LoopbackProxy(login=login, refusal=refusal)

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        methods = await reader.readexactly((await reader.readexactly(2))[1])
        wanted = 2 if login else 0
        writer.write(bytes([5, wanted if wanted in methods else 0xFF]))
        if wanted not in methods or (login and not await _is_let_in(login, reader, writer)):
            return
        _, _, _, form, length = await reader.readexactly(5)
        assert form == 3, "names are looked up by the proxy"
        host = (await reader.readexactly(length)).decode("ascii")
        port = int.from_bytes(await reader.readexactly(2), "big")
        proxy.asked.append(f"{host}:{port}")
        if refusal:
            writer.write(b"\x05" + refusal + b"\x00\x01" + bytes(6))
        else:
            await _relay(reader, writer, host, port, b"\x05\x00\x00\x01" + bytes(6))

    async with _listening(proxy, serve):
        yield proxy


@asynccontextmanager
async def odd_listener(greeting: bytes = b"") -> AsyncIterator[LoopbackProxy]:
    """Takes connections, says ``greeting`` and hangs up; without one it says nothing at all."""
    proxy = LoopbackProxy()

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(1)
        writer.write(greeting)
        if not greeting:
            await reader.read()

    async with _listening(proxy, serve):
        yield proxy


def closed_port() -> int:
    """A port of loopback where nobody listens, as far as anybody can know."""
    import socket  # noqa: PLC0415 - only here

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@asynccontextmanager
async def _listening(
    proxy: LoopbackProxy, serve: Serve, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await serve(reader, writer)
                await writer.drain()
        finally:
            writer.close()

    def accept(reader: StreamReader, writer: StreamWriter) -> None:
        conversations.add(asyncio.create_task(converse(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


async def _is_let_in(login: tuple[str, str], reader: StreamReader, writer: StreamWriter) -> bool:
    await reader.readexactly(1)
    words = [(await reader.readexactly((await reader.readexactly(1))[0])).decode() for _ in login]
    is_right = tuple(words) == login
    writer.write(bytes([1, 0 if is_right else 1]))
    return is_right


async def _relay(reader: StreamReader, writer: StreamWriter, host: str, port: int, welcome: bytes) -> None:
    far_reader, far_writer = await asyncio.open_connection(host, port)
    writer.write(welcome)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(reader, far_writer))
            group.create_task(_pump(far_reader, writer))
    finally:
        far_writer.close()


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()
        writer.write_eof()


def _basic(login: tuple[str, str]) -> str:
    return base64.b64encode(":".join(login).encode()).decode("ascii")
