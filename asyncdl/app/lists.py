"""The lists of a run: found, recognised by their bytes, numbered, counted, read."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from asyncdl.core.events import Source
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import RejectedRow, Row
from asyncdl.core.table_columns import BY_HEADER, TableColumns
from asyncdl.errors import UsageError
from asyncdl.inputs.cache import OnProgress
from asyncdl.inputs.sources import ListFile, fingerprint, resolve
from asyncdl.runtime.feed import PassOver


@dataclass(frozen=True, slots=True)
class GivenList:
    """A list file, what tells it from others (the SHA-256 of its bytes), and its size."""

    file: ListFile
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class NumberedList:
    """A list file as this data set knows it."""

    file: ListFile
    source: Source


async def gather(
    arguments: Sequence[str],
    cache: Path,
    on_progress: OnProgress | None,
    columns: TableColumns = BY_HEADER,
) -> list[GivenList]:
    """Find all lists, downloading known names; raises ``UsageError`` before anything is written.

    ``columns`` is what is said of the columns of the lists that are files.
    """
    files = [
        await asyncio.to_thread(resolve, argument, cache, on_progress=on_progress, columns=columns)
        for argument in arguments
    ]
    return [await asyncio.to_thread(_given, file) for file in files]


def _given(file: ListFile) -> GivenList:
    """Fingerprint a list; what is said of its columns makes another list of the same bytes."""
    sha256, size_bytes = fingerprint(file.path)
    if file.columns:
        sha256 = hashlib.sha256(f"{sha256} {file.columns}".encode()).hexdigest()
    return GivenList(file, sha256, size_bytes)


def number(given: Sequence[GivenList], ledger: Ledger) -> tuple[list[NumberedList], list[Source]]:
    """Give each list its index in the data set; the second value holds those that are new."""
    known = {source.sha256: source for source in ledger.sources}
    new: list[Source] = []
    for one in given:
        if one.sha256 not in known:
            index = ledger.next_source() + len(new)
            source = Source(index, one.file.name, one.file.split, one.sha256, one.size_bytes)
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
            rows += await asyncio.to_thread(one.file.reader.roughly, one.file.path)
    wanted = rows if limit is None else min(rows, limit)
    return before + max(0, wanted - known)
