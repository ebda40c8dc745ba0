"""The protocols whose crashes are tried: real code over a traced folder, each call in a known order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import TypeAlias

from asyncdl.core import layout
from asyncdl.core.events import ClipLost, GaveUp
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import RowState
from asyncdl.core.model import Failure
from asyncdl.errors import DiskFull
from asyncdl.runtime.compacting import CompactionMeans, compact
from asyncdl.runtime.files import make_folders, replace_file
from asyncdl.runtime.replay import replay
from asyncdl.runtime.run_folder import sync_run_files
from asyncdl.runtime.snapshot import write_snapshot
from support.crash_trace import pass_on
from support.crash_writing import CLIP_BYTES, HEADER, Traced, Writing, made, record, start_run
from support.turns import Turns


async def publish_and_journal(
    data: Traced, clips: int = 3, size_bytes: int = CLIP_BYTES, padding: int = 0
) -> None:
    """Clips one by one, into new folders and old ones."""
    writing = await start_run(data, 1, padding=padding)
    for number in range(clips):
        await record(data, writing, [made(number, size_bytes=size_bytes)])
    await writing.end()


async def group_commits(data: Traced, clips: int = 6, batch: int = 3, padding: int = 0) -> None:
    """Several clips in two splits, journalled in batches."""
    writing = await start_run(data, 1, padding=padding)
    for start in range(0, clips, batch):
        await record(data, writing, [made(number) for number in range(start, start + batch)])
    await writing.end()


async def at_once(data: Traced, clips: int = 4, seed: int = 1) -> None:
    """Two waves of clips published by threads whose calls are interleaved; one is recorded amid the other."""
    writing = await start_run(data, 1)
    turns = Turns(Random(seed))
    waves = [[made(number) for number in numbers] for numbers in (range(clips), range(clips, 2 * clips))]
    data.files.before = turns.wait
    for wave, steps in zip(waves, (None, 5 * clips), strict=True):
        for clip in wave:
            writing.journal.note(clip.row)
            turns.start(partial(data.store, clip))
        await asyncio.to_thread(turns.run, steps)
    for wave in waves:
        await writing.append(*(clip.stored for clip in wave))
        writing.tell_rows(wave)
        data.files.before = turns.wait
        await asyncio.to_thread(turns.run)
    await writing.end()


async def journal_first(data: Traced, clips: int = 2) -> None:
    """Broken on purpose: the record before the clip."""
    writing = await start_run(data, 1)
    for number in range(clips):
        clip = made(number)
        writing.journal.note(clip.row)
        data.clips[clip.stored.clip.sha256] = (clip.path, clip.content)
        await writing.append(clip.stored)
        data.store(clip)
    await writing.journal.close()


async def overwrite(data: Traced, *, is_lost_first: bool = True, padding: int = 0) -> None:
    """A stored clip is fetched again in the next round; without ``ClipLost`` before, broken on purpose."""
    writing = await start_run(data, 1, padding=padding)
    old = made(0)
    await record(data, writing, [old])
    if is_lost_first:
        await writing.append(ClipLost(old.stored.key, 0, 0, "other content is coming"))
    new = made(0, round_=1)
    data.store(new)
    await writing.append(new.stored)
    await writing.journal.close()


async def after_a_kill(data: Traced, calls: int, *, is_synced_first: bool = True, padding: int = 0) -> None:
    """A writer is killed after so many calls of ``overwrite``, the machine stays up, a second one goes on.

    If it does not sync what it reads before, broken on purpose.
    """
    first = Traced(data.root.with_name("first"))
    await overwrite(first, padding=padding)
    data.take_over(first, calls)
    make_folders(data.journal, data.root, data.files)
    if is_synced_first:
        sync_run_files(data.journal, data.files)
    replayed = replay(data.journal)
    replayed.require_whole()
    writing = await start_run(data, replayed.last_seq + 1)
    new = made(0, round_=2)
    key, ledger = new.stored.key, replayed.ledger
    if not ledger.knows(key):
        writing.journal.note(new.row)
    elif ledger.state_of(key) is RowState.STORED:
        await writing.append(ClipLost(key, ledger.round_of(key), 0, "other content is coming"))
    data.store(new)
    await writing.append(new.stored)
    await writing.journal.close()


async def disk_full(data: Traced, room: int = 700) -> None:
    """The journal's disk fills up in the middle of a batch; a second run goes on when there is room again."""
    writing = await start_run(data, 1)
    data.files.room = room
    try:
        await record_small(data, writing, range(1, 6))
    except DiskFull:
        pass
    else:
        raise AssertionError("the disk was to fill up")
    await writing.journal.close()
    data.files.room = None
    replayed = replay(data.journal)
    replayed.require_whole()
    again = await start_run(data, replayed.last_seq + 1)
    await record(data, again, [made(6), made(7)])
    await again.end()


async def record_small(data: Traced, writing: Writing, numbers: Sequence[int]) -> None:
    """Store clips whose bytes do not count against the room; only the journal fills the disk."""
    for number in numbers:
        clip = made(number)
        room, data.files.room = data.files.room, None
        data.store(clip)
        data.files.room = room
        await writing.append(clip.stored, ClipLost(f"x{number}", 0, 0, "a second one in the batch"))


async def compacted(data: Traced, mark: Callable[[], None], *, padding: int = 0) -> None:
    """Two runs and a snapshot, then all is compacted, then a third run goes on.

    ``mark`` is called before and after compacting.
    """
    await overwrite(data, padding=padding)
    writing = await start_run(data, 2)
    await record(data, writing, [made(1), made(2)])
    await writing.append(gave_up(3))
    await writing.end()
    take_snapshot(data)
    mark()
    replayed = replay(data.journal)
    header = replace(HEADER, options=replayed.ledger.options)
    compact(data.journal, replayed, header, CompactionMeans(data.files))
    mark()
    again = await start_run(data, replay(data.journal).last_seq + 1)
    await record(data, again, [made(4)])
    await again.end()


async def snapshot_amid(data: Traced, padding: int = 0) -> Writing:
    """A snapshot is made at the worst moment: a batch is written and not yet synced."""
    writing = await start_run(data, 1, padding=padding)
    data.files.before = partial(_snapshot_before_sync, data)
    await record(data, writing, [made(0), made(1), made(2)])
    data.files.before = pass_on
    return writing


async def snapshots(data: Traced, padding: int = 0) -> None:
    """Snapshots amid batches, between runs, and amid the next one."""
    writing = await snapshot_amid(data, padding)
    await record(data, writing, [made(3)])
    await writing.end()
    take_snapshot(data)
    again = await start_run(data, replay(data.journal).last_seq + 1)
    await record(data, again, [made(4)])
    data.files.before = partial(_snapshot_before_sync, data)
    await again.end()


def take_snapshot(data: Traced) -> None:
    """Do what the snapshot's program does."""
    replayed = replay(data.journal)
    replayed.require_whole()
    write_snapshot(data.journal, replayed.ledger, replayed.positions, data.files)


def _snapshot_before_sync(data: Traced, call: str) -> None:
    if call == "fdatasync":
        take_snapshot(data)


def gave_up(number: int) -> GaveUp:
    """Settle clip ``number`` without one."""
    clip = made(number).stored
    return GaveUp(clip.key, clip.ref, 0, 1, 0, Failure(FailureKind.PRIVATE, "private", "Private video"))


VERSIONS = (b"old manifest, " * 90, b"a new manifest, " * 120, b"the third" * 70)


async def replaced_file(data: Traced) -> None:
    """A manifest is written three times."""
    for version in VERSIONS:
        replace_file(data.root / layout.MANIFEST, [version[:600], version[600:]], data.files)
        data.files.tell(version)


Protocol: TypeAlias = Callable[[Traced], Coroutine[None, None, None]]
