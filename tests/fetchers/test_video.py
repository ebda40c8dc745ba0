"""Fetching spans of videos from the stand-in: requests, bytes, faults, files."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from asyncdl.core.kinds import FailureKind
from asyncdl.core.media_index import parse_index
from asyncdl.core.model import Container, Failure, Fetched, FetchRequest, Quality, Span
from asyncdl.demo.media import Content, Masters, Recipe, Shape
from asyncdl.demo.menu import LONG_S
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.site import Site
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig
from asyncdl.fetchers.ytdlp.span import write_new
from asyncdl.fetchers.ytdlp.video import Result, VideoFetcher, Waiting
from support.fetching import SPAN, MakeFetcher, asked, data_of, left_in, media, mode_of, player

ID = "dQw4w9WgXcQ"


async def fetch(fetcher: VideoFetcher, request: FetchRequest, deadline_s: float = 30.0) -> tuple[Result, ...]:
    results = await asyncio.to_thread(fetcher.fetch, request, deadline_s)
    assert not isinstance(results, Waiting)
    return results


async def fetched(fetcher: VideoFetcher, request: FetchRequest) -> Fetched:
    (result,) = await fetch(fetcher, request)
    assert isinstance(result, Fetched), result
    return result


async def failed(fetcher: VideoFetcher, request: FetchRequest, deadline_s: float = 30.0) -> Failure:
    (result,) = await fetch(fetcher, request, deadline_s)
    assert isinstance(result, Failure), result
    return result


async def test_a_clip_costs_one_player_request_and_two_media_requests_on_one_connection(
    site: Site, fetcher: VideoFetcher, folder: Path, masters: Masters
) -> None:
    result = await fetched(fetcher, asked(ID, folder))
    assert len(player(site)) == 1
    first, second = media(site)
    assert first.connection == second.connection
    assert first.range == "bytes=0-8191"
    master = (await masters.get(Recipe(Content.CHIRP, Shape.WEBM, LONG_S))).path.read_bytes()
    index = parse_index(Container.WEBM, master[:8192], len(master))
    needed = [e for e in index.entries if e.end_ms > 29_868 and e.start_ms < 40_060]  # type: ignore[union-attr]
    assert second.range == f"bytes={needed[0].first_byte}-{needed[-1].end_byte - 1}"
    assert result.received_bytes == first.bytes_sent + second.bytes_sent
    assert result.requests == 3


async def test_the_file_holds_the_head_and_the_needed_bytes_and_only_this_user_reads_it(
    fetcher: VideoFetcher, folder: Path, masters: Masters
) -> None:
    result = await fetched(fetcher, asked(ID, folder, quality=Quality.BEST))
    track = result.audio
    assert (track.codec, track.format_id, track.sample_rate) == ("opus", "251", 48_000)
    assert track.path == f"{folder}/{ID}_30000.audio.webm"
    assert mode_of(track.path) == 0o600
    data = data_of(track.path)
    assert track.size_bytes == len(data)
    master = (await masters.get(Recipe(Content.CHIRP, Shape.WEBM, LONG_S))).path.read_bytes()
    assert data[-150_000:] in master
    assert 28_840 < track.first_ms < 28_869  # packets long before the span are left out
    assert result.video_end_ms == pytest.approx(620_000, abs=50)
    assert (result.whole_file, result.title) == (False, f"Demo video {ID}")


async def test_spans_of_one_video_share_its_extraction_and_its_index(
    site: Site, fetcher: VideoFetcher, folder: Path
) -> None:
    spans = (Span(0, 10_000), SPAN, Span(610_000, 625_000), Span(700_000, 710_000))
    results = await fetch(fetcher, asked(ID, folder, *spans))
    assert [type(result) for result in results] == [Fetched, Fetched, Fetched, Failure]
    assert len(player(site)) == 1
    assert len(media(site)) == 4
    assert len({one.connection for one in media(site)}) == 1
    assert sum(r.requests for r in results if isinstance(r, Fetched)) == 5
    assert isinstance(results[3], Failure)
    assert (results[3].kind, results[3].code) == (FailureKind.OUTSIDE_VIDEO, "out_of_range")


async def test_the_next_video_uses_the_same_connections(
    site: Site, fetcher: VideoFetcher, folder: Path
) -> None:
    for ytid in ("aaaaaaaaaaa", "bbbbbbbbbbb"):
        await fetched(fetcher, asked(ytid, folder))
    assert len({one.connection for one in site.requests}) == 2


async def test_the_smallest_format_is_fetched_where_asked_for(fetcher: VideoFetcher, folder: Path) -> None:
    result = await fetched(fetcher, asked(ID, folder, quality=Quality.SMALLEST))
    assert result.audio.format_id == "249"


async def test_the_original_track_is_fetched_and_never_the_flattened_one(
    site: Site, fetcher: VideoFetcher, folder: Path
) -> None:
    result = await fetched(fetcher, asked(Scenario.DRC_TRACKS, folder))
    assert result.audio.format_id.startswith("251")
    assert "drc" not in result.audio.format_id
    assert {one.path for one in media(site)} == {"/videoplayback"}


async def test_a_picture_comes_as_a_second_file(site: Site, fetcher: VideoFetcher, folder: Path) -> None:
    result = await fetched(fetcher, asked(Scenario.WITH_VIDEO, folder, max_height=360))
    assert result.video is not None
    assert (result.video.format_id, result.video.container) == ("134", Container.MP4)
    assert result.video.path == f"{folder}/{Scenario.WITH_VIDEO}_30000.video.mp4"
    assert result.video.codec.startswith("avc1")
    assert len(media(site)) == 4


async def test_where_no_picture_is_small_enough_no_file_stays(fetcher: VideoFetcher, folder: Path) -> None:
    failure = await failed(fetcher, asked(Scenario.WITH_VIDEO, folder, max_height=100))
    assert failure.code == "format_missing"
    assert left_in(folder) == []


async def test_cues_at_the_end_cost_one_request_more(site: Site, fetcher: VideoFetcher, folder: Path) -> None:
    result = await fetched(fetcher, asked(Scenario.CUES_AT_END, folder))
    assert not result.whole_file
    assert len(media(site)) == 3


async def test_a_redirect_is_followed_once(site: Site, fetcher: VideoFetcher, folder: Path) -> None:
    await fetched(fetcher, asked(Scenario.REDIRECT, folder))
    assert [one.status for one in media(site)] == [302, 206, 206]


@pytest.mark.parametrize(
    ("scenario", "shape"), [(Scenario.NO_SIDX, Shape.M4A_NO_INDEX), (Scenario.NO_RANGE, Shape.WEBM)]
)
async def test_without_index_or_ranges_the_whole_file_is_fetched_once_for_all_spans(
    site: Site, fetcher: VideoFetcher, folder: Path, masters: Masters, scenario: Scenario, shape: Shape
) -> None:
    results = await fetch(fetcher, asked(scenario, folder, Span(0, 10_000), SPAN))
    master = (await masters.get(Recipe(Content.CHIRP, shape, LONG_S))).path.read_bytes()
    for result in results:
        assert isinstance(result, Fetched)
        assert (result.whole_file, result.audio.first_ms, result.video_end_ms) == (True, 0.0, None)
        assert data_of(result.audio.path) == master
    assert len(media(site)) == 3
    assert all(one.bytes_sent < 10 << 20 for one in media(site) if one.status == 206)


@pytest.mark.parametrize("scenario", [Scenario.NO_SIDX, Scenario.NO_RANGE])
async def test_a_whole_file_above_the_cap_is_not_fetched(
    site: Site, new_fetcher: MakeFetcher, folder: Path, scenario: Scenario
) -> None:
    failure = await failed(new_fetcher(max_file_bytes=1_000_000), asked(scenario, folder))
    assert (failure.kind, failure.code) == (FailureKind.BAD_MEDIA, "too_big")
    assert left_in(folder) == []


async def test_a_segment_above_the_cap_is_not_fetched(
    site: Site, new_fetcher: MakeFetcher, folder: Path
) -> None:
    failure = await failed(new_fetcher(max_file_bytes=100_000), asked(ID, folder))
    assert failure.code == "too_big"
    assert len(media(site)) == 1


TRANSPORT = {Scenario.STALL_PLAYER, Scenario.STALL_MEDIA, Scenario.SLOW_LORIS, Scenario.ENDLESS}


@pytest.mark.parametrize("scenario", [s for s in Scenario if s.expected and s not in TRANSPORT])
async def test_every_fault_ends_with_its_code_and_leaves_no_file(
    fetcher: VideoFetcher, folder: Path, scenario: Scenario
) -> None:
    failure = await failed(fetcher, asked(scenario, folder))
    expected = "no_audio" if scenario is Scenario.NO_AUDIO else scenario.expected
    assert (failure.code, left_in(folder)) == (expected, [])


async def test_the_text_tells_the_causes_and_not_what_is_said_of_every_video(
    fetcher: VideoFetcher, folder: Path
) -> None:
    refused = await failed(fetcher, asked(Scenario.PRIVATE, folder))
    error, detail = refused.text.splitlines()
    assert error == f"ERROR: [youtube] {Scenario.PRIVATE}: Private video"
    assert "playability status: LOGIN_REQUIRED" in detail
    throttled = await failed(fetcher, asked(Scenario.HTTP429, folder))
    assert "WARNING: [youtube] http429____: Unable to download API page: HTTP Error 429" in throttled.text
    assert "JavaScript" not in throttled.text


@pytest.mark.parametrize("scenario", [Scenario.STALL_PLAYER, Scenario.STALL_MEDIA])
async def test_a_silent_server_is_left_after_the_socket_timeout(
    new_fetcher: MakeFetcher, folder: Path, scenario: Scenario
) -> None:
    fetcher = new_fetcher(user_args=("--socket-timeout", "0.2", "--extractor-retries", "0"))
    failure = await failed(fetcher, asked(scenario, folder))
    assert (failure.kind, failure.code) == (FailureKind.TIMED_OUT, "timeout")


@pytest.mark.parametrize("scenario", [Scenario.SLOW_LORIS, Scenario.ENDLESS, Scenario.STALL_MEDIA])
async def test_the_deadline_ends_whatever_never_comes_to_its_end(
    fetcher: VideoFetcher, folder: Path, scenario: Scenario
) -> None:
    failure = await failed(fetcher, asked(scenario, folder), deadline_s=0.3)
    assert (failure.kind, failure.code) == (FailureKind.TIMED_OUT, "deadline")
    assert left_in(folder) == []


async def test_after_a_refusal_the_video_is_asked_for_anew_once(
    site: Site, fetcher: VideoFetcher, folder: Path
) -> None:
    await fetched(fetcher, asked(Scenario.MEDIA403_ONCE, folder))
    assert (len(player(site)), len(media(site))) == (2, 3)


async def test_a_lasting_refusal_is_reported_after_one_new_extraction_for_all_spans(
    site: Site, fetcher: VideoFetcher, folder: Path
) -> None:
    results = await fetch(fetcher, asked(Scenario.MEDIA403, folder, SPAN, Span(0, 10_000)))
    assert [r.kind for r in results if isinstance(r, Failure)] == [FailureKind.FORBIDDEN] * 2
    assert len(player(site)) == 2


async def test_a_pre_roll_is_told_and_the_extraction_serves_again_after_it(
    tmp_path: Path, masters: Masters, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait passes on a clock that site and fetcher share; nobody sleeps."""
    passed_s = [0.0]
    async with Site.start(tmp_path, masters, clock=lambda: time.time() + passed_s[0]) as site:
        monkeypatch.setenv("SSL_CERT_FILE", str(site.ca_file))
        config = WorkerConfig(endpoint=Endpoint(site.player_host, str(site.ca_file)))
        fetcher = VideoFetcher(config, lambda: time.time() + passed_s[0])
        request = asked(Scenario.AD_WAIT, folder)
        waiting = await asyncio.to_thread(fetcher.fetch, request, 30.0)
        assert isinstance(waiting, Waiting)
        assert 3 < waiting.wait_s < 7
        assert media(site) == []
        passed_s[0] = waiting.wait_s
        await fetched(fetcher, request)
        assert (len(player(site)), len(media(site))) == (1, 2)
        fetcher.close()


async def test_what_an_earlier_attempt_left_is_replaced_and_no_link_is_followed(
    fetcher: VideoFetcher, folder: Path, tmp_path: Path
) -> None:
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    (folder / f"{ID}_30000.audio.webm").symlink_to(treasure)
    result = await fetched(fetcher, asked(ID, folder))
    assert treasure.read_text() == "mine"
    assert len(data_of(result.audio.path)) == result.audio.size_bytes


async def test_a_folder_that_is_gone_is_a_failure_and_not_a_crash(
    fetcher: VideoFetcher, folder: Path
) -> None:
    failure = await failed(fetcher, asked(ID, folder / "gone"))
    assert not failure.kind.is_permanent


def test_a_full_disk_is_told_as_such_and_leaves_no_part(tmp_path: Path) -> None:
    def fill(file: BinaryIO) -> None:
        file.write(b"some")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    failure = write_new(str(tmp_path / "part"), fill)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.DISK_FULL
    assert list(tmp_path.iterdir()) == []


async def test_a_server_that_is_gone_is_a_network_failure(
    new_fetcher: MakeFetcher, folder: Path, unused_port: int
) -> None:
    fetcher = new_fetcher(user_args=("--extractor-args", f"youtube:innertube_host=127.0.0.1:{unused_port}"))
    failure = await failed(fetcher, asked(ID, folder))
    assert (failure.kind, failure.code) == (FailureKind.NETWORK, "conn_reset")


async def test_a_stranger_at_the_other_end_is_found_out(
    new_fetcher: MakeFetcher, folder: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificates are checked: without the site's own authority nothing is fetched."""
    monkeypatch.delenv("SSL_CERT_FILE")
    failure = await failed(new_fetcher(), asked(ID, folder))
    assert failure.code == "tls_verify"
    assert not failure.kind.is_permanent
    assert site.requests == []


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
