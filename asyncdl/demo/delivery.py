"""What the media server answers, by scenario and range. Pure: values in, a reply out.

MEDIA403 … MEDIA503   the status, a short text
MEDIA_EMPTY           200, no byte
MEDIA_JUNK            206, the right length, a page of text instead of media
NO_RANGE              200 and the whole file, whatever was asked; also for ``&range=``
BIG_FILE              the same, named and sent as 2 GiB
TRUNCATED             a full Content-Length, half of it, end of connection
STALL_MEDIA           half of it, then silence
SLOW_LORIS            one byte a second
ENDLESS               200 without length, never ending
WRONG_RANGE           206 for other bytes than those asked for
REDIRECT              302 to the same address, which then serves
"""

from __future__ import annotations

from collections.abc import Mapping

from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.wire import Manner, Reply, Request, byte_range

BIG_FILE_BYTES = 2 << 30
OPEN_RANGE_BYTES = 10 << 20
OPEN_RANGE_BYTES_PER_S = 32 << 10
_REDIRECTED = "redirected"
_STATUS: Mapping[Scenario, int] = {
    Scenario.MEDIA403: 403,
    Scenario.MEDIA404: 404,
    Scenario.MEDIA429: 429,
    Scenario.MEDIA503: 503,
}
_MANNER: Mapping[Scenario, Manner] = {
    Scenario.TRUNCATED: Manner.HALF_THEN_CLOSE,
    Scenario.STALL_MEDIA: Manner.HALF_THEN_SILENCE,
    Scenario.SLOW_LORIS: Manner.ONE_BYTE_PER_S,
}
_JUNK = b"<html><body>This is not the media that you are looking for.</body></html>\n"


def deliver(
    request: Request, media: bytes, content_type: str, scenario: Scenario, bytes_per_s: int | None
) -> Reply:
    """Answer a media request for a file of these bytes."""
    whole = memoryview(media)
    match scenario:
        case Scenario.MEDIA403 | Scenario.MEDIA404 | Scenario.MEDIA429 | Scenario.MEDIA503:
            reply = Reply(_STATUS[scenario], b"refused\n")
        case Scenario.MEDIA_RESET:
            reply = Reply(200, manner=Manner.RESET)
        case Scenario.MEDIA_EMPTY:
            reply = Reply(200, b"", content_type)
        case Scenario.ENDLESS:
            reply = Reply(200, whole, content_type, manner=Manner.ENDLESS)
        case Scenario.NO_RANGE:
            reply = Reply(200, whole, content_type, bytes_per_s=bytes_per_s)
        case Scenario.BIG_FILE:
            reply = Reply(200, whole, content_type, (), Manner.ENDLESS, bytes_per_s, BIG_FILE_BYTES)
        case Scenario.REDIRECT if _REDIRECTED not in request.query:
            reply = Reply(302, headers=(("Location", f"{request.target}&{_REDIRECTED}=1"),))
        case _:
            reply = _ranged(request, media, content_type, scenario, bytes_per_s)
    return reply


def _ranged(
    request: Request, media: bytes, content_type: str, scenario: Scenario, bytes_per_s: int | None
) -> Reply:
    size, asked, in_url = len(media), request.headers.get("range"), request.query.get("range")
    wanted = in_url or asked
    span = (0, size) if wanted is None else byte_range(wanted, size)
    if span is None:
        return Reply(416, b"", headers=(("Content-Range", f"bytes */{size}"),))
    first, stop = span
    if scenario is Scenario.WRONG_RANGE and first:
        first, stop = first - 1, stop - 1
    is_part = bool(asked) and not in_url
    content_range = f"bytes {first}-{stop - 1}/{size}"
    told = (("Accept-Ranges", "bytes"), *((("Content-Range", content_range),) if is_part else ()))
    body = _junk(stop - first) if scenario is Scenario.MEDIA_JUNK else memoryview(media)[first:stop]
    manner = _MANNER.get(scenario, Manner.WHOLE)
    pace = _pace(wanted, stop - first, bytes_per_s)
    return Reply(206 if is_part else 200, body, content_type, told, manner, pace)


def _junk(size: int) -> bytes:
    return (_JUNK * (size // len(_JUNK) + 1))[:size]


def _pace(wanted: str | None, size: int, bytes_per_s: int | None) -> int | None:
    """YouTube throttles whoever asks for more than 10 MiB without naming an end."""
    is_open = wanted is None or wanted.endswith("-")
    if is_open and size > OPEN_RANGE_BYTES:
        return min(OPEN_RANGE_BYTES_PER_S, bytes_per_s or OPEN_RANGE_BYTES_PER_S)
    return bytes_per_s
