"""Puts a reply on a connection in the manner that it asks for."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass

from asyncdl.demo.wire import Manner, Reply

BLOCK_BYTES = 256 << 10
_ZEROS = bytes(64 << 10)
_PACE_S = 0.05
_RST_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Tally:
    """Bytes of a body handed to the connection so far."""

    sent: int = 0


async def send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply, tally: Tally, *, bare: bool
) -> None:
    """Send ``reply``, without its body if ``bare`` (HEAD); the last block is not waited for.

    Raises ``ConnectionError`` when the client leaves. Faulty manners end with the client's leave or with
    the return of this function, after which the connection is closed.
    """
    if reply.manner is Manner.RESET:
        reset(writer)
        return
    if reply.manner is Manner.SLOW_HEAD:
        await _blocks(writer, memoryview(reply.head()), Tally(), 1)
    else:
        writer.write(reply.head())
    if bare:
        return
    body = memoryview(reply.body)
    match reply.manner:
        case Manner.HALF_THEN_CLOSE:
            await _blocks(writer, body[: len(body) // 2], tally, None)
        case Manner.HALF_THEN_SILENCE:
            await _blocks(writer, body[: len(body) // 2], tally, None)
            await _until_client_leaves(reader)
        case Manner.ONE_BYTE_PER_S:
            await _blocks(writer, body, tally, 1)
        case Manner.ENDLESS:
            await _blocks(writer, body, tally, reply.bytes_per_s)
            await _zeros(writer, reply.declared_bytes, tally)
        case _:
            await _blocks(writer, body, tally, reply.bytes_per_s)


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with a TCP reset."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
    writer.transport.abort()


async def _blocks(
    writer: asyncio.StreamWriter, body: memoryview, tally: Tally, bytes_per_s: int | None
) -> None:
    size = BLOCK_BYTES if bytes_per_s is None else max(1, int(bytes_per_s * _PACE_S))
    for begin in range(0, len(body), size):
        if begin:
            await _drained(writer)
            if bytes_per_s is not None:
                await asyncio.sleep(size / bytes_per_s)
        block = body[begin : begin + size]
        writer.write(block)
        tally.sent += len(block)


async def _zeros(writer: asyncio.StreamWriter, declared_bytes: int | None, tally: Tally) -> None:
    while declared_bytes is None or tally.sent < declared_bytes:
        await _drained(writer)
        block = _ZEROS if declared_bytes is None else _ZEROS[: declared_bytes - tally.sent]
        writer.write(block)
        tally.sent += len(block)


async def _until_client_leaves(reader: asyncio.StreamReader) -> None:
    while await reader.read(BLOCK_BYTES):
        pass


async def _drained(writer: asyncio.StreamWriter) -> None:
    """Wait until the connection takes more.

    ``drain`` alone may never yield on a TLS connection whose client has left, and so never learn of it.
    """
    await writer.drain()
    await asyncio.sleep(0)
