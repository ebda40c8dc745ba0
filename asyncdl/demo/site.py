"""An embedded stand-in for YouTube on loopback: player API, pages and a media server, all over TLS.

``async with Site.start(folder, masters) as site:`` serves until the block ends. Clients find it with
yt-dlp's extractor argument ``innertube_host=<site.player_host>`` and trust it with
``SSL_CERT_FILE=<site.ca_file>`` and ``--compat-options no-certifi``; the certificate check stays on.
Clients that ask YouTube by its own names go through ``demo.proxy``.
``python -m asyncdl.demo.site --help`` starts the same in a process of its own.
"""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from asyncdl.demo import pages, player
from asyncdl.demo.budget import Allowances, Budget
from asyncdl.demo.cures import VISITOR, Asker, met_by
from asyncdl.demo.delivery import BIG_FILE_BYTES, deliver
from asyncdl.demo.media import Master, Masters, Recipe
from asyncdl.demo.menu import Terms, recipe_of, recipes
from asyncdl.demo.requestlog import RequestKind, RequestLog, RequestRecord
from asyncdl.demo.scenarios import Cast, Plan, Scenario, by_id
from asyncdl.demo.server import LOOPBACK, Answer, Server, certificate
from asyncdl.demo.wire import Reply, Request

PLAYER_PATH = "/youtubei/v1/player"
NEXT_PATH = "/youtubei/v1/next"
WATCH_PATH = "/watch"
MEDIA_PATH = "/videoplayback"
AD_LEAD_S = 2.0
_MISSING = Answer(Reply(404, b"not found\n"))
_FOREIGN = Reply(403, b"this address did not ask the player\n")
_TOO_EARLY = Reply(403, b"too early\n")
_NO_CONTENT = Answer(Reply(204))
_SIGN_OUT = "LOGIN_INFO=; Domain=.youtube.com; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure"


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a request comes from, and where its client finds media."""

    address: str
    media_base: str


class Site:
    """A running stand-in; ``player_host`` is ``127.0.0.1:PORT``, ``ca_file`` what clients must trust.

    ``own_media`` holds, by video id, who answers media requests in the media server's place.
    """

    def __init__(
        self,
        masters: Masters,
        cast: Cast,
        terms: Terms,
        budget: Budget | None,
        clock: Callable[[], float],
        log: RequestLog,
    ) -> None:
        self.player_host = ""
        self.media_base = ""
        self.ca_file = Path()
        self.clock = clock
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.log = log
        self.own_media: dict[str, Callable[[Request], Reply]] = {}
        self._masters = masters
        self._cast = cast
        self._terms = terms
        self._allowances = Allowances(budget)
        self._struck: Counter[str] = Counter()
        self._media_from_s: dict[str, float] = {}
        self._bytes: dict[Recipe, bytes] = {}

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        folder: Path,
        masters: Masters,
        *,
        scenarios: Mapping[str, Plan | Scenario] | Cast | None = None,
        terms: Terms | None = None,
        budget: Budget | None = None,
        clock: Callable[[], float] = time.time,
        log: RequestLog | None = None,
    ) -> AsyncIterator[Site]:
        """Serve on free ports of 127.0.0.1 until the block ends; ``folder`` receives ``ca.pem``.

        ``clock`` gives seconds since 1970. Raises ``EnvironmentFault`` when the masters cannot be made.
        """
        cast = scenarios if callable(scenarios) else by_id(scenarios or {})
        terms = terms or Terms()
        site = cls(masters, cast, terms, budget, clock, log or RequestLog())
        await asyncio.gather(*map(masters.get, recipes(Scenario.GOOD, terms)))
        server = site.new_server()
        try:
            await site._open(server, folder)
            yield site
        finally:
            await server.close()
            site.log.close()

    @property
    def requests(self) -> list[RequestRecord]:
        """What was asked so far, in the order in which the answers ended."""
        return self.log.records

    def new_server(self) -> Server:
        """Make a server that writes into this site's log; whoever asks for it closes it."""
        return Server(self.log, self.clock, self._terms.latency_s)

    async def answer_youtube(self, request: Request, visit: Visit) -> Answer:
        """Answer as www.youtube.com does."""
        path = request.path
        script = pages.script(path)
        if script is not None:
            return Answer(script, RequestKind.SCRIPT)
        if path == WATCH_PATH:
            return await self._watch(request.query.get("v", ""), visit)
        page = pages.configured(path)
        if page is not None:
            return Answer(page, RequestKind.PAGE)
        if path in {PLAYER_PATH, NEXT_PATH}:
            return await self._answer_api(request, visit)
        return _NO_CONTENT if path == "/generate_204" else _MISSING

    async def answer_media(self, request: Request, address: str) -> Answer:
        """Answer as a media server does."""
        video_id = request.query.get("id", "")
        try:
            recipe = recipe_of(request.query.get("master", ""))
        except ValueError:
            return _MISSING
        if request.path != MEDIA_PATH or request.method not in {"GET", "HEAD"}:
            return _MISSING
        if request.query.get("ip") != address:
            return Answer(_FOREIGN, RequestKind.MEDIA, video_id)
        if self.clock() < self._media_from_s.get(video_id, 0.0):
            return Answer(_TOO_EARLY, RequestKind.MEDIA, video_id)
        if video_id in self.own_media:
            return Answer(self.own_media[video_id](request), RequestKind.MEDIA, video_id)
        scenario, media = self._scenario(video_id, media=True), await self._content(recipe)
        mime = recipe.layout.mime.split(";", 1)[0]
        reply = deliver(request, media, mime, scenario, self._terms.bytes_per_s)
        return Answer(reply, RequestKind.MEDIA, video_id)

    async def _open(self, server: Server, folder: Path) -> None:
        async def ask(request: Request, address: str) -> Answer:
            if request.path != PLAYER_PATH:
                return _MISSING
            return await self.answer_youtube(request, Visit(address, self.media_base))

        self.context, self.ca_file = certificate(folder)
        scheme, media_context = ("https", self.context) if self._terms.media_tls else ("http", None)
        self.player_host = f"{LOOPBACK}:{await server.listen(ask, self.context)}"
        self.media_base = f"{scheme}://{LOOPBACK}:{await server.listen(self.answer_media, media_context)}"

    async def _answer_api(self, request: Request, visit: Visit) -> Answer:
        try:
            asked = orjson.loads(request.body)
            video_id, client = str(asked["videoId"]), str(asked["context"]["client"]["clientName"])
        except (ValueError, KeyError, TypeError):
            return Answer(player.BROKEN[Scenario.HTTP400], RequestKind.PLAYER)
        if request.path == NEXT_PATH:
            return Answer(pages.next_reply(video_id), RequestKind.OTHER, video_id, client)
        asker = Asker(client, request.headers.get("x-goog-visitor-id") == VISITOR)
        scenario = self._refusal(visit) or met_by(asker, self._scenario(video_id, media=False))
        reply = player.unplayable(video_id, scenario)
        if reply is None:
            reply = player.as_reply(await self._playable(video_id, scenario, visit))
        return Answer(reply, RequestKind.PLAYER, video_id, client)

    async def _watch(self, video_id: str, visit: Visit) -> Answer:
        """Make the video's page; it embeds what the web player gets, which is nothing to download."""
        plan = self._cast(video_id)
        scenario = self._refusal(visit) or (plan.scenario if plan.times is None else Scenario.GOOD)
        if scenario in player.BROKEN:
            return Answer(player.BROKEN[scenario], RequestKind.PAGE, video_id)
        answer = player.refusal(video_id, scenario)
        if answer is None:
            met = scenario if scenario is Scenario.WRONG_VIDEO else Scenario.SABR_ONLY
            answer = await self._playable(video_id, met, visit)
        for_kids, is_bare = scenario is Scenario.KIDS, self._terms.bare_pages
        page = pages.watch(video_id, answer, for_kids=for_kids, is_bare=is_bare)
        if scenario is Scenario.COOKIES_ROTATED:
            page = replace(page, headers=(("Set-Cookie", _SIGN_OUT),))
        return Answer(page, RequestKind.PAGE, video_id)

    def _refusal(self, visit: Visit) -> Scenario | None:
        return self._allowances.refusal(visit.address, self.clock())

    async def _playable(self, video_id: str, scenario: Scenario, visit: Visit) -> player.Json:
        now = self.clock()
        if scenario is Scenario.AD_WAIT:
            self._media_from_s[video_id] = math.ceil(now) + self._terms.ad_skip_ms / 1000 - AD_LEAD_S

        def url_of(master: Master, mark: str) -> str:
            return player.media_url(visit.media_base, video_id, master, now=now, ip=visit.address, mark=mark)

        masters = await asyncio.gather(*map(self._masters.get, recipes(scenario, self._terms)))
        if scenario is Scenario.BIG_FILE:
            masters = [replace(master, size_bytes=BIG_FILE_BYTES) for master in masters]
        offers = player.offers_of(scenario, masters, url_of)
        return player.playable(video_id, offers, scenario, ad_skip_ms=self._terms.ad_skip_ms)

    async def _content(self, recipe: Recipe) -> bytes:
        if recipe not in self._bytes:
            master = await self._masters.get(recipe)
            self._bytes[recipe] = await asyncio.to_thread(master.path.read_bytes)
        return self._bytes[recipe]

    def _scenario(self, video_id: str, *, media: bool) -> Scenario:
        """Return what this request of the video meets; a passing fault is used up by those it spoils."""
        plan = self._cast(video_id)
        if plan.times is None:
            return plan.scenario
        if plan.scenario.spoils_media is not media or self._struck[video_id] >= plan.times:
            return Scenario.GOOD
        self._struck[video_id] += 1
        return plan.scenario


if __name__ == "__main__":
    from asyncdl.demo.program import main

    main()
