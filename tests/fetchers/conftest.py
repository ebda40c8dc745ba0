"""A fetcher in this process that talks to the stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asyncdl.demo.site import Site
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig
from asyncdl.fetchers.ytdlp.video import VideoFetcher
from support.fetching import MakeFetcher


@pytest.fixture
def new_fetcher(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeFetcher]:
    """Make fetchers with keyword arguments of ``WorkerConfig``, and ``now``; all are closed in the end."""
    monkeypatch.setenv("SSL_CERT_FILE", str(site.ca_file))
    made: list[VideoFetcher] = []

    def make(now: Callable[[], float] | None = None, **settings: object) -> VideoFetcher:
        endpoint = Endpoint(site.player_host, str(site.ca_file))
        config = WorkerConfig(endpoint=endpoint, **settings)  # type: ignore[arg-type] # keywords of a test
        made.append(VideoFetcher(config) if now is None else VideoFetcher(config, now))
        return made[-1]

    yield make
    for fetcher in made:
        fetcher.close()


@pytest.fixture
def fetcher(new_fetcher: MakeFetcher) -> VideoFetcher:
    return new_fetcher()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    parts = tmp_path / "parts"
    parts.mkdir()
    return parts
