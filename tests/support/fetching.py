"""Requests to a fetcher, and what the stand-in saw of them."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from asyncdl.core.model import FetchRequest, Span
from asyncdl.demo.requestlog import RequestKind, RequestRecord
from asyncdl.demo.site import Site
from asyncdl.fetchers.ytdlp.video import VideoFetcher

SPAN = Span(30_000, 40_000)
MakeFetcher = Callable[..., VideoFetcher]


def asked(ytid: str, folder: Path, *spans: Span, **more: object) -> FetchRequest:
    spans = spans or (SPAN,)
    names = tuple(f"{ytid}_{span.start_ms}" for span in spans)
    return FetchRequest(ytid, spans, str(folder), names, **more)  # type: ignore[arg-type] # keywords of a test


def media(site: Site) -> list[RequestRecord]:
    return [one for one in site.requests if one.kind is RequestKind.MEDIA]


def player(site: Site) -> list[RequestRecord]:
    return [one for one in site.requests if one.kind is RequestKind.PLAYER]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def data_of(path: str) -> bytes:
    return Path(path).read_bytes()


def mode_of(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)
