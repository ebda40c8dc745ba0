"""Several segments of one video: one extraction, and an outcome for each."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.events import AttemptFailed, ClipStored, GaveUp, RowSelected
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import Clip, Failure, Fetched, FetchRequest, RejectedRow, Row, RowRef, Segment, Span
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.ports import BeforePublish
from asyncdl.core.retry import RetryPolicy
from asyncdl.runtime.agenda import Agenda, Attempt
from asyncdl.runtime.exits import Exits
from asyncdl.runtime.feed import MOST_SPANS, Batch, Feed, Selection
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.scheduler import Parts, RunEnd, Scheduler, Terms
from asyncdl.runtime.tally import Tally
from support.fakes import FakeMaker, MemoryJournal, a_clip, a_fetched, rows_source, some_exits
from support.virtual_clock import run_virtually

GONE = failure(Code.PRIVATE, "Private video")
BROKEN = failure(Code.SHORT_BODY, "the body broke off")
Fate = Callable[[str, int], Failure | None]


def rows_of(*videos: str) -> list[Row | RejectedRow]:
    """A line for each letter, ten seconds further on each time that the letter comes again."""
    seen: Counter[str] = Counter()
    rows: list[Row | RejectedRow] = []
    for line, video in enumerate(videos, 1):
        span = Span(seen[video] * 10_000, (seen[video] + 1) * 10_000)
        seen[video] += 1
        rows.append(Row(RowRef(0, line), Segment(video.rjust(11, "0"), span, "eval", ())))
    return rows


def key_of(video: str, number: int) -> str:
    """The key of a video's segment, counted from 0."""
    return f"{video.rjust(11, '0')}_{number * 10_000}_{(number + 1) * 10_000}"


class SpanFetcher:
    """Answers each span by itself; ``fate(key, n)`` says how the n-th fetch of a segment fails."""

    def __init__(self, fate: Fate = lambda *_: None) -> None:
        self._fate = fate
        self._numbers: Counter[str] = Counter()
        self._under_way: set[str] = set()
        self.asked: list[tuple[str, ...]] = []
        self.most_under_way = 0
        self.requests = 0
        self.received_bytes = 0

    async def fetch(self, request: FetchRequest) -> tuple[Fetched | Failure, ...]:
        assert self._under_way.isdisjoint(request.names)
        assert all(name.startswith(request.ytid) for name in request.names)
        self.asked.append(request.names)
        self.requests += 1
        self._under_way.update(request.names)
        await asyncio.sleep(1)
        self._under_way.difference_update(request.names)
        return tuple(self._answer(request, place) for place in range(len(request.names)))

    async def close(self) -> None:
        """Nothing is open."""

    def _answer(self, request: FetchRequest, place: int) -> Fetched | Failure:
        name = request.names[place]
        self._numbers[name] += 1
        return self._fate(name, self._numbers[name]) or a_fetched(request, place)


@dataclass
class Scene:
    """A scheduler over a list."""

    rows: Sequence[Row | RejectedRow]
    fetcher: SpanFetcher = field(default_factory=SpanFetcher)
    maker: FakeMaker = field(default_factory=FakeMaker)
    selection: Selection = field(default_factory=Selection)
    ledger: Ledger = field(default_factory=Ledger)
    full: SpanFetcher | None = None
    concurrency: int = 4
    exits: Exits | None = None

    async def play(self) -> RunEnd:
        self.journal, self.tally = MemoryJournal(), Tally()
        rows = rows_source(list(self.rows))
        feed = Feed(rows, self.ledger, self.journal, self.selection, lambda _: None, _on_the_loop)
        self.exits = self.exits or some_exits(self.fetcher, full=self.full)
        parts = Parts(self.exits, self.maker, self.journal, self.ledger, self.tally)
        can_try_fuller = self.full is not None
        terms = Terms("/parts", Attempt.request, RetryPolicy(), random.Random(1), lambda: 0, can_try_fuller)
        return await Scheduler(Agenda(feed), Limiter(self.concurrency), parts, terms).run()

    def run(self) -> RunEnd:
        return run_virtually(self.play())

    def told(self) -> list[tuple[type, str, int]]:
        """What the journal says of segments: event, key, attempt."""
        return [
            (type(event), event.key, event.attempt)
            for event in self.journal.events
            if isinstance(event, ClipStored | AttemptFailed | GaveUp)
        ]


async def _on_the_loop(read: Callable[[], Batch]) -> Batch:
    await asyncio.sleep(0)
    return read()


def test_neighbours_of_one_video_cost_one_extraction_and_count_as_one() -> None:
    scene = Scene(rows_of("a", "a", "a", "b", "c", "c"))
    assert scene.run() is RunEnd.FINISHED
    assert sorted(len(names) for names in scene.fetcher.asked) == [1, 2, 3]
    assert scene.ledger.counts().stored == 6
    assert scene.exits is not None
    assert scene.exits.exits[0].fetched == 3


def test_rows_that_are_not_neighbours_are_fetched_on_their_own() -> None:
    scene = Scene(rows_of("a", "b", "a", "b"))
    scene.run()
    assert [len(names) for names in scene.fetcher.asked] == [1, 1, 1, 1]
    assert scene.ledger.counts().stored == 4


def test_one_video_with_many_segments_is_fetched_in_bounded_pieces() -> None:
    scene = Scene(rows_of(*"a" * 300))
    scene.run()
    sizes = [len(names) for names in scene.fetcher.asked]
    assert sizes == [MOST_SPANS] * (300 // MOST_SPANS) + [300 % MOST_SPANS]
    assert scene.ledger.counts().stored == 300


def test_no_video_is_torn_apart_where_the_list_is_read_in_pieces() -> None:
    scene = Scene(rows_of(*(f"v{number // 3}" for number in range(900))))
    scene.run()
    assert {len(names) for names in scene.fetcher.asked} == {3}
    assert len(scene.fetcher.asked) == 300


def test_the_one_of_several_that_fails_is_tried_again_alone() -> None:
    second = key_of("a", 1)
    scene = Scene(
        rows_of("a", "a", "a"), SpanFetcher(lambda key, n: BROKEN if key == second and n == 1 else None)
    )
    assert scene.run() is RunEnd.FINISHED
    assert scene.fetcher.asked == [(key_of("a", 0), second, key_of("a", 2)), (second,)]
    assert sorted(scene.told(), key=lambda one: (one[1], one[2])) == [
        (ClipStored, key_of("a", 0), 1),
        (AttemptFailed, second, 1),
        (ClipStored, second, 2),
        (ClipStored, key_of("a", 2), 1),
    ]


def test_a_clip_that_cannot_be_cut_leaves_its_neighbours_alone() -> None:
    bad = key_of("a", 0)
    outside = failure(Code.OUT_OF_RANGE, "the video ends before")
    scene = Scene(
        rows_of("a", "a"), maker=FakeMaker(lambda segment: outside if segment.key == bad else a_clip())
    )
    scene.run()
    assert sorted(scene.told(), key=lambda one: one[1]) == [(GaveUp, bad, 1), (ClipStored, key_of("a", 1), 1)]
    assert len(scene.fetcher.asked) == 1


def test_what_failed_alike_is_tried_again_with_one_extraction() -> None:
    busy = failure(Code.HTTP_5XX, "503")
    scene = Scene(rows_of("a", "a", "a"), SpanFetcher(lambda _, n: busy if n < 3 else None))
    scene.run()
    assert [len(names) for names in scene.fetcher.asked] == [3, 3, 3]
    assert Counter(kind for kind, _, _ in scene.told()) == {AttemptFailed: 6, ClipStored: 3}


@pytest.mark.parametrize("code", [Code.WORKER_DIED, Code.DEADLINE])
def test_what_may_have_broken_the_worker_is_tried_alone(code: Code) -> None:
    """All fail for the one that does it, so that together they would never come to an end."""

    class Poisoned(SpanFetcher):
        async def fetch(self, request: FetchRequest) -> tuple[Fetched | Failure, ...]:
            answers = await super().fetch(request)
            is_poisoned = key_of("a", 1) in request.names
            return (failure(code, "gone"),) * len(answers) if is_poisoned else answers

    scene = Scene(rows_of("a", "a", "a"), Poisoned())
    scene.run()
    assert Counter(map(len, scene.fetcher.asked)) == {3: 1, 1: 2 + 3}
    counts = scene.ledger.counts()
    assert (counts.stored, counts.failed_total) == (2, 1)


def test_a_video_that_is_gone_settles_all_its_segments_at_once() -> None:
    scene = Scene(rows_of("a", "a", "a"), SpanFetcher(lambda *_: GONE))
    scene.run()
    assert len(scene.fetcher.asked) == 1
    assert scene.ledger.counts().failed == {FailureKind.PRIVATE: 3}


def test_a_fuller_extraction_is_for_all_that_want_it() -> None:
    vague = failure(Code.CLIENT_UNAVAIL, "This video is not available")
    scene = Scene(rows_of("a", "a", "b"), SpanFetcher(lambda *_: vague), full=SpanFetcher())
    scene.run()
    assert scene.full is not None
    assert sorted(map(len, scene.full.asked)) == [1, 2]
    assert {attempt for _, _, attempt in scene.told()} == {1}
    assert scene.ledger.counts().stored == 3


def test_a_throttle_sign_at_one_span_cools_the_identity_and_costs_no_attempt() -> None:
    last = key_of("a", 2)
    slow = failure(Code.HTTP_429, "Too Many Requests")
    scene = Scene(
        rows_of("a", "a", "a", "b"), SpanFetcher(lambda key, n: slow if key == last and n == 1 else None)
    )
    scene.run()
    assert scene.exits is not None
    assert scene.exits.exits[0].throttled == 1
    assert scene.fetcher.asked[-1] == (last,)
    assert (ClipStored, last, 1) in scene.told()


def test_the_pace_charges_an_extraction_however_many_segments_it_serves() -> None:
    async def seconds(rows: list[Row | RejectedRow]) -> float:
        fetcher = SpanFetcher()
        exits = some_exits(fetcher, policy=PacePolicy(ceiling_per_h=60))
        await Scene(rows, fetcher, exits=exits).play()
        return asyncio.get_running_loop().time()

    single = run_virtually(seconds(rows_of(*(f"v{n}" for n in range(100)))))
    several = run_virtually(seconds(rows_of(*(f"v{n // 3}" for n in range(300)))))
    assert single == pytest.approx(several, rel=0.05)
    assert single > 3600


@pytest.mark.parametrize("limit", [1, 4, 5, 9])
def test_the_limit_holds_in_the_middle_of_a_video(limit: int) -> None:
    scene = Scene(rows_of(*"aaabbbccc"), selection=Selection(limit=limit))
    scene.run()
    counts = scene.ledger.counts()
    assert (counts.segments, counts.stored) == (limit, limit)


def test_settled_segments_of_a_video_are_not_fetched_again_but_on_request() -> None:
    first = Scene(rows_of(*"aaabbb"), selection=Selection(limit=4))
    first.run()
    second = Scene(rows_of(*"aaabbb"), ledger=first.ledger)
    second.run()
    assert second.fetcher.asked == [(key_of("b", 1), key_of("b", 2))]
    over = Scene(rows_of(*"aaabbb"), ledger=first.ledger, selection=Selection(overwrite=True))
    over.run()
    assert [len(names) for names in over.fetcher.asked] == [3, 3]
    assert over.ledger.counts().stored == 6


def test_a_few_bad_videos_with_many_segments_are_no_storm() -> None:
    bad = SpanFetcher(lambda key, _: failure(Code.DRM, "DRM") if key.startswith("0") else None)
    scene = Scene(rows_of(*(f"{n // 8}" for n in range(80)), *(f"good{n:07d}" for n in range(40))), bad)
    assert scene.run() is RunEnd.FINISHED
    assert scene.ledger.counts().failed_total == 80


def test_a_storm_opens_all_segments_again_that_it_spoilt() -> None:
    scene = Scene(
        rows_of(*(f"v{n // 3}" for n in range(900))), SpanFetcher(lambda *_: failure(Code.DRM, "DRM"))
    )
    assert scene.run() is RunEnd.STORM
    counts = scene.ledger.counts()
    assert counts.failed_total == 0
    assert counts.open == counts.segments
    assert len(scene.fetcher.asked) < 30


def test_the_screen_shows_no_more_than_one_segment_for_each_extraction() -> None:
    async def story() -> list[int]:
        class Slow(FakeMaker):
            async def make(self, segment: Segment, fetched: Fetched, ready: BeforePublish) -> Clip | Failure:
                await asyncio.sleep(1)
                return await super().make(segment, fetched, ready)

        scene = Scene(rows_of(*(f"v{n // 5}" for n in range(100))), maker=Slow())
        running = asyncio.create_task(scene.play())
        shown = []
        while not running.done():
            await asyncio.sleep(0.25)
            shown.append(len(scene.tally.in_flight()))
        return shown

    shown = run_virtually(story())
    assert max(shown) == 4
    assert shown[-1] == 0


@pytest.mark.parametrize("seed", range(5))
def test_whatever_fails_every_segment_is_settled_once_and_never_fetched_twice_at_a_time(seed: int) -> None:
    rng = random.Random(seed)
    videos = [
        f"v{rng.randrange(4)}{number}" for number in range(200) for _ in range(rng.choice([1, 1, 2, 5, 20]))
    ]
    codes = [Code.SHORT_BODY, Code.HTTP_5XX, Code.WORKER_DIED, Code.OUT_OF_RANGE, Code.DEADLINE]

    def fate(key: str, number: int) -> Failure | None:
        drawn = random.Random(f"{seed} {key} {number}")
        return failure(drawn.choice(codes), "so") if drawn.random() < 0.2 else None

    rows = rows_of(*videos)
    scene = Scene(rows, SpanFetcher(fate), concurrency=8)
    assert scene.run() is RunEnd.FINISHED
    settled = Counter(key for kind, key, _ in scene.told() if kind in {ClipStored, GaveUp})
    assert settled == {row.segment.key: 1 for row in rows if isinstance(row, Row)}
    tries = Counter(name for names in scene.fetcher.asked for name in names)
    assert tries == Counter(key for _, key, _ in scene.told())
    assert all(scene.ledger.state_of(key) is not RowState.OPEN for key in settled)
    selected = [event for event in scene.journal.events if isinstance(event, RowSelected)]
    assert len(selected) == len(rows)
