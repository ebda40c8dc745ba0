"""Fast stand-ins for the parts around the scheduler; the contract tests hold them against the real parts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator

from asyncdl.core.events import Event, RowEvent
from asyncdl.core.identity import Identity
from asyncdl.core.model import (
    Clip,
    Container,
    Failure,
    Fetched,
    FetchRequest,
    RejectedRow,
    Row,
    RowRef,
    Segment,
    Span,
    Tier,
    Track,
)
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.ports import BeforePublish, Fetcher
from asyncdl.runtime.exits import Exit, Exits
from asyncdl.runtime.feed import PassOver

Answer = Callable[[FetchRequest, int], Fetched | Failure]


def a_segment(number: int, split: str = "eval") -> Segment:
    """Segment number N of an endless list; ids are valid and distinct."""
    return Segment(f"{number:010d}A", Span(30_000, 40_000), split, ("/m/09x0r",))


def some_rows(count: int, source: int = 0) -> list[Row | RejectedRow]:
    return [Row(RowRef(source, line), a_segment(line)) for line in range(1, count + 1)]


def rows_source(rows: list[Row | RejectedRow]) -> Callable[[PassOver], Iterator[Row | RejectedRow]]:
    def read(is_passed_over: PassOver) -> Iterator[Row | RejectedRow]:
        for row in rows:
            if not is_passed_over(row.ref.source, row.ref.line):
                yield row

    return read


def a_fetched(request: FetchRequest, place: int = 0) -> Fetched:
    """What a good fetch of the span at ``place`` answers; no file is written."""
    path = f"{request.folder}/{request.names[place]}.mp4"
    track = Track(path, Container.MP4, "aac", "140", 0.0, 44100, 1000)
    return Fetched(track, None, 240_000.0, whole_file=False, title=None, received_bytes=1000, requests=3)


def a_clip(size_bytes: int = 1000) -> Clip:
    return Clip(size_bytes, "0" * 64, 441_000, 44_100, 2, 0, False, "140", 44_100, False, "2026.10.26")


class FakeFetcher:
    """Answers after a while; ``answer(request, n)`` gives the value for the n-th fetch of a video."""

    def __init__(self, answer: Answer | None = None, *, rng: random.Random | None = None) -> None:
        self._answer = answer
        self._rng = rng
        self.fetches: dict[str, int] = {}
        self.under_way = 0
        self.most_under_way = 0
        self.is_closed = False
        self.requests = 0
        self.received_bytes = 0

    async def fetch(self, request: FetchRequest) -> tuple[Fetched | Failure, ...]:
        self.fetches[request.ytid] = number = self.fetches.get(request.ytid, 0) + 1
        self.under_way += 1
        self.requests += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self._rng.uniform(2, 20) if self._rng else 0)
        finally:
            self.under_way -= 1
        answer = self._answer(request, number) if self._answer else None
        if isinstance(answer, Failure):
            return (answer,) * len(request.spans)
        return tuple(a_fetched(request, place) for place in range(len(request.spans)))

    async def close(self) -> None:
        self.is_closed = True


def some_exits(
    *fetchers: Fetcher,
    policy: PacePolicy | None = None,
    wall_s: Callable[[], float] = lambda: 1.7e9,
    max_wait_s: float | None = None,
    full: Fetcher | None = None,
) -> Exits:
    """Put each fetcher behind an identity of its own, by default without any ceiling."""
    exits = [
        Exit(Identity(f"exit {number}"), {Tier.FIRST: fetcher, Tier.FULL: full or fetcher})
        for number, fetcher in enumerate(fetchers)
    ]
    free = PacePolicy(ceiling_per_h=None)
    return Exits(exits, policy or free, random.Random(5), wall_s, max_wait_s)


class FakeMaker:
    """Makes the same clip of everything, or what ``outcome`` says."""

    def __init__(self, outcome: Callable[[Segment], Clip | Failure] | None = None) -> None:
        self._outcome = outcome

    async def make(self, segment: Segment, fetched: Fetched, before_publish: BeforePublish) -> Clip | Failure:
        assert fetched.audio.path
        outcome = self._outcome(segment) if self._outcome else a_clip()
        if isinstance(outcome, Clip):
            await before_publish()
        return outcome


class MemoryJournal:
    """Keeps events in a list, in order of the calls; ``append`` takes a moment, as a disk does."""

    def __init__(self) -> None:
        self.events: list[Event | RowEvent] = []

    async def append(self, event: Event) -> None:
        self.events.append(event)
        await asyncio.sleep(0.001)

    def note(self, event: RowEvent) -> None:
        self.events.append(event)
