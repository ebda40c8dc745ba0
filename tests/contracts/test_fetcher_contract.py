"""What the scheduler relies on in any fetcher; the fake and the pool of real workers answer alike."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure, Fetched, FetchRequest, Span
from asyncdl.core.ports import Fetcher
from asyncdl.demo.media import Masters
from asyncdl.demo.menu import Terms
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.site import Site
from support.children import until, workers
from support.fakes import FakeFetcher, a_fetched
from support.fetching import asked
from support.pools import open_pool

SPANS = (Span(30_000, 40_000), Span(0, 10_000), Span(61_000, 63_500))


@dataclass
class Bed:
    """A fetcher and ways to look at it from outside."""

    fetcher: Fetcher
    parts: Path
    is_under_way: Callable[[], bool]
    has_children: Callable[[], bool]

    def request(self, ytid: str, *spans: Span) -> FetchRequest:
        return asked(ytid, self.parts, *spans)


class _QuickRandom(random.Random):
    """Every fetch takes a twentieth of a second."""

    def uniform(self, a: float, b: float) -> float:
        del a, b
        return 0.05


def _as_the_site_does(request: FetchRequest, _: int) -> Fetched | Failure:
    if request.ytid == Scenario.PRIVATE:
        return failure(Code.PRIVATE, "ERROR: [youtube] private____: Private video")
    return a_fetched(request)


@asynccontextmanager
async def _fake_bed(parts: Path) -> AsyncIterator[Bed]:
    fetcher = FakeFetcher(_as_the_site_does, rng=_QuickRandom())
    yield Bed(fetcher, parts, lambda: fetcher.under_way > 0, lambda: fetcher.under_way > 0)


@asynccontextmanager
async def _real_bed(tmp_path: Path, masters: Masters) -> AsyncIterator[Bed]:
    folder = tmp_path / "site"
    folder.mkdir()
    async with (
        Site.start(folder, masters, terms=Terms(latency_s=0.1)) as site,
        open_pool(site, tmp_path) as ward,
    ):
        yield Bed(
            ward.pool, ward.parts, lambda: bool(workers(ward.run_id)), lambda: bool(workers(ward.run_id))
        )


@pytest.fixture(name="bed", params=["fake", "real"])
async def _bed(request: pytest.FixtureRequest, tmp_path: Path, masters: Masters) -> AsyncIterator[Bed]:
    opened = _fake_bed(tmp_path) if request.param == "fake" else _real_bed(tmp_path, masters)
    async with opened as bed:
        yield bed


async def test_each_span_gets_its_own_answer_in_order(bed: Bed) -> None:
    request = bed.request("aaaaaaaaaaa", *SPANS)
    answers = await bed.fetcher.fetch(request)
    assert len(answers) == len(SPANS)
    for answer, name in zip(answers, request.names, strict=True):
        assert isinstance(answer, Fetched), answer
        assert answer.audio.path.startswith(f"{bed.parts}/{name}.")
        assert answer.received_bytes > 0


async def test_a_failed_video_is_a_value_for_each_span(bed: Bed) -> None:
    answers = await bed.fetcher.fetch(bed.request(Scenario.PRIVATE, *SPANS))
    assert [answer.kind for answer in answers if isinstance(answer, Failure)] == [FailureKind.PRIVATE] * 3
    assert all(isinstance(answer, Failure) and answer.text for answer in answers)


async def test_fetches_at_the_same_time_do_not_get_each_others_answers(bed: Bed) -> None:
    requests = [bed.request(f"Video00000{letter}") for letter in "abc"] + [bed.request(Scenario.PRIVATE)]
    answers = await asyncio.gather(*map(bed.fetcher.fetch, requests))
    for request, (answer,) in zip(requests[:3], answers, strict=False):
        assert isinstance(answer, Fetched), answer
        assert request.ytid in answer.audio.path
    assert isinstance(answers[3][0], Failure)


async def test_a_cancelled_fetch_leaves_the_fetcher_usable(bed: Bed) -> None:
    """Once before a worker is there, once while it is at work."""
    for is_begun in (lambda: True, bed.is_under_way):
        fetching = asyncio.create_task(bed.fetcher.fetch(bed.request("aaaaaaaaaaa")))
        await asyncio.sleep(0)
        await until(is_begun)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        (answer,) = await bed.fetcher.fetch(bed.request("bbbbbbbbbbb"))
        assert isinstance(answer, Fetched), answer


async def test_closing_twice_is_closing_once(bed: Bed) -> None:
    await bed.fetcher.fetch(bed.request("aaaaaaaaaaa"))
    await bed.fetcher.close()
    await bed.fetcher.close()
    await until(lambda: not bed.has_children())


async def test_closing_without_a_fetch_is_no_fault(bed: Bed) -> None:
    await bed.fetcher.close()
    assert not bed.has_children()
