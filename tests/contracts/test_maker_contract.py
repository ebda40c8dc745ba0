"""What the scheduler relies on in any maker of clips; the fake and the real cutter answer alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Clip, ClipSpec, Failure, Fetched, Segment
from asyncdl.core.ports import BeforePublish, Maker
from asyncdl.errors import DiskFull
from asyncdl.runtime.cutter import Cutter, nothing_to_do
from support.fakes import FakeMaker, a_clip, a_fetched
from support.fetching import asked
from support.sources import FFMPEG, fetched, noise_m4a, segment, written

GOOD, OTHER, BROKEN = segment(30_000, 40_000), segment(5_000, 15_000), segment(10_000, 20_000)


@dataclass
class Bench:
    """A maker, and what a fetcher has left for it of a segment; that of ``BROKEN`` is no media."""

    maker: Maker
    left: Callable[[Segment], Fetched]


def _outcome(wanted: Segment) -> Clip | Failure:
    return failure(Code.CORRUPT, "no media") if wanted == BROKEN else a_clip()


def _with_fake(root: Path) -> Bench:
    return Bench(FakeMaker(_outcome), lambda wanted: a_fetched(asked(wanted.ytid, root, wanted.span)))


def _with_cutter(root: Path) -> Bench:
    media = noise_m4a()

    def left(wanted: Segment) -> Fetched:
        good = fetched(media, wanted.span, root, name=wanted.key)
        if wanted == BROKEN:
            written(media, b"no media at all" * 500, Path(good.audio.path), good.audio.first_ms)
        return good

    return Bench(Cutter(root, ClipSpec(), FFMPEG, slots=2), left)


@pytest.fixture(name="bench", params=[_with_fake, _with_cutter], ids=["fake", "real"])
def _bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    (tmp_path / ".parts").mkdir()
    made: Bench = request.param(tmp_path)
    return made


async def _make(
    bench: Bench, wanted: Segment, before_publish: BeforePublish = nothing_to_do
) -> Clip | Failure:
    return await bench.maker.make(wanted, bench.left(wanted), before_publish)


async def test_a_clip_is_as_long_as_its_segment_to_the_sample(bench: Bench) -> None:
    clip = await _make(bench, GOOD)
    assert isinstance(clip, Clip), clip
    assert clip.samples * 1000 == clip.sample_rate * GOOD.span.duration_ms
    assert clip.size_bytes > 0
    assert len(clip.sha256) == 64
    assert not clip.is_short
    assert not clip.is_silent


async def test_broken_media_are_a_value(bench: Bench) -> None:
    made = await _make(bench, BROKEN)
    assert isinstance(made, Failure)
    assert made.kind is FailureKind.BAD_MEDIA


async def test_segments_made_at_the_same_time_get_each_their_own_answer(bench: Bench) -> None:
    good, broken, other = await asyncio.gather(*(_make(bench, wanted) for wanted in (GOOD, BROKEN, OTHER)))
    assert isinstance(good, Clip)
    assert isinstance(broken, Failure)
    assert isinstance(other, Clip)


async def test_the_same_segment_made_again_gives_the_same_clip(bench: Bench) -> None:
    assert await _make(bench, GOOD) == await _make(bench, GOOD)


async def test_only_a_good_clip_is_announced_before_it_is_published(bench: Bench) -> None:
    announced: list[Segment] = []

    def announcing(wanted: Segment) -> BeforePublish:
        async def announce() -> None:
            announced.append(wanted)

        return announce

    for wanted in (BROKEN, GOOD):
        await _make(bench, wanted, announcing(wanted))
    assert announced == [GOOD]


async def test_a_clip_whose_announcement_fails_is_not_published(bench: Bench, tmp_path: Path) -> None:
    async def fail() -> None:
        raise DiskFull("no room for the announcement")

    with pytest.raises(DiskFull):
        await _make(bench, GOOD, fail)
    assert not list(tmp_path.rglob("*.flac"))


async def test_a_cancelled_making_leaves_the_maker_usable(bench: Bench) -> None:
    making = asyncio.create_task(_make(bench, GOOD))
    await asyncio.sleep(0)
    making.cancel()
    await asyncio.wait([making])
    assert isinstance(await _make(bench, OTHER), Clip)
