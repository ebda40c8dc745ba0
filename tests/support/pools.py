"""The real pool of fetch workers, asked against a running stand-in."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asyncdl.core.model import Failure, Fetched, Span
from asyncdl.demo.site import Site
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig
from asyncdl.fetchers.ytdlp.nurture import Nursery
from asyncdl.fetchers.ytdlp.pool import WorkerPool
from support.fetching import SPAN, asked


@dataclass(frozen=True)
class Ward:
    """A pool, the mark of its children, and the folder that parts are written into."""

    pool: WorkerPool
    nursery: Nursery
    run_id: str
    home: Path
    parts: Path

    async def fetch(self, ytid: str, *spans: Span) -> tuple[Fetched | Failure, ...]:
        return await self.pool.fetch(asked(ytid, self.parts, *(spans or (SPAN,))))

    async def close(self) -> None:
        """End all children, as a run does at its end."""
        await self.pool.close()
        await self.nursery.close()

    async def one(self, ytid: str) -> Fetched | Failure:
        """Fetch one span."""
        (answer,) = await self.fetch(ytid)
        return answer


@asynccontextmanager
async def open_pool(
    site: Site, folder: Path, *, deadline_s: float = 30, **options: Any
) -> AsyncIterator[Ward]:
    """Open a pool whose children carry an id of their own; closed with the block."""
    run_id, home, parts = f"test-{uuid.uuid4().hex}", folder / "home", folder / "parts"
    parts.mkdir(exist_ok=True)
    config = WorkerConfig(endpoint=Endpoint(site.player_host, str(site.ca_file)))
    nursery = Nursery(home, run_id)
    pool = WorkerPool(config, nursery, deadline_s=deadline_s, **options)
    ward = Ward(pool, nursery, run_id, home, parts)
    try:
        yield ward
    finally:
        await ward.close()
