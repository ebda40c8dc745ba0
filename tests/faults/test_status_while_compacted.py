"""Who asks for the status again and again, while the journal is compacted and its snapshot is replaced, is
answered each time, and never with less than before.
"""

from __future__ import annotations

import asyncio
import threading
from itertools import pairwise
from pathlib import Path

from asyncdl.runtime.compacting import compact
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from asyncdl.runtime.snapshot import write_snapshot
from asyncdl.runtime.standing import standing_of
from support.crash_protocols import gave_up
from support.crash_writing import made
from support.datasets import header, write_run

RUNS = 8
CLIPS = 12


async def one_run(root: Path, number: int) -> None:
    """Store some clips and give one up; then cover all by a snapshot, and by every other run compact it."""
    clips = [made(number * CLIPS + place) for place in range(CLIPS)]
    await write_run(root, [clip.row for clip in clips], [clip.stored for clip in clips[:-1]])
    await write_run(root, [], [gave_up(number * CLIPS + CLIPS - 1)])
    await asyncio.to_thread(cover, journal_of(root))
    if number % 2:
        await asyncio.to_thread(lambda: compact(journal_of(root), replay(journal_of(root)), header()))


def cover(journal: Path) -> None:
    replayed = replay(journal)
    write_snapshot(journal, replayed.ledger, replayed.positions)


async def test_status_in_a_tight_loop_never_fails_and_never_falls(tmp_path: Path) -> None:
    is_over = threading.Event()

    def look() -> list[tuple[int, int]]:
        told = []
        while not is_over.is_set():
            standing = standing_of(journal_of(tmp_path))
            assert standing.fault is None
            told.append((standing.counts.stored, standing.counts.failed_total))
        return told

    await one_run(tmp_path, 0)
    looking = [asyncio.create_task(asyncio.to_thread(look)) for _ in range(2)]
    try:
        for number in range(1, RUNS):
            await one_run(tmp_path, number)
    finally:
        is_over.set()
    for told in await asyncio.gather(*looking):
        assert len(set(told)) > 2
        assert all(
            stored >= was_stored and failed >= was_failed
            for (was_stored, was_failed), (stored, failed) in pairwise(told)
        )
    assert standing_of(journal_of(tmp_path)).counts.stored == RUNS * (CLIPS - 1)
