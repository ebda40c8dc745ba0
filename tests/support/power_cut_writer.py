"""Stores clips until the disk fails: the program whose power is cut.

    python -m support.power_cut_writer DATA_SET TOLD [--order ORDER] [--clips N]

Eight at a time publish clips of 1 to 64 kB and journal them by the real code. After each ``append`` it notes
the moment and the key in TOLD, which is on another disk. Exit code as ``asyncdl run`` for the same fault.
``--order`` is for checks that the test can fail: each but ``full`` is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path
from random import Random

from asyncdl.core import layout
from asyncdl.core.events import ClipStored, RowSelected, RunEnded, RunStarted
from asyncdl.core.model import Clip, ClipSpec, Row, RowRef, Segment, Span
from asyncdl.errors import AsyncdlError
from asyncdl.runtime.files import REAL_FILES, FileLayer, RealFiles, make_folders, publish, telling
from asyncdl.runtime.journal import RunJournal
from asyncdl.runtime.replay import replay
from support.crash_oracles import sha256_of

WRITERS = 8


class Order(StrEnum):
    """What is synced, and when."""

    FULL = "full"
    JOURNAL_ONLY = "journal-only"
    JOURNAL_FIRST = "journal-first"
    NOTHING = "nothing"


class Unsynced(RealFiles):
    """Says that it synced, and did not."""

    def fsync(self, fd: int) -> None:
        """Return at once."""

    def fdatasync(self, fd: int) -> None:
        """Return at once."""


@dataclass(frozen=True, slots=True)
class Writer:
    """One data set being filled; ``told`` is a descriptor of the acknowledgements."""

    root: Path
    order: Order
    told: int
    journal: RunJournal
    clip_files: FileLayer

    async def store_all(self, lines: Iterator[int], base: int) -> None:
        """Take line after line until there is none."""
        for line in lines:
            await self._store(line, base + line)

    async def _store(self, line: int, number: int) -> None:
        segment = Segment(f"{number:011d}", Span(0, 10_000), "eval")
        rng = Random(number)
        content = rng.randbytes(rng.randrange(1_000, 64_000))
        sound = Clip(
            len(content), sha256_of(content), 441_000, 44_100, 1, 0, False, "140", None, False, "x", None
        )
        event = ClipStored(segment.key, RowRef(0, line), 0, 1, 0, sound)
        self.journal.note(RowSelected(Row(event.ref, segment)))
        if self.order is Order.JOURNAL_FIRST:
            await self.journal.append(event)
            self._tell(segment)
        await asyncio.to_thread(self._publish, segment, content)
        if self.order is not Order.JOURNAL_FIRST:
            await self.journal.append(event)
            self._tell(segment)

    def _publish(self, segment: Segment, content: bytes) -> None:
        part = self.root / layout.PARTS / segment.key
        with telling("cutting", part):
            part.write_bytes(content)
        publish(part, self.root / layout.clip_path(segment, "flac"), self.root, self.clip_files)

    def _tell(self, segment: Segment) -> None:
        os.write(self.told, b"%d %s\n" % (time.monotonic_ns(), segment.key.encode()))


async def fill(root: Path, told: int, order: Order, clips: int | None) -> None:
    """Go on with the data set where an earlier writer ended."""
    unsynced = Unsynced()
    journal_files: FileLayer = unsynced if order is Order.NOTHING else REAL_FILES
    clip_files: FileLayer = unsynced if order in {Order.NOTHING, Order.JOURNAL_ONLY} else REAL_FILES
    make_folders(root / layout.JOURNAL, root.parent, journal_files)
    (root / layout.PARTS).mkdir(exist_ok=True)
    replayed = replay(root / layout.JOURNAL)
    replayed.require_whole()
    journal = RunJournal(root / layout.JOURNAL, files=journal_files)
    await journal.start(RunStarted("run", 0, ClipSpec(), {}, "run eval", {}), replayed.last_seq + 1)
    writer = Writer(root, order, told, journal, clip_files)
    lines = iter(range(1, clips + 1)) if clips is not None else count(1)
    base = 1_000_000 * (replayed.last_seq + 1)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(writer.store_all(lines, base))
        await journal.append(RunEnded(1, "done"))
    finally:
        await journal.close()


def main() -> int:
    """Return the exit code of the fault that ended it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("told", type=Path)
    parser.add_argument("--order", type=Order, default=Order.FULL)
    parser.add_argument("--clips", type=int)
    args = parser.parse_args()
    told = os.open(args.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        asyncio.run(fill(args.root, told, args.order, args.clips))
    except* AsyncdlError as group:
        fault = _first(group)
        sys.stderr.write(f"{fault}\n")
        code = int(fault.exit_code)
        os._exit(code)  # threads may hang on a disk that is gone
    return 0


def _first(group: BaseExceptionGroup[AsyncdlError]) -> AsyncdlError:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


if __name__ == "__main__":
    sys.exit(main())
