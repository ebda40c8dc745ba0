"""What the runtime asks of its parts; fakes and real parts pass the same contract tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

from asyncdl.core.events import Event, RowEvent, Source
from asyncdl.core.model import Clip, Failure, Fetched, FetchRequest, RejectedRow, Row, Segment

BeforePublish: TypeAlias = Callable[[], Awaitable[None]]


class Fetcher(Protocol):
    """Brings the bytes of spans of one video; counts what it cost since it was made."""

    requests: int
    received_bytes: int

    async def fetch(self, request: FetchRequest) -> tuple[Fetched | Failure, ...]:
        """Answer one value per span, in order; raises only ``AsyncdlError`` for faults that stop the run."""
        ...

    async def close(self) -> None:
        """End all children; may be called twice."""
        ...


class Journal(Protocol):
    """Where facts become durable."""

    async def append(self, event: Event) -> None:
        """Return once the event is durable, and all rows noted before it are."""
        ...

    def note(self, event: RowEvent) -> None:
        """Queue a row; it is durable no later than any event appended after it."""
        ...


class Reader(Protocol):
    """Reads one kind of list."""

    def rows(self, path: Path, source: Source, skip: SkipLine) -> Iterator[Row | RejectedRow]:
        """Yield lazily; lines for which ``skip(line)`` holds are passed over before they are parsed.

        A segment of several lines has the number of its first one, and only that one is asked about.
        """
        ...

    def roughly(self, path: Path) -> int:
        """Say about how many segments a list has, in little time; for a progress bar."""
        ...


class SkipLine(Protocol):
    """Says whether a line of a source is settled or known and need not be parsed."""

    def __call__(self, line: int, /) -> bool:
        """``line`` counts from 1."""
        ...


class Maker(Protocol):
    """Turns fetched bytes into a published clip."""

    async def make(
        self, segment: Segment, fetched: Fetched, before_publish: BeforePublish, /
    ) -> Clip | Failure:
        """Decode, cut, check and publish; raises only ``AsyncdlError`` for faults that stop the run.

        ``before_publish`` is awaited once a good clip is there, before anything that stands under its name
        is touched; what it raises ends the making.
        """
        ...
