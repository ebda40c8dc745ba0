"""The fuller extraction: the real extractor, through a proxy that answers in YouTube's place.

What a real player's challenges need is not proved here: the stand-in's good formats carry none.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import orjson
import pytest

from asyncdl.core.model import Failure, Fetched, Tier
from asyncdl.demo.budget import Budget
from asyncdl.demo.cures import FIRST_ANSWERS
from asyncdl.demo.media import Masters
from asyncdl.demo.menu import Terms
from asyncdl.demo.player import BROKEN
from asyncdl.demo.proxy import ProxyTerms, SiteProxy
from asyncdl.demo.reasons import REFUSALS
from asyncdl.demo.requestlog import RequestKind
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.site import Site
from asyncdl.fetchers.ytdlp.bearing import Bearing
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig, config_from_json
from support.fetching import asked, left_in
from support.proxies import closed_port
from support.tiers import config_of, fetch_all, fetch_one, installed_runtime

ID = "dQw4w9WgXcQ"
OTHER = "-PJHxphWEs8"
CURED = sorted(set(FIRST_ANSWERS) - {Scenario.KIDS})
OTHERS = (Scenario.WRONG_VIDEO, Scenario.DRM_ONLY, Scenario.MEDIA403, Scenario.MEDIA_RESET)
# yt-dlp leaves the connection of a page with an error status to the garbage collector.
LEAKS = pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket")
EMBEDDED = ("--extractor-args", "youtube:player_client=web_embedded")
# A client that needs the player's script and has no page of its own.
TELEVISION = ("--extractor-args", "youtube:player_client=tv_downgraded")
ACCOUNT = """# Netscape HTTP Cookie File
.youtube.com\tTRUE\t/\tTRUE\t4102444800\tLOGIN_INFO\tmade-up
.youtube.com\tTRUE\t/\tTRUE\t4102444800\tSAPISID\tmade-up
"""


@pytest.fixture
async def proxy(site: Site) -> AsyncIterator[SiteProxy]:
    async with SiteProxy.start(site) as running:
        yield running


def kinds(site: Site) -> list[RequestKind]:
    return [request.kind for request in site.requests]


def clients(site: Site) -> list[str]:
    return [request.client_name for request in site.requests if request.kind is RequestKind.PLAYER]


@pytest.mark.parametrize("scenario", CURED)
async def test_what_one_request_does_not_bring_the_second_tier_does(
    site: Site, proxy: SiteProxy, folder: Path, scenario: Scenario
) -> None:
    refused = await fetch_one(config_of(site, proxy, Tier.FIRST), scenario, folder)
    assert isinstance(refused, Failure)
    assert refused.code == scenario.expected
    assert left_in(folder) == []
    cured = await fetch_one(config_of(site, proxy), scenario, folder)
    assert isinstance(cured, Fetched), cured
    assert Path(cured.audio.path).stat().st_size == cured.audio.size_bytes


async def test_the_first_tier_asks_once_also_through_a_proxy(
    site: Site, proxy: SiteProxy, folder: Path
) -> None:
    assert isinstance(await fetch_one(config_of(site, proxy, Tier.FIRST), ID, folder), Fetched)
    assert kinds(site) == [RequestKind.PLAYER, RequestKind.MEDIA, RequestKind.MEDIA]


async def test_the_second_tier_opens_the_page_and_reads_the_players_script_once_a_worker(
    site: Site, proxy: SiteProxy, folder: Path
) -> None:
    page, script, player, media = (
        RequestKind.PAGE,
        RequestKind.SCRIPT,
        RequestKind.PLAYER,
        RequestKind.MEDIA,
    )
    results = await fetch_all(config_of(site, proxy), (ID, OTHER), folder)
    assert [type(result) for result in results] == [Fetched, Fetched]
    assert kinds(site) == [page, script, player, media, media, page, player, media, media]
    assert isinstance(results[1], Fetched)
    assert results[1].requests == 4
    assert len({request.connection for request in site.requests}) == 2


async def test_pages_without_data_make_it_ask_for_what_they_lack(
    tmp_path: Path, masters: Masters, folder: Path
) -> None:
    async with (
        Site.start(tmp_path, masters, terms=Terms(bare_pages=True)) as site,
        SiteProxy.start(site) as proxy,
    ):
        config = config_of(site, proxy, user_args=TELEVISION)
        assert isinstance(await fetch_one(config, ID, folder), Fetched)
        paths = [request.path for request in site.requests]
    assert paths[:3] == ["/watch", "/youtubei/v1/next", "/iframe_api"]
    assert paths[3].startswith("/s/player/")
    assert paths[4:] == ["/youtubei/v1/player", "/videoplayback", "/videoplayback"]


async def test_without_javascript_a_video_made_for_kids_stays_out_of_reach(
    site: Site, proxy: SiteProxy, folder: Path
) -> None:
    result = await fetch_one(config_of(site, proxy), Scenario.KIDS, folder)
    assert isinstance(result, Failure)
    assert result.code == "client_unavail"
    assert "WEB_EMBEDDED_PLAYER" not in clients(site)


async def test_a_video_made_for_kids_is_given_to_the_embedded_player(
    site: Site, proxy: SiteProxy, folder: Path
) -> None:
    config = config_of(site, proxy, user_args=EMBEDDED)
    assert isinstance(await fetch_one(config, Scenario.KIDS, folder), Fetched)
    assert clients(site) == ["WEB_EMBEDDED_PLAYER"]


async def test_with_javascript_yt_dlp_asks_as_the_embedded_player_by_itself(
    site: Site, proxy: SiteProxy, folder: Path
) -> None:
    config = config_of(site, proxy, js_runtime=await installed_runtime())
    assert isinstance(await fetch_one(config, Scenario.KIDS, folder), Fetched)
    assert clients(site)[-1] == "WEB_EMBEDDED_PLAYER"
    counted = [kind for kind in kinds(site) if kind in {RequestKind.PAGE, RequestKind.PLAYER}]
    assert len(counted) <= 5, "what the pace reserves for a fuller extraction"


@pytest.mark.parametrize("scenario", [Scenario.N_CHALLENGE, Scenario.CIPHERED])
async def test_challenges_that_cannot_be_solved_are_told_as_such(
    site: Site, proxy: SiteProxy, folder: Path, scenario: Scenario
) -> None:
    without = await fetch_one(config_of(site, proxy), scenario, folder)
    assert isinstance(without, Failure)
    assert without.code == "js_failed"


async def test_a_runtime_that_fails_is_told_as_such(site: Site, proxy: SiteProxy, folder: Path) -> None:
    config = config_of(site, proxy, js_runtime=await installed_runtime())
    result = await fetch_one(config, Scenario.N_CHALLENGE, folder)
    assert isinstance(result, Failure)
    assert result.code == "js_failed"


@LEAKS
@pytest.mark.parametrize("scenario", sorted({*REFUSALS, *BROKEN, *OTHERS}))
async def test_what_youtube_says_is_understood_as_in_the_first_tier(
    site: Site, proxy: SiteProxy, folder: Path, scenario: Scenario
) -> None:
    config = config_of(site, proxy, user_args=("--socket-timeout", "0.5"))
    result = await fetch_one(config, scenario, folder)
    assert isinstance(result, Failure)
    assert result.code == scenario.expected


async def test_the_web_player_that_never_has_formats_is_no_cause(
    site: Site, proxy: SiteProxy, folder: Path
) -> None:
    result = await fetch_one(config_of(site, proxy), Scenario.NO_AUDIO, folder)
    assert isinstance(result, Failure)
    assert result.code == "no_audio"


async def test_pages_count_like_player_requests(tmp_path: Path, masters: Masters, folder: Path) -> None:
    budget = Budget(requests=2, pause_s=60)
    async with Site.start(tmp_path, masters, budget=budget) as site, SiteProxy.start(site) as proxy:
        first, second = await fetch_all(config_of(site, proxy), (ID, OTHER), folder)
    assert isinstance(first, Fetched)
    assert isinstance(second, Failure)
    assert second.code == "session_limit"


async def test_an_account_is_always_asked_for_fully_and_as_clients_that_take_cookies(
    site: Site, proxy: SiteProxy, folder: Path, tmp_path: Path
) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text(ACCOUNT)
    config = config_of(site, proxy, Tier.FIRST, cookie_file=str(cookies))
    assert isinstance(await fetch_one(config, ID, folder), Fetched)
    assert kinds(site)[0] is RequestKind.PAGE
    assert clients(site) == ["WEB_EMBEDDED_PLAYER", "TVHTML5"]


async def test_a_worker_of_the_nursery_does_the_same(site: Site, proxy: SiteProxy, tmp_path: Path) -> None:
    home, parts = tmp_path / "home", tmp_path / "parts"
    home.mkdir()
    parts.mkdir()
    bearing = await Bearing.start(home, f"test-{uuid.uuid4().hex}")
    try:
        line = await bearing.bear(config_of(site, proxy))
        answer = await line.ask(asked(Scenario.CURED_SABR, parts), 30)
        line.hang_up()
    finally:
        await bearing.close()
    assert isinstance(answer.results[0], Fetched)
    assert answer.requests == 5


async def test_a_proxy_that_is_gone_wants_a_login_or_bars_is_told_from_the_video(
    site: Site, proxy: SiteProxy, folder: Path
) -> None:
    config = config_of(site, proxy)
    proxy.terms = ProxyTerms(login=("joe", "secret"))
    unknown = await fetch_one(config, ID, folder)
    proxy.terms = ProxyTerms(refusal=403)
    barred = await fetch_one(config, ID, folder)
    await proxy.die()
    gone = await fetch_one(config, ID, folder)
    codes = [result.code for result in (unknown, barred, gone) if isinstance(result, Failure)]
    assert codes == ["proxy_auth", "proxy_down", "proxy_down"]
    assert site.requests == []


async def test_an_identitys_own_proxy_is_its_way_out(site: Site, proxy: SiteProxy, folder: Path) -> None:
    endpoint = Endpoint(None, str(site.ca_file), f"http://127.0.0.1:{closed_port()}")
    async with SiteProxy.start(site, exit_address="192.0.2.7", terms=ProxyTerms(login=("joe", "pw"))) as own:
        config = config_of(site, proxy, endpoint=endpoint, proxy=own.secret_url)
        assert isinstance(await fetch_one(config, ID, folder), Fetched)
    assert {request.address for request in site.requests} == {"192.0.2.7"}
    assert set(own.traffic) == {"joe"}


async def test_a_proxy_that_dies_in_the_middle_costs_this_try_only(
    site: Site, proxy: SiteProxy, folder: Path
) -> None:
    config = config_of(site, proxy, Tier.FIRST)
    proxy.terms = ProxyTerms(dies_after=1)
    assert isinstance(await fetch_one(config, ID, folder), Failure)
    assert isinstance(await fetch_one(config, ID, folder), Failure)
    proxy.terms = ProxyTerms()
    await proxy.die()
    await proxy.revive()
    assert isinstance(await fetch_one(config, ID, folder), Fetched)


def test_a_config_goes_to_the_worker_and_back() -> None:
    config = WorkerConfig(
        endpoint=Endpoint(None, "/ca.pem", "http://127.0.0.1:1"), tier=Tier.FULL, js_runtime="deno:/d"
    )
    assert config_from_json(orjson.loads(orjson.dumps(asdict(config)))) == config


def test_an_endpoint_that_would_ask_youtube_itself_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="proxy"):
        WorkerConfig(endpoint=Endpoint(None, "/ca.pem"))


async def test_fetches_at_the_same_time_share_a_proxy(site: Site, proxy: SiteProxy, folder: Path) -> None:
    config = config_of(site, proxy, Tier.FIRST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(site.ca_file))
        results = await asyncio.gather(*(fetch_one(config, f"Video{n:05d}A", folder) for n in range(4)))
    assert [type(result) for result in results] == [Fetched] * 4
    assert proxy.traffic["127.0.0.1"].requests == 12
