"""What a fetch worker and its parent say to each other: one JSON object a line.

worker: {"hello": pid, "versions": {...}}                                   once, first
parent: {"id", "deadline_s", "request": FetchRequest}
worker: {"id", "wait_s"}                                                    ask again after that time
worker: {"id", "results": [{"fetched"} or {"failure"}], "requests", "received_bytes", "peak_bytes"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Container, Failure, Fetched, FetchRequest, Quality, Span, Track


class ProtocolFault(ValueError):
    """A line that neither side of this program writes."""


@dataclass(frozen=True, slots=True)
class Hello:
    """A worker is ready; ``versions`` names yt-dlp and its network library."""

    pid: int
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Ask:
    """One video, to be answered within ``deadline_s`` seconds."""

    id: int
    request: FetchRequest
    deadline_s: float


@dataclass(frozen=True, slots=True)
class Wait:
    """The same request can be served in ``wait_s`` seconds; the extraction is kept until then."""

    id: int
    wait_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """One value per span, in order; the cost of this ask; the worker's peak memory so far."""

    id: int
    results: tuple[Fetched | Failure, ...]
    requests: int
    received_bytes: int
    peak_bytes: int


Report = Hello | Wait | Answer


def encode(message: Ask | Report) -> bytes:
    """Write one line, with its line end."""
    return orjson.dumps(_plain(message), option=orjson.OPT_APPEND_NEWLINE)


def decode_ask(line: bytes) -> Ask:
    """Read what a parent wrote; raises ``ProtocolFault``."""
    try:
        raw = orjson.loads(line)
        return Ask(raw["id"], _request(raw["request"]), raw["deadline_s"])
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolFault(f"not an ask: {line[:200]!r}") from error


def decode_report(line: bytes) -> Report:
    """Read what a worker wrote; raises ``ProtocolFault``."""
    try:
        raw = orjson.loads(line)
        if "hello" in raw:
            return Hello(raw["hello"], raw["versions"])
        if "wait_s" in raw:
            return Wait(**raw)
        return Answer(**raw | {"results": tuple(_result(one) for one in raw["results"])})
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolFault(f"not a report: {line[:200]!r}") from error


def _plain(message: Ask | Report) -> object:
    if isinstance(message, Hello):
        return {"hello": message.pid, "versions": message.versions}
    if isinstance(message, Answer):
        results = [{"failure" if isinstance(one, Failure) else "fetched": one} for one in message.results]
        cost = {name: getattr(message, name) for name in ("requests", "received_bytes", "peak_bytes")}
        return {"id": message.id, "results": results, **cost}
    return message


def _request(raw: Mapping[str, Any]) -> FetchRequest:
    return FetchRequest(
        **{
            **raw,
            "spans": tuple(Span(**span) for span in raw["spans"]),
            "names": tuple(raw["names"]),
            "quality": Quality(raw["quality"]),
        }
    )


def _result(raw: Mapping[str, Any]) -> Fetched | Failure:
    if "failure" in raw:
        told = raw["failure"]
        return Failure(**told | {"kind": FailureKind(told["kind"])})
    fetched = raw["fetched"]
    video = fetched["video"]
    return Fetched(
        **fetched | {"audio": _track(fetched["audio"]), "video": None if video is None else _track(video)}
    )


def _track(raw: Mapping[str, Any]) -> Track:
    return Track(**{**raw, "container": Container(raw["container"])})
