"""The media server: byte ranges, keep-alive, faults, pace, and what the log says of them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.demo.delivery import deliver
from asyncdl.demo.media import Content, Masters, Recipe, Shape
from asyncdl.demo.menu import Terms
from asyncdl.demo.requestlog import RequestKind, RequestLog, RequestRecord
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.site import Site
from asyncdl.demo.wire import Manner, Request, byte_range

Result = TypeVar("Result")
M4A = Recipe(Content.CHIRP, Shape.M4A, 620)


@dataclass(frozen=True, slots=True)
class Client:
    """One HTTP client with one pool, asked from a thread."""

    site: Site
    session: requests.Session

    async def url(self, video_id: str, itag: int = 140) -> str:
        return await asyncio.to_thread(self._url, video_id, itag)

    async def get(self, url: str, wanted: str = "", timeout_s: float = 5.0) -> requests.Response:
        headers = {"Range": wanted} if wanted else {}
        return await asyncio.to_thread(self.session.get, url, headers=headers, timeout=timeout_s)

    async def fetch(self, video_id: str, wanted: str = "bytes=0-8191") -> requests.Response:
        return await self.get(await self.url(video_id), wanted)

    async def begin(self, url: str, read: Callable[[requests.Response], Result]) -> Result:
        """Read only as much of the answer as ``read`` wants, then leave."""

        def run() -> Result:
            with self.session.get(url, stream=True, timeout=5) as response:
                return read(response)

        return await asyncio.to_thread(run)

    def _url(self, video_id: str, itag: int) -> str:
        body = {"videoId": video_id, "context": {"client": {"clientName": "TEST"}}}
        answer = self.session.post(
            f"https://{self.site.player_host}/youtubei/v1/player", json=body, timeout=30
        ).json()
        formats = answer["streamingData"]["adaptiveFormats"]
        return next(str(known["url"]) for known in formats if known["itag"] == itag)

    def media_records(self) -> list[RequestRecord]:
        return [record for record in self.site.requests if record.kind is RequestKind.MEDIA]


@pytest.fixture
async def client(site: Site) -> AsyncIterator[Client]:
    with _session(site) as session:
        yield Client(site, session)


@contextmanager
def _session(site: Site) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.verify = str(site.ca_file)
        session.trust_env = False
        yield session


@pytest.fixture
async def whole(masters: Masters) -> bytes:
    """The bytes of the good 140."""
    return (await masters.get(M4A)).path.read_bytes()


async def test_a_closed_range_is_answered_exactly(client: Client, whole: bytes) -> None:
    answer = await client.fetch("aaaaaaaaaaa", "bytes=100-299")
    assert (answer.status_code, answer.content) == (206, whole[100:300])
    assert answer.headers["Content-Range"] == f"bytes 100-299/{len(whole)}"
    assert answer.headers["Content-Type"] == "audio/mp4"


async def test_open_and_suffix_ranges_reach_the_end(client: Client, whole: bytes) -> None:
    url = await client.url("aaaaaaaaaaa")
    tail = await client.get(url, f"bytes={len(whole) - 1000}-")
    suffix = await client.get(url, "bytes=-1000")
    assert tail.content == suffix.content == whole[-1000:]


async def test_a_range_beyond_the_end_is_cut_and_one_behind_it_refused(client: Client, whole: bytes) -> None:
    url = await client.url("aaaaaaaaaaa")
    cut = await client.get(url, f"bytes={len(whole) - 10}-{len(whole) + 500}")
    behind = await client.get(url, f"bytes={len(whole)}-")
    assert cut.content == whole[-10:]
    assert (behind.status_code, behind.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")


async def test_a_range_in_the_address_is_answered_with_200(client: Client, whole: bytes) -> None:
    url = await client.url("aaaaaaaaaaa")
    answer = await client.get(f"{url}&range=1000-1999")
    assert (answer.status_code, answer.content) == (200, whole[1000:2000])


async def test_without_a_range_the_whole_file_comes(client: Client, whole: bytes) -> None:
    answer = await client.fetch("aaaaaaaaaaa", "")
    assert (answer.status_code, answer.content) == (200, whole)


async def test_requests_in_a_row_share_one_connection_and_are_all_logged(client: Client) -> None:
    url = await client.url("aaaaaaaaaaa")
    for wanted in ("bytes=0-8191", "bytes=8192-99999", "bytes=5-5"):
        await client.get(url, wanted)
    seen = client.media_records()
    assert [(record.range, record.bytes_sent, record.status) for record in seen] == [
        ("bytes=0-8191", 8192, 206),
        ("bytes=8192-99999", 91808, 206),
        ("bytes=5-5", 1, 206),
    ]
    assert len({record.connection for record in seen}) == 1
    assert {record.video_id for record in seen} == {"aaaaaaaaaaa"}


async def test_a_range_may_be_refused(client: Client, whole: bytes) -> None:
    plain = await client.fetch(Scenario.NO_RANGE, "bytes=0-99")
    in_address = await client.get(f"{await client.url(Scenario.NO_RANGE)}&range=0-99")
    assert [answer.status_code for answer in (plain, in_address)] == [200, 200]
    assert plain.content == in_address.content == whole


@pytest.mark.parametrize(
    ("scenario", "status"),
    [
        (Scenario.MEDIA403, 403),
        (Scenario.MEDIA404, 404),
        (Scenario.MEDIA429, 429),
        (Scenario.MEDIA503, 503),
    ],
)
async def test_media_may_be_refused(client: Client, scenario: Scenario, status: int) -> None:
    answers = [await client.fetch(scenario) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, status]


async def test_media_may_be_empty_or_junk_of_the_right_length(client: Client, whole: bytes) -> None:
    empty, junk = await client.fetch(Scenario.MEDIA_EMPTY), await client.fetch(Scenario.MEDIA_JUNK)
    assert (empty.status_code, empty.content) == (200, b"")
    assert (junk.status_code, len(junk.content)) == (206, 8192)
    assert junk.content != whole[:8192]


async def test_a_wrong_range_names_other_bytes_than_asked(client: Client, whole: bytes) -> None:
    answer = await client.fetch(Scenario.WRONG_RANGE, "bytes=1000-1999")
    assert answer.headers["Content-Range"] == f"bytes 999-1998/{len(whole)}"
    assert answer.content == whole[999:1999]


async def test_a_redirect_leads_to_the_media(client: Client, whole: bytes) -> None:
    answer = await client.fetch(Scenario.REDIRECT, "bytes=0-99")
    assert [step.status_code for step in (*answer.history, answer)] == [302, 206]
    assert answer.content == whole[:100]


async def test_a_truncated_body_ends_halfway(client: Client) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        await client.fetch(Scenario.TRUNCATED)
    (seen,) = client.media_records()
    assert (seen.bytes_offered, seen.bytes_sent) == (8192, 4096)


async def test_a_reset_connection_breaks_off(client: Client) -> None:
    with pytest.raises(requests.exceptions.ConnectionError):
        await client.fetch(Scenario.MEDIA_RESET)


async def test_a_stalled_body_runs_into_the_clients_timeout(client: Client) -> None:
    url = await client.url(Scenario.STALL_MEDIA)
    with pytest.raises(requests.exceptions.ConnectionError, match="timed out"):
        await client.get(url, "bytes=0-8191", timeout_s=0.2)


async def test_a_slow_body_trickles(client: Client) -> None:
    url = await client.url(Scenario.SLOW_LORIS)
    assert await client.begin(url, lambda response: len(next(response.iter_content(1)))) == 1


async def test_an_endless_body_outgrows_the_file(client: Client, whole: bytes) -> None:
    def read(response: requests.Response) -> int:
        assert "Content-Length" not in response.headers
        got = 0
        for block in response.iter_content(1 << 20):
            got += len(block)
            if got > len(whole) + (2 << 20):
                return got
        return got

    assert await client.begin(await client.url(Scenario.ENDLESS), read) > len(whole)


@pytest.mark.parametrize("media_tls", [True, False])
async def test_a_big_file_names_two_gibibytes_and_stops_when_the_client_leaves(
    tmp_path: Path, masters: Masters, media_tls: bool
) -> None:
    async with Site.start(tmp_path, masters, terms=Terms(media_tls=media_tls)) as site:
        with _session(site) as session:
            client = Client(site, session)
            url = await client.url(Scenario.BIG_FILE)
            named = await client.begin(url, lambda response: response.headers["Content-Length"])
    assert named == str(2 << 30)
    assert site.requests[-1].bytes_sent < 64 << 20


@pytest.mark.parametrize("scenario", [Scenario.MEDIA403_ONCE, Scenario.MEDIA503_ONCE])
async def test_a_passing_media_fault_strikes_once(client: Client, scenario: Scenario) -> None:
    url = await client.url(scenario)
    answers = [(await client.get(url, "bytes=0-9")).status_code for _ in range(3)]
    assert answers == [int(scenario[5:8]), 206, 206]


async def test_a_passing_truncation_strikes_once(client: Client) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        await client.fetch(Scenario.TRUNCATED_ONCE)
    assert len((await client.fetch(Scenario.TRUNCATED_ONCE)).content) == 8192


async def test_an_address_is_good_only_for_who_asked_the_player(client: Client) -> None:
    url = (await client.url("aaaaaaaaaaa")).replace("ip=127.0.0.1", "ip=203.0.113.7")
    assert (await client.get(url)).status_code == 403


async def test_nonsense_is_not_found_and_ends_nothing(client: Client) -> None:
    base, player = client.site.media_base, f"https://{client.site.player_host}"
    urls = (f"{base}/videoplayback?id=x", f"{base}/favicon.ico", f"{player}/watch?v=aaaaaaaaaaa")
    assert [(await client.get(url)).status_code for url in urls] == [404, 404, 404]
    assert (await client.fetch("aaaaaaaaaaa")).status_code == 206


async def test_before_the_pre_roll_is_over_media_are_refused(tmp_path: Path, masters: Masters) -> None:
    now_s = [1_790_000_000.5]
    async with Site.start(tmp_path, masters, clock=lambda: now_s[0]) as site:
        with _session(site) as session:
            client = Client(site, session)
            url = await client.url(Scenario.AD_WAIT)
            statuses = []
            for later_s in (0.0, 3.4, 3.6):
                now_s[0] = 1_790_000_000.5 + later_s
                statuses.append((await client.get(url, "bytes=0-9")).status_code)
    assert statuses == [403, 403, 206]


async def test_the_log_can_be_read_as_json_lines_while_the_site_runs(
    tmp_path: Path, masters: Masters
) -> None:
    path = tmp_path / "requests.jsonl"
    async with Site.start(tmp_path, masters, log=RequestLog(path, keep=False)) as site:
        with _session(site) as session:
            await Client(site, session).fetch("aaaaaaaaaaa", "bytes=0-99")
        lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["kind"], line["status"], line["bytes_sent"]) for line in lines[1:]] == [("media", 206, 100)]
    assert site.requests == []


async def test_latency_and_pace_hold_answers_back(tmp_path: Path, masters: Masters) -> None:
    terms = Terms(latency_s=0.05, bytes_per_s=400_000)
    async with Site.start(tmp_path, masters, terms=terms) as site:
        with _session(site) as session:
            client = Client(site, session)
            url = await client.url("aaaaaaaaaaa")
            began = time.monotonic()
            answer = await client.get(url, "bytes=0-99999")
            took_s = time.monotonic() - began
    assert len(answer.content) == 100_000
    assert 0.2 < took_s < 2


def test_who_asks_for_more_than_10_mib_without_an_end_is_throttled() -> None:
    media = bytes(11 << 20)
    paces = [
        deliver(_asking(wanted), media, "audio/webm", Scenario.GOOD, None).bytes_per_s
        for wanted in ("", "bytes=0-", f"bytes={2 << 20}-", f"bytes=0-{(11 << 20) - 1}", "bytes=0-99")
    ]
    assert paces == [32768, 32768, None, None, None]


def test_only_faults_close_the_connection() -> None:
    manners = {
        scenario: deliver(_asking("bytes=0-9"), bytes(100), "audio/webm", scenario, None).manner
        for scenario in Scenario
    }
    faults = {scenario for scenario, manner in manners.items() if manner is not Manner.WHOLE}
    assert faults == {
        Scenario.TRUNCATED,
        Scenario.STALL_MEDIA,
        Scenario.SLOW_LORIS,
        Scenario.ENDLESS,
        Scenario.BIG_FILE,
        Scenario.MEDIA_RESET,
    }


@given(first=st.integers(0, 2000), last=st.integers(0, 2000), size=st.integers(0, 1000))
def test_a_range_is_a_slice(first: int, last: int, size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    found = byte_range(f"bytes={first}-{last}", size)
    wanted = content[first : last + 1]
    assert (content[found[0] : found[1]] if found else b"") == wanted


@given(count=st.integers(0, 2000), size=st.integers(0, 1000))
def test_a_suffix_range_is_the_last_bytes(count: int, size: int) -> None:
    found = byte_range(f"bytes=-{count}", size)
    assert found == ((max(0, size - count), size) if count and size else None)


@pytest.mark.parametrize("text", ["bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", ""])
def test_what_is_no_single_range_means_nothing(text: str) -> None:
    assert byte_range(text, 100) is None


def _asking(wanted: str) -> Request:
    headers = {"range": wanted} if wanted else {}
    return Request("GET", "/videoplayback", "/videoplayback", {}, headers, b"")
