"""What the network, proxies and strangers say: each fault is made, the real networking of yt-dlp meets it.

Most are met twice, by the request to the player and by one for media.
"""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from asyncdl.core.model import Failure
from asyncdl.demo.site import Site
from support.message_rows import NETWORK
from support.messages import By, Message
from support.oddserver import Odd, odd_server
from support.proxies import closed_port, connect_proxy, odd_listener, socks_proxy
from support.staging import Faults, Stage, hanging_up
from support.telling import assert_told, rows

LOGIN = ("joe", "secret")
FOREIGN = "203.0.113.1"
# A broadcast address of loopback: the kernel has no way there for TCP and sends nothing.
NOWHERE = "127.255.255.255:443"

FAULTS = Faults()


# yt-dlp leaves the connection to a SOCKS proxy that hangs up to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <yt_dlp.socks.sockssocket")
@rows(By.NETWORK)
async def test_said_by_the_network(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch, message: Message
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(site.ca_file))
    assert_told(await FAULTS[message.how](Stage(site, folder, monkeypatch)), message)


def test_every_fault_of_the_network_has_its_row() -> None:
    assert {message.how for message in NETWORK} == set(FAULTS)


@FAULTS.add
async def stranger(stage: Stage) -> Failure:
    stage.patch.delenv("SSL_CERT_FILE")
    return await stage.both()


@FAULTS.add
async def http_login(stage: Stage) -> Failure:
    async with connect_proxy(login=LOGIN) as proxy:
        return await stage.both(proxy=proxy.url("http"))


@FAULTS.add
async def http_proxy_gone(stage: Stage) -> Failure:
    return await stage.both(proxy=f"http://127.0.0.1:{closed_port()}")


@FAULTS.add
async def https_proxy_gone(stage: Stage) -> Failure:
    return await stage.both(proxy=f"https://127.0.0.1:{closed_port()}")


@FAULTS.add
async def http_proxy_refuses(stage: Stage) -> Failure:
    async with connect_proxy(refusal=b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") as proxy:
        return await stage.both(proxy=proxy.url("http"))


@FAULTS.add
async def socks_proxy_gone(stage: Stage) -> Failure:
    port = closed_port()
    await stage.media("http://localhost:1/", proxy=f"socks5h://127.0.0.1:{port}")
    return await stage.both(proxy=f"socks5h://127.0.0.1:{port}")


async def _refused_by_socks(stage: Stage, code: int) -> Failure:
    """The names of hosts are looked up by the proxy, so that it gets to see one."""
    async with socks_proxy(refusal=bytes([code])) as proxy:
        return await stage.both(proxy=proxy.url("socks5h"), host="localhost:443")


@FAULTS.add
async def socks_failure(stage: Stage) -> Failure:
    return await _refused_by_socks(stage, 1)


@FAULTS.add
async def socks_ruleset(stage: Stage) -> Failure:
    return await _refused_by_socks(stage, 2)


@FAULTS.add
async def socks_network(stage: Stage) -> Failure:
    return await _refused_by_socks(stage, 3)


@FAULTS.add
async def socks_refused(stage: Stage) -> Failure:
    return await _refused_by_socks(stage, 5)


@FAULTS.add
async def socks_wants_login(stage: Stage) -> Failure:
    async with socks_proxy(login=LOGIN) as proxy:
        return await stage.both(proxy=proxy.url("socks5h"))


@FAULTS.add
async def socks_wrong_login(stage: Stage) -> Failure:
    async with socks_proxy(login=LOGIN) as proxy:
        return await stage.both(proxy=proxy.url("socks5h", "joe:wrong"))


@FAULTS.add
async def socks_is_none(stage: Stage) -> Failure:
    async with odd_listener(b"SSH-2.0-x\r\n") as proxy:
        return await stage.both(proxy=proxy.url("socks5h"))


@FAULTS.add
async def socks_hangs_up(stage: Stage) -> Failure:
    async with hanging_up() as port:
        return await stage.both(proxy=f"socks5h://127.0.0.1:{port}")


@FAULTS.add
async def ftp_proxy(stage: Stage) -> Failure:
    return await stage.both(proxy="ftp://127.0.0.1:1")


@FAULTS.add
async def foreign_source(stage: Stage) -> Failure:
    return await stage.both(source_address=FOREIGN)


@FAULTS.add
async def source_of_ipv6(stage: Stage) -> Failure:
    return await stage.both(source_address="::1")


@FAULTS.add
async def source_of_ipv6_by_socks(stage: Stage) -> Failure:
    async with socks_proxy() as proxy:
        return await stage.both(proxy=proxy.url("socks5h"), source_address="::1")


@FAULTS.add
async def no_name(stage: Stage) -> Failure:
    """The machine's own resolver says so; it is kept from asking the network."""
    look_up = socket.getaddrinfo

    def offline(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        return look_up(host, port, flags=socket.AI_NUMERICHOST)

    stage.patch.setattr(socket, "getaddrinfo", offline)
    return await stage.both(host="www.example.invalid:443")


@FAULTS.add
async def no_resolver(stage: Stage) -> Failure:
    def silent(*asked: Any, **named: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    stage.patch.setattr(socket, "getaddrinfo", silent)
    return await stage.both(host="www.example.invalid:443")


@FAULTS.add
async def no_network(stage: Stage) -> Failure:
    return await stage.both(host=NOWHERE)


async def _cannot_connect(stage: Stage, number: int) -> Failure:
    """The kernel's word for a fault that only another machine could make."""

    def refuse(self: socket.socket, address: Any) -> None:
        raise OSError(number, os.strerror(number))

    stage.patch.setattr(socket.socket, "connect", refuse)
    return await stage.both()


@FAULTS.add
async def no_route(stage: Stage) -> Failure:
    return await _cannot_connect(stage, errno.EHOSTUNREACH)


@FAULTS.add
async def connect_timed_out(stage: Stage) -> Failure:
    return await _cannot_connect(stage, errno.ETIMEDOUT)


@FAULTS.add
async def broken_pipe(stage: Stage) -> Failure:
    return await _cannot_connect(stage, errno.EPIPE)


@FAULTS.add
async def server_gone(stage: Stage) -> Failure:
    return await stage.both(host=f"127.0.0.1:{closed_port()}")


@FAULTS.add
async def tls_cut_off(stage: Stage) -> Failure:
    async with hanging_up() as port:
        return await stage.both(host=f"127.0.0.1:{port}")


@FAULTS.add
async def no_tls(stage: Stage) -> Failure:
    async with odd_listener(b"HTTP/1.0 400 Bad Request\r\n\r\n") as plain:
        return await stage.both(host=f"127.0.0.1:{plain.port}")


@FAULTS.add
async def server_hangs_up(stage: Stage) -> Failure:
    async with hanging_up() as port:
        return await stage.media(f"http://127.0.0.1:{port}/videoplayback")


@FAULTS.add
async def server_resets(stage: Stage) -> Failure:
    async with hanging_up(reset=True) as port:
        return await stage.media(f"http://127.0.0.1:{port}/videoplayback")


@FAULTS.add
async def silent_server(stage: Stage) -> Failure:
    async with odd_listener() as silent:
        return await stage.both(host=f"127.0.0.1:{silent.port}")


async def _answered(stage: Stage, status: int) -> Failure:
    with odd_server({"/": Odd(status)}) as server:
        return await stage.media(server.url("/"))


@FAULTS.add
async def http_400(stage: Stage) -> Failure:
    return await _answered(stage, 400)


@FAULTS.add
async def http_410(stage: Stage) -> Failure:
    return await _answered(stage, 410)
