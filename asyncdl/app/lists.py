"""The lists of a run: found, recognised by their bytes, numbered, counted, read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from asyncdl.core.events import Source
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import RejectedRow, Row
from asyncdl.errors import UsageError
from asyncdl.inputs.cache import OnProgress
from asyncdl.inputs.lines import count_rows_roughly
from asyncdl.inputs.sources import ListFile, fingerprint, resolve
from asyncdl.runtime.feed import PassOver


@dataclass(frozen=True, slots=True)
class GivenList:
    """A list file and the SHA-256 and size of its bytes."""

    file: ListFile
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class NumberedList:
    """A list file as this data set knows it."""

    file: ListFile
    source: Source


async def gather(arguments: Sequence[str], cache: Path, on_progress: OnProgress | None) -> list[GivenList]:
    """Find all lists, downloading known names; raises ``UsageError`` before anything is written."""
    files = [
        await asyncio.to_thread(resolve, argument, cache, on_progress=on_progress) for argument in arguments
    ]
    return [GivenList(file, *await asyncio.to_thread(fingerprint, file.path)) for file in files]


def number(given: Sequence[GivenList], ledger: Ledger) -> tuple[list[NumberedList], list[Source]]:
    """Give each list its index in the data set; the second value holds those that are new."""
    known = {source.sha256: source for source in ledger.sources}
    new = []
    for one in given:
        if one.sha256 not in known:
            source = Source(len(known), one.file.name, one.file.split, one.sha256, one.size_bytes)
            known[one.sha256] = source
            new.append(source)
    return [NumberedList(one.file, known[one.sha256]) for one in given], new


def read(lists: Sequence[NumberedList], is_passed_over: PassOver) -> Iterator[Row | RejectedRow]:
    """Yield the rows of all lists, one list after the other."""
    for one in lists:
        yield from one.file.reader.rows(one.file.path, one.source, partial(is_passed_over, one.source.index))


async def expected_segments(lists: Sequence[NumberedList], ledger: Ledger, limit: int | None) -> int:
    """Say about how many segments the data set will hold when the lists are read, or N of them."""
    known = sum(ledger.known_lines(one.source.index) for one in lists)
    before = ledger.counts().segments
    rows = 0
    for one in lists:
        with suppress(UsageError):  # a list that breaks off is told when it is read
            rows += await asyncio.to_thread(count_rows_roughly, one.file.path)
    wanted = rows if limit is None else min(rows, limit)
    return before + max(0, wanted - known)
