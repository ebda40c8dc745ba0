"""Stretches of a media file: what is asked for, what is accepted, and the ways around a refusal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Container, Failure
from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.extract import Extractor
from asyncdl.fetchers.ytdlp.formats import SourceFormat
from asyncdl.fetchers.ytdlp.ranged import MediaFile, NoRanges, Ranges
from asyncdl.fetchers.ytdlp.wire import Wire
from support.oddserver import BODY, Odd, odd_server

SIZE = len(BODY)


@pytest.fixture
def wire() -> Iterator[Wire]:
    extractor = Extractor(WorkerConfig(proxy=""))
    wire = Wire(extractor.ydl.urlopen, 5.0)
    wire.allow(20.0)
    yield wire
    extractor.close()


def media(wire: Wire, url: str, size_bytes: int | None = None) -> MediaFile:
    return MediaFile(
        wire, SourceFormat("140", url, {}, Container.MP4, "mp4a.40.2", "none", size_bytes=size_bytes)
    )


def part(first: int, end: int, total: object = SIZE, status: int = 206) -> Odd:
    return Odd(status, {"Content-Range": f"bytes {first}-{end - 1}/{total}"}, BODY[first:end])


def test_a_stretch_comes_whole_and_tells_the_size_of_the_file(wire: Wire) -> None:
    with odd_server({"/m": part(100, 300)}) as server:
        file = media(wire, server.url("/m"))
        assert file.read(100, 300) == BODY[100:300]
        assert file.size_bytes == SIZE
        assert server.asked == [("/m", "bytes=100-299")]


def test_a_stretch_beyond_the_end_is_what_the_file_has(wire: Wire) -> None:
    with odd_server({"/m": part(SIZE - 10, SIZE)}) as server:
        assert media(wire, server.url("/m")).read(SIZE - 10, SIZE + 50) == BODY[-10:]


@pytest.mark.parametrize(
    "told", [part(0, 200), part(100, 299), part(100, 300, "*"), Odd(206, {}, BODY[100:300])]
)
def test_other_bytes_than_those_asked_for_are_never_taken(wire: Wire, told: Odd) -> None:
    with odd_server({"/m": told}) as server:
        result = media(wire, server.url("/m")).read(100, 300)
        assert isinstance(result, Failure)
        assert result.code == "corrupt"
        assert not result.kind.is_permanent


def test_a_server_without_ranges_is_asked_once_by_address(wire: Wire) -> None:
    answers = {"/m?a=1": Odd(body=BODY), "/m?a=1&range=100-299": Odd(body=BODY[100:300])}
    with odd_server(answers) as server:
        file = media(wire, server.url("/m?a=1"), SIZE)
        assert file.read(100, 300) == BODY[100:300]
        assert file.read(100, 300) == BODY[100:300]
        assert [path for path, _ in server.asked] == [
            "/m?a=1",
            "/m?a=1&range=100-299",
            "/m?a=1&range=100-299",
        ]


def test_a_server_that_gives_no_ranges_at_all_is_not_asked_again(wire: Wire) -> None:
    with odd_server({"/m": Odd(body=BODY), "/m?range=100-299": Odd(body=BODY)}) as server:
        file = media(wire, server.url("/m"), SIZE)
        assert [file.read(100, 300), file.read(0, 10)] == [NoRanges(), NoRanges()]
        assert len(server.asked) == 2
        assert wire.received_bytes == 0


def test_without_a_known_size_a_range_by_address_could_not_be_checked(wire: Wire) -> None:
    with odd_server({"/m": Odd(body=BODY)}) as server:
        assert media(wire, server.url("/m")).read(0, 300) == NoRanges()
        assert len(server.asked) == 1


def test_416_means_no_ranges(wire: Wire) -> None:
    with odd_server({"/m": Odd(416)}) as server:
        file = media(wire, server.url("/m"))
        assert file.read(0, 300) == NoRanges()
        assert file.ranges is Ranges.REFUSED


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "http_403", FailureKind.FORBIDDEN),
        (404, "http_404", FailureKind.NETWORK),
        (410, "http_404", FailureKind.NETWORK),
        (429, "http_429", FailureKind.RATE_LIMITED),
        (500, "http_5xx", FailureKind.NETWORK),
        (503, "http_5xx", FailureKind.NETWORK),
    ],
)
def test_a_status_tells_the_code_and_no_status_is_permanent(
    wire: Wire, status: int, code: str, kind: FailureKind
) -> None:
    with odd_server({"/m": Odd(status, body=b"private video")}) as server:
        result = media(wire, server.url("/m")).read(0, 300)
    assert isinstance(result, Failure)
    assert (result.code, result.kind) == (code, kind)
    assert not result.kind.is_permanent


@pytest.mark.parametrize(
    ("told", "low", "high"),
    [("120", 120, 120), ("in five minutes", 240, 300), ("soon", None, None)],
)
def test_the_servers_own_wish_for_a_pause_is_passed_on(
    wire: Wire, told: str, low: float | None, high: float | None
) -> None:
    if told == "in five minutes":
        told = formatdate(time.time() + 300, usegmt=True)
    with odd_server({"/m": Odd(429, {"Retry-After": told})}) as server:
        result = media(wire, server.url("/m")).read(0, 300)
    assert isinstance(result, Failure)
    if low is None or high is None:
        assert result.retry_after_s is None
    else:
        assert result.retry_after_s is not None
        assert low <= result.retry_after_s <= high


def test_a_whole_file_comes_as_one_stream_where_there_are_no_ranges(wire: Wire) -> None:
    for answer in (Odd(body=BODY), Odd(body=BODY, chunked=True)):
        with odd_server({"/m": answer}) as server:
            file = media(wire, server.url("/m"))
            file.ranges = Ranges.REFUSED
            got = bytearray()
            assert file.copy_whole(got.extend, SIZE) is None
            assert got == BODY


def test_a_whole_file_comes_by_ranges_where_there_are(wire: Wire) -> None:
    with odd_server({"/m": part(0, SIZE)}) as server:
        got = bytearray()
        assert media(wire, server.url("/m"), SIZE).copy_whole(got.extend, SIZE) is None
        assert got == BODY
        assert server.asked == [("/m", f"bytes=0-{SIZE - 1}")]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_stream_above_the_cap_ends_there(wire: Wire, chunked: bool) -> None:
    with odd_server({"/m": Odd(body=BODY, chunked=chunked)}) as server:
        file = media(wire, server.url("/m"))
        file.ranges = Ranges.REFUSED
        result = file.copy_whole(bytearray().extend, 1000)
    assert isinstance(result, Failure)
    assert result.code == "too_big"
    assert wire.received_bytes <= 65_536


def test_a_stream_that_names_no_length_is_held_to_the_size_the_site_named(wire: Wire) -> None:
    """It could end between two fragments, and pass for a video that is over there."""
    with odd_server({"/m": Odd(body=BODY[:-1000], chunked=True)}) as server:
        file = media(wire, server.url("/m"), SIZE)
        file.ranges = Ranges.REFUSED
        result = file.copy_whole(bytearray().extend, SIZE)
    assert isinstance(result, Failure)
    assert result.code == "short_body"


def test_a_named_size_above_the_cap_costs_no_request(wire: Wire) -> None:
    with odd_server({}) as server:
        result = media(wire, server.url("/m"), SIZE).copy_whole(bytearray().extend, 1000)
        assert isinstance(result, Failure)
        assert (result.code, server.asked) == ("too_big", [])


def test_an_empty_body_is_told_as_such(wire: Wire) -> None:
    with odd_server({"/m": Odd(body=b"")}) as server:
        result = media(wire, server.url("/m"), SIZE).read(0, 300)
    assert isinstance(result, Failure)
    assert result.code == "empty"


def test_after_the_deadline_nothing_is_sent(wire: Wire) -> None:
    wire.allow(0.0)
    with odd_server({}) as server:
        result = media(wire, server.url("/m")).read(0, 300)
        assert result == failure(Code.DEADLINE, "the media did not come in the time allowed")
        assert server.asked == []


def test_what_signs_an_address_is_not_told(wire: Wire) -> None:
    """Requests repeats the whole address in its messages."""
    with odd_server({}) as server:
        url = server.url("/m?sig=SECRET&ip=192.0.2.77")
    result = media(wire, url).read(0, 300)
    assert isinstance(result, Failure)
    assert (result.kind, result.code) == (FailureKind.NETWORK, "conn_reset")
    assert "SECRET" not in result.text
    assert "192.0.2.77" not in result.text
