"""Fixtures that open a bench; folders of tests that need one name them in their ``conftest.py``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from asyncdl.demo.budget import Budget
from asyncdl.demo.media import Masters
from asyncdl.demo.menu import Terms
from asyncdl.demo.scenarios import Plan, Scenario
from asyncdl.demo.site import Site
from support.bench import Bench

OpenBench = Callable[..., AbstractAsyncContextManager[Bench]]


@pytest.fixture
def open_bench(tmp_path: Path, masters: Masters) -> OpenBench:
    """Open a bench with chosen scenarios and terms."""

    @asynccontextmanager
    async def opened(
        scenarios: dict[str, Plan | Scenario] | None = None,
        terms: Terms | None = None,
        budget: Budget | None = None,
    ) -> AsyncIterator[Bench]:
        folder = tmp_path / "site"
        folder.mkdir()
        async with Site.start(folder, masters, scenarios=scenarios, terms=terms, budget=budget) as site:
            yield Bench(tmp_path, site)

    return opened


@pytest.fixture
async def bench(open_bench: OpenBench) -> AsyncIterator[Bench]:
    """A bench where every video is good but those with a special id."""
    async with open_bench() as opened:
        yield opened
