"""The real yt-dlp extractor, certificate check on, meets the stand-in's player."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yt_dlp

from asyncdl.core.classify import classify
from asyncdl.demo.budget import Allowances, Budget
from asyncdl.demo.media import Masters
from asyncdl.demo.menu import Terms
from asyncdl.demo.player import BROKEN
from asyncdl.demo.reasons import REFUSALS
from asyncdl.demo.requestlog import RequestKind
from asyncdl.demo.scenarios import Plan, Scenario, by_share
from asyncdl.demo.site import Site

ARGV = (
    "--ignore-config --no-js-runtimes --no-playlist --no-cache-dir --socket-timeout 5 --extractor-retries 0"
    " --compat-options no-certifi -f 140/251/250/249/139/ba"
)
# What each scenario must let the user read.
SAID = {
    Scenario.PRIVATE: "Private video",
    Scenario.UNAVAILABLE: "Video unavailable",
    Scenario.UNAVAILABLE_TWICE: "This video is unavailable",
    Scenario.THIS_UNAVAILABLE: "This video is not available",
    Scenario.REMOVED: "removed by the uploader",
    Scenario.TERMINATED: "account associated with this video has been terminated",
    Scenario.ACCOUNT_CLOSED: "uploader has closed their YouTube account",
    Scenario.ACCOUNT_BLOCKED: "Video unavailable. This content isn't available.",
    Scenario.COPYRIGHT: "no longer available due to a copyright claim",
    Scenario.TERMS: "removed for violating YouTube's",
    Scenario.GEO_BLOCKED: "not made this video available in your country",
    Scenario.AGE: "Sign in to confirm your age",
    Scenario.MEMBERS: "members-only content",
    Scenario.PREMIUM: "Music Premium members",
    Scenario.PAY: "requires payment to watch",
    Scenario.LOGIN: "Please sign in",
    Scenario.EMBED_ONLY: "Playback on other websites has been disabled",
    Scenario.BOT_CHECK: "Sign in to confirm you\N{RIGHT SINGLE QUOTATION MARK}re not a bot",
    Scenario.RATE_LIMITED: "This content isn't available, try again later",
    Scenario.UPCOMING: "live event will begin",
    Scenario.PREMIERE: "Premieres in",
    Scenario.PROCESSING: "We're processing this video",
    Scenario.RECORDING_GONE: "This live stream recording is not available",
    Scenario.CONTENT_WARNING: "inappropriate for some users",
    Scenario.CAPTCHA: "YouTube is requiring a captcha challenge before playback",
    Scenario.WRONG_VIDEO: "All player responses are invalid. Your IP is likely being blocked",
    Scenario.MINIMAL_ERROR: "Video unavailable",
    Scenario.RESTRICTED_NET: "Please check the Google Workspace administrator",
    Scenario.HICCUP: "An error occurred. Please try again later",
    Scenario.COOKIES_ROTATED: "Please sign in",
    Scenario.HTTP400: "Precondition check failed",
    Scenario.HTTP401: "HTTP Error 401",
    Scenario.HTTP402: "HTTP Error 402",
    Scenario.HTTP403: "HTTP Error 403",
    Scenario.HTTP404: "HTTP Error 404",
    Scenario.HTTP416: "HTTP Error 416",
    Scenario.HTTP429: "HTTP Error 429",
    Scenario.HTTP503: "HTTP Error 503",
    Scenario.EMPTY_JSON: "Incomplete data received",
    Scenario.GARBAGE: "Failed to parse JSON",
    Scenario.RESET: "Connection aborted",
    Scenario.HALF_PLAYER: "more expected",
    Scenario.STALL_PLAYER: "timed out",
    Scenario.SABR_ONLY: "skipped as they are missing a URL",
    Scenario.N_CHALLENGE: "No video formats found",
    Scenario.CIPHERED: "No video formats found",
    Scenario.DRM_ONLY: "This video is DRM protected",
    Scenario.NO_AUDIO: "Requested format is not available",
}
FORMATS = {
    Scenario.GOOD: "140",
    Scenario.MINIMAL: "140",
    Scenario.WEBM_ONLY: "251",
    Scenario.M4A_ONLY: "140",
    Scenario.DRC_TRACKS: "251-1",
    Scenario.WITH_VIDEO: "140",
    Scenario.SHORT_VIDEO: "140",
    Scenario.NO_SIDX: "140",
    Scenario.CUES_AT_END: "251",
    Scenario.BIG_FILE: "140",
}


@dataclass(slots=True)
class Extraction:
    """What yt-dlp made of a video: its fields, or the error, and all it said."""

    fields: dict[str, object] | None = None
    said: list[str] = field(default_factory=list)

    def debug(self, text: str) -> None:
        """Not kept: progress lines."""

    def warning(self, text: str) -> None:
        self.said.append(f"WARNING: {text}")

    def error(self, text: str) -> None:
        self.said.append(text)

    @property
    def text(self) -> str:
        return "\n".join(self.said)


@dataclass(frozen=True, slots=True)
class Visitor:
    """One yt-dlp, used for one video after the other, as a worker does."""

    site: Site
    monkeypatch: pytest.MonkeyPatch
    timeout_s: float = 5.0

    async def visit(self, *video_ids: str) -> list[Extraction]:
        self.monkeypatch.setenv("SSL_CERT_FILE", str(self.site.ca_file))
        return await asyncio.to_thread(self._visit, video_ids)

    def _visit(self, video_ids: tuple[str, ...]) -> list[Extraction]:
        extractor = (
            f"youtube:innertube_host={self.site.player_host};player_skip=webpage,configs,js,initial_data;"
            "skip=hls,dash,translated_subs"
        )
        argv = [*ARGV.split(), "--extractor-args", extractor]
        options = yt_dlp.parse_options(argv).ydl_opts | {
            "ignoreerrors": False,
            "quiet": True,
            "socket_timeout": self.timeout_s,
        }
        with yt_dlp.YoutubeDL(options) as downloader:
            return [_extract(downloader, video_id) for video_id in video_ids]


def _extract(downloader: yt_dlp.YoutubeDL, video_id: str) -> Extraction:
    extraction = Extraction()
    downloader.params["logger"] = extraction
    url = f"https://www.youtube.com/watch?v={video_id}"
    try:
        extraction.fields = downloader.extract_info(url, download=False)
    except yt_dlp.utils.DownloadError:
        extraction.fields = None
    return extraction


@pytest.fixture
def visitor(site: Site, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    return Visitor(site, monkeypatch)


async def test_a_good_video_costs_one_request_and_names_exact_fields(visitor: Visitor) -> None:
    (found,) = await visitor.visit("-PJHxphWEs8")
    assert found.fields is not None
    known = {name: found.fields[name] for name in ("id", "format_id", "asr", "audio_channels", "duration")}
    assert known == {
        "id": "-PJHxphWEs8",
        "format_id": "140",
        "asr": 44100,
        "audio_channels": 2,
        "duration": 620,
    }
    (asked,) = visitor.site.requests
    assert (asked.kind, asked.video_id, asked.status) == (RequestKind.PLAYER, "-PJHxphWEs8", 200)
    assert asked.client_name == "VISIONOS"
    assert asked.bytes_sent == asked.bytes_offered > 500


async def test_videos_one_after_the_other_share_a_connection(visitor: Visitor) -> None:
    await visitor.visit("aaaaaaaaaaa", "bbbbbbbbbbb", "private____")
    assert [asked.connection for asked in visitor.site.requests] == [1, 1, 1]


async def test_without_the_authority_no_client_connects(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (found,) = await asyncio.to_thread(visitor._visit, ("aaaaaaaaaaa",))
    assert "CERTIFICATE_VERIFY_FAILED" in found.text
    assert visitor.site.requests == []


async def test_every_refusal_leads_the_real_extractor_to_the_expected_code(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = await Visitor(site, monkeypatch, timeout_s=2.0).visit(*SAID)
    wrong = {
        scenario.name: found.text
        for (scenario, text), found in zip(SAID.items(), heard, strict=True)
        if text not in found.text or found.fields is not None
    }
    codes = {scenario: classify(found.text).code for scenario, found in zip(SAID, heard, strict=True)}
    assert wrong == {}
    assert codes == {scenario: scenario.expected for scenario in SAID}


def test_every_refusal_and_broken_answer_is_tried() -> None:
    assert set(SAID) >= {*REFUSALS, *BROKEN}


async def test_unusual_good_videos_offer_what_their_name_says(visitor: Visitor) -> None:
    heard = await visitor.visit(*FORMATS)
    found = [extraction.fields["format_id"] if extraction.fields else extraction.text for extraction in heard]
    assert dict(zip(FORMATS, found, strict=True)) == FORMATS


async def test_a_short_video_tells_its_length_and_a_big_file_its_size(visitor: Visitor) -> None:
    short, big = await visitor.visit(Scenario.SHORT_VIDEO, Scenario.BIG_FILE)
    assert short.fields is not None
    assert big.fields is not None
    assert (short.fields["duration"], big.fields["filesize"]) == (25, 2 << 30)


async def test_a_running_live_stream_says_so(visitor: Visitor) -> None:
    (found,) = await visitor.visit(Scenario.LIVE_NOW)
    assert found.fields is not None
    assert found.fields["live_status"] == "is_live"


async def test_a_video_with_several_tracks_marks_the_original(visitor: Visitor) -> None:
    (found,) = await visitor.visit(Scenario.DRC_TRACKS)
    assert found.fields is not None
    assert found.fields["language"] == "en"
    formats = found.fields["formats"]
    assert isinstance(formats, list)
    names = {known["format_id"] for known in formats}
    assert names == {"140-0", "140-1", "140-drc-0", "140-drc-1", "251-0", "251-1", "251-drc-0", "251-drc-1"}


async def test_pictures_are_offered_where_the_terms_or_the_id_say_so(visitor: Visitor) -> None:
    with_pictures, without = await visitor.visit(Scenario.WITH_VIDEO, "aaaaaaaaaaa")
    assert _heights(with_pictures) == {144, 360}
    assert _heights(without) == set()


async def test_a_pre_roll_puts_the_media_off(visitor: Visitor) -> None:
    plain, waits = await visitor.visit("aaaaaaaaaaa", Scenario.AD_WAIT)
    assert plain.fields is not None
    assert waits.fields is not None
    wait_s = float(str(waits.fields["available_at"])) - float(str(plain.fields["available_at"]))
    assert 5 <= wait_s <= 8


async def test_a_passing_fault_strikes_once(visitor: Visitor) -> None:
    heard = await visitor.visit(*[Scenario.HTTP503_ONCE, Scenario.RESET_ONCE] * 2)
    assert [found.fields is not None for found in heard] == [False, False, True, True]


async def test_a_cast_gives_real_ids_their_fate(
    tmp_path: Path, masters: Masters, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast: dict[str, Plan | Scenario] = {
        "-0RWZT-miFs": Scenario.PRIVATE,
        "--PJHxphWEs": Plan(Scenario.HTTP503, 2),
    }
    async with Site.start(tmp_path, masters, scenarios=cast) as site:
        heard = await Visitor(site, monkeypatch).visit("-0RWZT-miFs", *["--PJHxphWEs"] * 3)
    assert [found.fields is not None for found in heard] == [False, False, False, True]


async def test_shares_reach_the_clients(
    tmp_path: Path, masters: Masters, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = by_share(3, {Scenario.REMOVED: 0.5})
    async with Site.start(tmp_path, masters, scenarios=cast) as site:
        heard = await Visitor(site, monkeypatch).visit(*(f"video{number:06d}" for number in range(40)))
    assert 10 < sum(found.fields is None for found in heard) < 30


async def test_an_address_over_its_budget_is_blocked_for_a_while(
    tmp_path: Path, masters: Masters, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    budget = Budget(requests=2, pause_s=60, answer=Scenario.BOT_CHECK)
    async with Site.start(tmp_path, masters, budget=budget, clock=clock) as site:
        visitor = Visitor(site, monkeypatch)
        first = await visitor.visit("aaaaaaaaaaa", "bbbbbbbbbbb", "ccccccccccc")
        clock.now_s += 61
        second = await visitor.visit("ccccccccccc")
    assert [found.fields is not None for found in (*first, *second)] == [True, True, False, True]
    assert "not a bot" in first[2].text


def test_a_probe_during_the_pause_may_lengthen_it() -> None:
    patient = _refusals(Allowances(Budget(1, 60)))
    extended = _refusals(Allowances(Budget(1, 60, probing_extends=True)))
    assert patient == [False, True, True, False]
    assert extended == [False, True, True, True]


def test_each_address_has_a_budget_of_its_own() -> None:
    allowances = Allowances(Budget(1, 60))
    assert allowances.refusal("127.0.0.1", 0.0) is None
    assert allowances.refusal("127.0.0.2", 0.0) is None
    assert allowances.refusal("127.0.0.1", 0.0) is Scenario.RATE_LIMITED


async def test_media_may_come_without_tls(
    tmp_path: Path, masters: Masters, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Site.start(tmp_path, masters, terms=Terms(media_tls=False)) as site:
        (found,) = await Visitor(site, monkeypatch).visit("aaaaaaaaaaa")
    assert found.fields is not None
    assert str(found.fields["url"]).startswith("http://127.0.0.1:")


@dataclass(slots=True)
class Clock:
    """Wall time that moves only when told to."""

    now_s: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now_s


def _refusals(allowances: Allowances) -> list[bool]:
    moments: tuple[float, ...] = (0, 1, 40, 70)
    return [allowances.refusal("127.0.0.1", now) is not None for now in moments]


def _heights(found: Extraction) -> set[object]:
    assert found.fields is not None
    formats = found.fields["formats"]
    assert isinstance(formats, list)
    return {known["height"] for known in formats if known.get("height")}
