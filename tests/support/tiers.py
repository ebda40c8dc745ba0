"""Fetchers of both tiers that ask YouTube by its own names, through the stand-in's proxy."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from asyncdl.core.model import Failure, Fetched, Tier
from asyncdl.demo.proxy import SiteProxy
from asyncdl.demo.site import Site
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig
from asyncdl.fetchers.ytdlp.javascript import find_runtimes
from asyncdl.fetchers.ytdlp.video import VideoFetcher, Waiting
from support.fetching import asked

# A runtime that is not there: what follows is the same on every machine.
NO_RUNTIME = "deno:/nowhere/deno"


def config_of(site: Site, through: SiteProxy, tier: Tier = Tier.FULL, **settings: Any) -> WorkerConfig:
    """A worker whose way out is the proxy; without JavaScript unless the settings say so."""
    endpoint = Endpoint(None, str(site.ca_file), through.secret_url)
    return WorkerConfig(**{"endpoint": endpoint, "tier": tier, "js_runtime": NO_RUNTIME, **settings})


async def fetch_one(config: WorkerConfig, ytid: str, folder: Path) -> Fetched | Failure:
    """Fetch one span with a fetcher of its own."""
    (result,) = await fetch_all(config, (ytid,), folder)
    return result


async def fetch_all(
    config: WorkerConfig, ytids: tuple[str, ...], folder: Path
) -> tuple[Fetched | Failure, ...]:
    """Fetch a span of each video, one after the other, with one fetcher."""
    assert config.endpoint is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", config.endpoint.ca_file)
        return await asyncio.to_thread(_fetch_all, config, ytids, folder)


async def installed_runtime() -> str:
    """The option that names a runtime of this machine; skips where there is none."""
    for runtime in await find_runtimes(os.environ):
        if runtime.is_new_enough:
            return runtime.option
    pytest.skip("neither deno >= 2.3 nor node >= 22 is installed")


def _fetch_all(config: WorkerConfig, ytids: tuple[str, ...], folder: Path) -> tuple[Fetched | Failure, ...]:
    fetcher = VideoFetcher(config)
    try:
        return tuple(_one(fetcher, ytid, folder) for ytid in ytids)
    finally:
        fetcher.close()


def _one(fetcher: VideoFetcher, ytid: str, folder: Path) -> Fetched | Failure:
    results = fetcher.fetch(asked(ytid, folder), 30.0)
    assert not isinstance(results, Waiting)
    return results[0]
