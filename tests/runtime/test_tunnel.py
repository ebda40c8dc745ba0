"""Proxies are tried with real handshakes against real listeners on loopback."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import pytest
import trustme

from asyncdl.core.proxy import ProxyUrl, parse_proxy
from asyncdl.runtime.tunnel import Obstacle, Open, Shut, try_tunnel
from support.proxies import closed_port, connect_proxy, odd_listener, socks_proxy

LOGIN = ("joe", "p@ss wörd")
TYPED = "joe:p%40ss%20w%C3%B6rd"


async def tried(
    url: str, port: int, *, deadline_s: float = 20, tls: ssl.SSLContext | None = None
) -> Open | Shut:
    proxy = parse_proxy(url)
    assert isinstance(proxy, ProxyUrl)
    return await try_tunnel(proxy, "127.0.0.1", port, deadline_s=deadline_s, tls=tls)


@pytest.fixture
async def far_port() -> AsyncIterator[int]:
    """The port of a far end that takes connections."""
    async with odd_listener() as far:
        yield far.port


async def test_an_http_proxy_is_asked_to_connect(far_port: int) -> None:
    async with connect_proxy() as proxy:
        assert isinstance(await tried(proxy.url("http"), far_port), Open)
        assert proxy.asked == [f"127.0.0.1:{far_port}"]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
async def test_a_socks_proxy_is_asked_to_connect(scheme: str, far_port: int) -> None:
    async with socks_proxy() as proxy:
        assert isinstance(await tried(proxy.url(scheme), far_port), Open)
        assert proxy.asked == [f"127.0.0.1:{far_port}"]


async def test_user_and_password_are_decoded_before_they_are_sent(far_port: int) -> None:
    async with connect_proxy(login=LOGIN) as http, socks_proxy(login=LOGIN) as socks:
        assert isinstance(await tried(http.url("http", TYPED), far_port), Open)
        assert isinstance(await tried(socks.url("socks5", TYPED), far_port), Open)


@pytest.mark.parametrize("login", ["", "joe:wrong"])
async def test_a_wrong_login_is_told_apart(login: str, far_port: int) -> None:
    async with connect_proxy(login=LOGIN) as http, socks_proxy(login=LOGIN) as socks:
        assert await tried(http.url("http", login), far_port) == Shut(Obstacle.LOGIN)
        assert await tried(socks.url("socks5", login), far_port) == Shut(Obstacle.LOGIN)


async def test_a_proxy_behind_tls_is_trusted_by_its_certificate_only(far_port: int) -> None:
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    async with connect_proxy(tls=server) as proxy:
        refused = await tried(proxy.url("https"), far_port, tls=client)
        assert isinstance(refused, Shut)
        assert refused.obstacle is Obstacle.TLS
        authority.configure_trust(client)
        assert isinstance(await tried(proxy.url("https"), far_port, tls=client), Open)


async def test_a_proxy_that_bars_the_way_says_why(far_port: int) -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\n\r\n"
    async with connect_proxy(refusal=refusal) as http, socks_proxy(refusal=b"\x02") as socks:
        assert await tried(http.url("http"), far_port) == Shut(Obstacle.BARRED, "HTTP 403")
        assert await tried(socks.url("socks5"), far_port) == Shut(Obstacle.BARRED, "its rules forbid it")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize(
    "greeting", [b"SSH-2.0-x\r\n\r\n", b"\x04", b"x" * 200_000], ids=["ssh", "short", "flood"]
)
async def test_what_speaks_something_else_is_no_proxy(scheme: str, greeting: bytes, far_port: int) -> None:
    async with odd_listener(greeting) as other:
        result = await tried(other.url(scheme), far_port)
    assert isinstance(result, Shut)
    assert result.obstacle in {Obstacle.FOREIGN, Obstacle.NO_CONNECTION}  # it may hang up while we write


async def test_silence_ends_at_the_deadline(far_port: int) -> None:
    async with odd_listener() as silent:
        result = await tried(silent.url("http"), far_port, deadline_s=0.05)
    assert result == Shut(Obstacle.SILENT, "in 0.05 s")


async def test_nobody_there_is_no_connection(far_port: int) -> None:
    result = await tried(f"http://127.0.0.1:{closed_port()}", far_port)
    assert result == Shut(Obstacle.NO_CONNECTION, "Connection refused")
