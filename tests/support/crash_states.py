"""Tries each state that a crash may leave against what must hold in all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from asyncdl.core import layout
from support.crash_disk import CrashDisk, Image
from support.crash_trace import Op, Synced, Told


class Oracle(Protocol):
    """Says what is wrong with a disk."""

    def __call__(self, image: Image, told: Collection[bytes], /) -> str | None:
        """``told`` are the facts that were acknowledged before the crash; None where all is well."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """States looked at, how many were bad, and what was wrong with the first."""

    states: int
    bad: int
    first: str | None


def try_crashes(
    ops: Iterable[Op],
    oracle: Oracle,
    *,
    limit: int = 200,
    fineness: int = 3,
    seed: int = 1,
    since: int = 0,
    unasked: str = layout.PARTS,
    stop_at_first: bool = False,
) -> Tried:
    """Crash after each call from ``since`` on that changed something: at most about ``limit`` states each."""
    disk = CrashDisk(unasked=unasked, fineness=fineness)
    rng, told = Random(seed), set[bytes]()
    states = bad = 0
    first: str | None = None
    for place, op in enumerate(ops):
        if isinstance(op, Told):
            told.add(op.fact)
        if not disk.apply(op) or place < since:
            continue
        for image in disk.images(limit, rng):
            states += 1
            problem = oracle(image, told)
            if problem is not None:
                bad += 1
                first = first or f"after call {place}, {op}: {problem}"
                if stop_at_first:
                    return Tried(states, bad, first)
    return Tried(states, bad, first)


def each_sync_dropped(ops: Sequence[Op]) -> Iterator[tuple[int, list[Op]]]:
    """Yield (place, trace) of the programs that forget one sync, of those that had something to sync."""
    disk = CrashDisk()
    for place, op in enumerate(ops):
        if disk.apply(op) and isinstance(op, Synced):
            yield place, [*ops[:place], *ops[place + 1 :]]


def each_path_unsynced(ops: Sequence[Op]) -> Iterator[tuple[str, list[Op]]]:
    """Yield (path, trace) of the programs that never sync one file or folder."""
    for path in dict.fromkeys(op.path for op in ops if isinstance(op, Synced)):
        yield path or ".", without_syncs(ops, path.__eq__)


def without_syncs(ops: Sequence[Op], is_dropped: Callable[[str], bool]) -> list[Op]:
    """Return the trace of a program that forgets to sync each path for which ``is_dropped`` holds."""
    return [op for op in ops if not (isinstance(op, Synced) and is_dropped(op.path))]
