"""Tries a proxy: opens a tunnel through it, as a fetch would, and measures how long that takes."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from asyncdl.core.proxy import ProxyScheme, ProxyUrl

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})\b")
_NO_LOGIN, _BY_PASSWORD, _NOTHING_FITS = 0, 2, 0xFF
_REPLIES = {
    1: "it failed",
    2: "its rules forbid it",
    3: "the network cannot be reached from there",
    4: "the host cannot be reached from there",
    5: "the connection was refused there",
    6: "it took too long there",
}


class Obstacle(StrEnum):
    """Why there is no tunnel."""

    NO_NAME = "its name is not known"
    NO_CONNECTION = "no connection"
    SILENT = "no answer"
    TLS = "its TLS cannot be trusted"
    LOGIN = "it wants another user or password"
    BARRED = "it does not let through"
    FOREIGN = "it does not speak this protocol"


@dataclass(frozen=True, slots=True)
class Open:
    """The tunnel stood after ``latency_ms``, lookup of the proxy's name included; it is closed again."""

    latency_ms: int


@dataclass(frozen=True, slots=True)
class Shut:
    """There is no tunnel; ``detail`` holds no secret, but may hold words of the operating system."""

    obstacle: Obstacle
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.obstacle} ({self.detail})" if self.detail else self.obstacle.value


class _Refused(Exception):
    """Carries a ``Shut`` out of a conversation."""

    def __init__(self, obstacle: Obstacle, detail: str = "") -> None:
        super().__init__(obstacle)
        self.shut = Shut(obstacle, detail)


async def try_tunnel(
    proxy: ProxyUrl, host: str, port: int, *, deadline_s: float, tls: ssl.SSLContext | None = None
) -> Open | Shut:
    """Open a tunnel to ``host:port`` and close it; nothing is sent through it.

    ``tls`` is for ``https`` proxies; without it the system's authorities are asked.
    """
    clock = asyncio.get_running_loop().time
    started = clock()
    try:
        async with asyncio.timeout(deadline_s):
            await _converse(proxy, host, port, tls)
    except TimeoutError:
        return Shut(Obstacle.SILENT, f"in {deadline_s:g} s")
    except _Refused as refused:
        return refused.shut
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return Shut(Obstacle.FOREIGN)
    except OSError as error:
        return _shut_by(error)
    return Open(round((clock() - started) * 1000))


def _shut_by(error: OSError) -> Shut:
    if isinstance(error, socket.gaierror):
        return Shut(Obstacle.NO_NAME, error.strerror or "")
    if isinstance(error, ssl.SSLError):
        return Shut(Obstacle.TLS, error.reason or "")
    # asyncio puts words of its own, with the address, in the place of the system's.
    return Shut(Obstacle.NO_CONNECTION, os.strerror(error.errno) if error.errno else str(error))


async def _converse(proxy: ProxyUrl, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    context = (tls or ssl.create_default_context()) if proxy.scheme is ProxyScheme.HTTPS else None
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port, ssl=context)
    try:
        talk = _socks if proxy.scheme.is_socks else _connect
        await talk(proxy, host, port, reader, writer)
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def _connect(proxy: ProxyUrl, host: str, port: int, reader: StreamReader, writer: StreamWriter) -> None:
    """HTTP's CONNECT, with the basic login where there is one."""
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if proxy.user is not None:
        login = f"{proxy.user}:{proxy.password or ''}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(login).decode('ascii')}")
    writer.write("\r\n".join([*lines, "", ""]).encode("ascii"))
    status = _STATUS.match(await reader.readuntil(b"\r\n\r\n"))
    if status is None:
        raise _Refused(Obstacle.FOREIGN)
    code = int(status[1])
    if code == 407:
        raise _Refused(Obstacle.LOGIN)
    if code // 100 != 2:
        raise _Refused(Obstacle.BARRED, f"HTTP {code}")


async def _socks(proxy: ProxyUrl, host: str, port: int, reader: StreamReader, writer: StreamWriter) -> None:
    """SOCKS version 5 (RFC 1928); the proxy looks the name up, as with yt-dlp."""
    methods = [_NO_LOGIN] if proxy.user is None else [_NO_LOGIN, _BY_PASSWORD]
    writer.write(bytes([5, len(methods), *methods]))
    version, method = await reader.readexactly(2)
    if version != 5:
        raise _Refused(Obstacle.FOREIGN)
    if method == _NOTHING_FITS or method not in methods:
        raise _Refused(Obstacle.LOGIN)
    if method == _BY_PASSWORD:
        await _log_in(proxy, reader, writer)
    name = host.encode("ascii")
    writer.write(bytes([5, 1, 0, 3, len(name)]) + name + port.to_bytes(2, "big"))
    version, reply, _, _ = await reader.readexactly(4)
    if version != 5:
        raise _Refused(Obstacle.FOREIGN)
    if reply:
        raise _Refused(Obstacle.BARRED, _REPLIES.get(reply, f"SOCKS reply {reply}"))


async def _log_in(proxy: ProxyUrl, reader: StreamReader, writer: StreamWriter) -> None:
    """User and password, RFC 1929."""
    user, password = (proxy.user or "").encode(), (proxy.password or "").encode()
    writer.write(bytes([1, len(user)]) + user + bytes([len(password)]) + password)
    if (await reader.readexactly(2))[1]:
        raise _Refused(Obstacle.LOGIN)
