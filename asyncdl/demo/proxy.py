"""An HTTP proxy on loopback that answers in the place of YouTube, by YouTube's own names.

It takes ``CONNECT`` to ``*.youtube.com:443`` and ``*.googlevideo.com:443``, ends the TLS inside with the
site's certificate, and hands the requests to the site; nothing is ever passed on to anywhere. So both tiers
of the real extractor run without a network, and a site may have several proxies, each an exit of its own.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from asyncdl.demo.sending import reset
from asyncdl.demo.server import LOOPBACK, Answer, AnswerTo, peer_of
from asyncdl.demo.site import Site, Visit
from asyncdl.demo.wire import Reply, Request, read_request

MEDIA_BASE = "https://r1---sn-demo.googlevideo.com"
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_ASK_LOGIN = Reply(407, b"who are you?\n", headers=(("Proxy-Authenticate", 'Basic realm="demo"'),))
_CONNECT_ONLY = Reply(405, b"CONNECT only\n", headers=(("Allow", "CONNECT"),))
_ELSEWHERE = Reply(403, b"this proxy leads nowhere else\n")


@dataclass(frozen=True, slots=True)
class ProxyTerms:
    """How a proxy behaves; may be changed while it runs, by assigning other terms to ``SiteProxy.terms``.

    ``login`` is the user and password that it wants; ``refusal`` an HTTP status that it answers to every
    CONNECT; ``delay_s`` comes before each tunnel and each answer in one. After ``dies_after`` requests in
    tunnels the next one finds it dead.
    """

    login: tuple[str, str] | None = None
    refusal: int | None = None
    delay_s: float = 0.0
    dies_after: int | None = None


@dataclass(slots=True)
class Traffic:
    """What one client did: connections to the proxy, those of them refused, tunnels, requests in tunnels."""

    connections: int = 0
    refused: int = 0
    tunnels: int = 0
    requests: int = 0


class SiteProxy:
    """A running proxy. ``traffic`` is by user, or by address for clients without a login.

    To the site all its clients come from ``exit_address``, if it has one, else from their own addresses.
    """

    def __init__(self, site: Site, terms: ProxyTerms, exit_address: str | None) -> None:
        self.terms = terms
        self.port = 0
        self.traffic: dict[str, Traffic] = {}
        self._site = site
        self._exit_address = exit_address
        self._server = site.new_server()
        self._requests = 0

    @classmethod
    @asynccontextmanager
    async def start(
        cls, site: Site, *, terms: ProxyTerms | None = None, exit_address: str | None = None
    ) -> AsyncIterator[SiteProxy]:
        """Serve on a free port of 127.0.0.1 until the block ends, as long as the site runs."""
        proxy = cls(site, terms or ProxyTerms(), exit_address)
        await proxy.revive()
        try:
            yield proxy
        finally:
            await proxy.die()

    @property
    def url(self) -> str:
        """Its address, without a login."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def secret_url(self) -> str:
        """Its address with the login that it wants."""
        login = "" if self.terms.login is None else f"{':'.join(self.terms.login)}@"
        return f"http://{login}{LOOPBACK}:{self.port}"

    async def die(self) -> None:
        """Refuse connections, break those that there are; may be called twice."""
        await self._server.close()

    async def revive(self) -> None:
        """Listen again, on the same port, and count towards ``dies_after`` from zero."""
        self._server, self._requests = self._site.new_server(), 0
        self.port = await self._server.accept(self._converse, port=self.port)

    async def _converse(self, reader: StreamReader, writer: StreamWriter, number: int) -> None:
        request = await read_request(reader)
        if request is None:
            return
        traffic = self.traffic.setdefault(_user(request) or peer_of(writer), Traffic())
        traffic.connections += 1
        await asyncio.sleep(self.terms.delay_s)
        refusal = self._refusal(request)
        if refusal is not None:
            traffic.refused += 1
            writer.write(refusal.head() + refusal.body)
            await writer.drain()
            return
        traffic.tunnels += 1
        answer = self._counted(traffic, self._host(request.target))
        address = self._exit_address or peer_of(writer)
        writer.write(_ESTABLISHED)
        try:
            await writer.start_tls(self._site.context)
        except ssl.SSLError:  # the client does not trust us
            reset(writer)
            return
        await self._server.converse(reader, writer, answer, number, address)

    def _refusal(self, request: Request) -> Reply | None:
        """Decide about a tunnel, in the order in which proxies do."""
        if self.terms.login is not None and request.headers.get("proxy-authorization") != _basic(
            self.terms.login
        ):
            return _ASK_LOGIN
        if request.method != "CONNECT":
            return _CONNECT_ONLY
        if self.terms.refusal is not None:
            return Reply(self.terms.refusal, b"refused\n")
        return _ELSEWHERE if self._host(request.target) is None else None

    def _host(self, target: str) -> AnswerTo | None:
        """Find who answers for ``host:port``."""
        host, _, port = target.lower().rpartition(":")
        if port != "443":
            return None
        if host.endswith(".youtube.com"):
            return self._youtube
        return self._site.answer_media if host.endswith(".googlevideo.com") else None

    async def _youtube(self, request: Request, address: str) -> Answer:
        return await self._site.answer_youtube(request, Visit(address, MEDIA_BASE))

    def _counted(self, traffic: Traffic, answer: AnswerTo | None) -> AnswerTo:
        assert answer is not None  # noqa: S101 - ``_refusal`` has seen to it

        async def counted(request: Request, address: str) -> Answer:
            if self.terms.dies_after is not None and self._requests >= self.terms.dies_after:
                self._server.stop_listening()
                raise ConnectionResetError
            self._requests += 1
            traffic.requests += 1
            await asyncio.sleep(self.terms.delay_s)
            return await answer(request, address)

        return counted


def _basic(login: tuple[str, str]) -> str:
    return f"Basic {base64.b64encode(':'.join(login).encode()).decode('ascii')}"


def _user(request: Request) -> str:
    """Read the user's name, right or wrong password; "" where there is none."""
    scheme, _, word = request.headers.get("proxy-authorization", "").partition(" ")
    try:
        login = base64.b64decode(word, validate=True).decode()
    except ValueError:
        return ""
    return login.partition(":")[0] if scheme == "Basic" else ""
