"""The proxy that answers in YouTube's place: names, pages, logins, faults, counts."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from asyncdl.demo.budget import Budget
from asyncdl.demo.cures import FIRST_ANSWERS, VISITOR, Asker, met_by
from asyncdl.demo.media import Masters
from asyncdl.demo.pages import PLAYER_ID
from asyncdl.demo.proxy import MEDIA_BASE, ProxyTerms, SiteProxy, Traffic
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.site import Site

YOUTUBE = "https://www.youtube.com"
ID = "dQw4w9WgXcQ"


@dataclass(frozen=True)
class Browser:
    """A client that trusts the site's authority and knows no other way out."""

    site: Site
    proxy: str

    async def get(self, url: str, **options: Any) -> requests.Response:
        return await self.request("GET", url, **options)

    async def ask(self, video_id: str, client: str = "VISIONOS", api: str = "player") -> Any:
        body = {"videoId": video_id, "context": {"client": {"clientName": client}}}
        return (await self.request("POST", f"{YOUTUBE}/youtubei/v1/{api}", json=body)).json()

    async def request(self, method: str, url: str, **options: Any) -> requests.Response:
        return await asyncio.to_thread(self._request, method, url, options)

    def _request(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        ways = {"http": self.proxy, "https": self.proxy}
        with requests.Session() as session:
            return session.request(
                method, url, proxies=ways, verify=str(self.site.ca_file), timeout=20, **options
            )


@pytest.fixture
async def proxy(site: Site) -> AsyncIterator[SiteProxy]:
    async with SiteProxy.start(site) as running:
        yield running


@pytest.fixture
def browser(site: Site, proxy: SiteProxy) -> Browser:
    return Browser(site, proxy.url)


async def test_the_page_of_a_video_holds_what_an_extractor_looks_for(browser: Browser) -> None:
    page = await browser.get(f"{YOUTUBE}/watch?v={ID}")
    assert page.status_code == 200
    known = json.loads(re.findall(r"ytcfg\.set\((.*?)\);", page.text)[0])
    assert known["VISITOR_DATA"] == VISITOR
    assert PLAYER_ID in known["PLAYER_JS_URL"]
    answer = json.loads(re.findall(r"ytInitialPlayerResponse = (.*?);</script>", page.text)[0])
    assert answer["videoDetails"]["videoId"] == ID
    assert not any("url" in known for known in answer["streamingData"]["adaptiveFormats"])
    assert "ytInitialData" in page.text


async def test_only_the_page_of_a_video_made_for_kids_says_so(browser: Browser) -> None:
    pages = [await browser.get(f"{YOUTUBE}/watch?v={ytid}") for ytid in (Scenario.KIDS, ID)]
    assert ["made for kids" in page.text for page in pages] == [True, False]


async def test_a_refused_video_is_refused_on_its_page_too(browser: Browser) -> None:
    page = await browser.get(f"{YOUTUBE}/watch?v={Scenario.PRIVATE}")
    assert "LOGIN_REQUIRED" in page.text
    assert (await browser.get(f"{YOUTUBE}/watch?v={Scenario.HTTP429}")).status_code == 429


async def test_scripts_and_apis_answer(browser: Browser) -> None:
    frame = await browser.get(f"{YOUTUBE}/iframe_api")
    assert re.search(rf"player\\?/{PLAYER_ID}\\?/", frame.text)
    script = await browser.get(f"{YOUTUBE}/s/player/{PLAYER_ID}/player_ias.vflset/en_US/base.js")
    assert re.search(r"signatureTimestamp:[0-9]{5}\b", script.text)
    assert "contents" in await browser.ask(ID, api="next")
    assert (await browser.get(f"{YOUTUBE}/generate_204")).status_code == 204
    assert (await browser.get(f"{YOUTUBE}/embed/{ID}?html5=1")).text.count("WEB_EMBEDDED_PLAYER") == 1


async def test_media_are_offered_and_served_by_the_name_of_a_media_server(browser: Browser) -> None:
    answer = await browser.ask(ID)
    url = answer["streamingData"]["adaptiveFormats"][0]["url"]
    assert url.startswith(f"{MEDIA_BASE}/videoplayback?")
    part = await browser.get(url, headers={"Range": "bytes=0-99"})
    assert (part.status_code, len(part.content)) == (206, 100)


@pytest.mark.parametrize(
    "target",
    ["www.example.com:443", "youtube.com.example.com:443", "www.youtube.com:80", "127.0.0.1:443", "nonsense"],
)
async def test_nothing_else_is_reached(proxy: SiteProxy, target: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    assert (await reader.read()).startswith(b"HTTP/1.1 403 ")
    writer.close()
    assert proxy.traffic == {"127.0.0.1": Traffic(connections=1, refused=1)}


async def test_plain_http_is_not_relayed(browser: Browser) -> None:
    assert (await browser.get("http://www.youtube.com/watch?v=x")).status_code == 405


async def test_whoever_does_not_trust_the_authority_gets_nothing(
    site: Site, proxy: SiteProxy, tmp_path: Path
) -> None:
    ways = {"https": proxy.url}
    with pytest.raises(requests.exceptions.SSLError):
        await asyncio.to_thread(requests.get, YOUTUBE, proxies=ways, timeout=20)
    assert site.requests == []


async def test_a_login_is_asked_for_and_clients_are_counted_by_it(site: Site) -> None:
    async with SiteProxy.start(site, terms=ProxyTerms(login=("joe", "secret"))) as proxy:
        with pytest.raises(requests.exceptions.ProxyError, match="407"):
            await Browser(site, proxy.url).get(f"{YOUTUBE}/iframe_api")
        with pytest.raises(requests.exceptions.ProxyError, match="407"):
            await Browser(site, proxy.secret_url.replace("secret", "wrong")).get(f"{YOUTUBE}/iframe_api")
        assert (await Browser(site, proxy.secret_url).get(f"{YOUTUBE}/iframe_api")).status_code == 200
    assert proxy.traffic == {
        "127.0.0.1": Traffic(connections=1, refused=1),
        "joe": Traffic(connections=2, refused=1, tunnels=1, requests=1),
    }


async def test_it_may_refuse_and_come_to_its_senses(browser: Browser, proxy: SiteProxy) -> None:
    proxy.terms = ProxyTerms(refusal=502)
    with pytest.raises(requests.exceptions.ProxyError, match="502"):
        await browser.get(f"{YOUTUBE}/iframe_api")
    proxy.terms = ProxyTerms()
    assert (await browser.get(f"{YOUTUBE}/iframe_api")).status_code == 200


async def test_it_may_be_slow(browser: Browser, proxy: SiteProxy) -> None:
    proxy.terms = ProxyTerms(delay_s=0.05)
    before = time.monotonic()
    await browser.get(f"{YOUTUBE}/iframe_api")
    assert time.monotonic() - before >= 0.1, "once for the tunnel, once for the answer"


async def test_it_may_die_and_live_again_on_its_port(browser: Browser, proxy: SiteProxy) -> None:
    port = proxy.port
    await proxy.die()
    with pytest.raises(requests.exceptions.ProxyError):
        await browser.get(f"{YOUTUBE}/iframe_api")
    await proxy.revive()
    assert proxy.port == port
    assert (await browser.get(f"{YOUTUBE}/iframe_api")).status_code == 200


async def test_it_may_die_after_some_requests(browser: Browser, proxy: SiteProxy) -> None:
    proxy.terms = ProxyTerms(dies_after=2)
    for _ in range(2):
        assert (await browser.get(f"{YOUTUBE}/iframe_api")).status_code == 200
    for _ in range(2):
        with pytest.raises(requests.exceptions.ConnectionError):
            await browser.get(f"{YOUTUBE}/iframe_api")


async def test_each_exit_has_a_budget_of_its_own(tmp_path: Path, masters: Masters) -> None:
    async with (
        Site.start(tmp_path, masters, budget=Budget(requests=1, pause_s=60)) as site,
        SiteProxy.start(site, exit_address="192.0.2.1") as one,
        SiteProxy.start(site, exit_address="192.0.2.2") as two,
    ):
        answers = [await Browser(site, each.url).ask(ID) for each in (one, one, two)]
        addresses = [request.address for request in site.requests]
    assert [answer["playabilityStatus"]["status"] for answer in answers] == ["OK", "UNPLAYABLE", "OK"]
    assert addresses == ["192.0.2.1", "192.0.2.1", "192.0.2.2"]


async def test_the_site_numbers_connections_across_its_proxies(site: Site) -> None:
    async with SiteProxy.start(site) as one, SiteProxy.start(site) as two:
        for each in (one, two):
            await Browser(site, each.url).get(f"{YOUTUBE}/iframe_api")
    assert [request.connection for request in site.requests] == [1, 2]


def test_a_cure_is_for_visitors_and_for_kids_the_embedded_player() -> None:
    bare, visitor = Asker("VISIONOS", is_visitor=False), Asker("VISIONOS", is_visitor=True)
    embedded = Asker("WEB_EMBEDDED_PLAYER", is_visitor=False)
    for scenario, first in FIRST_ANSWERS.items():
        assert met_by(bare, scenario) is first
        assert met_by(visitor, scenario) is (first if scenario is Scenario.KIDS else Scenario.GOOD)
    assert met_by(embedded, Scenario.KIDS) is Scenario.GOOD
    assert met_by(visitor, Scenario.PRIVATE) is Scenario.PRIVATE
