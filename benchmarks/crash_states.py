"""How many states that a crash may leave were tried, and how many of them were bad.

    PYTHONPATH=tests python benchmarks/crash_states.py [--states 100000] [--seconds 120] [--only NAME]

Runs the real publish, journal, snapshot and compaction over a traced folder, rebuilds after each call what
a disk may hold after a crash, reads it with the real reader, and checks that no clip is falsely stored, that
each acknowledged event is there, and that the next start would refuse nothing. Each protocol is run in
variants (where records stand against the sectors, in which order threads take turns, when the disk is full)
until so many states are tried or so much processor time is spent. Then with a sync left out or in a wrong
order: these must be found. Prints one JSON object; ends with 1 if a sound order has a bad state or a broken
one has none.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeAlias

from support.crash_oracles import CompactedOracle, JournalOracle, WholeFileOracle
from support.crash_protocols import (
    VERSIONS,
    Protocol,
    after_a_kill,
    at_once,
    compacted,
    disk_full,
    group_commits,
    journal_first,
    overwrite,
    publish_and_journal,
    replaced_file,
    snapshots,
)
from support.crash_states import (
    Oracle,
    Tried,
    each_path_unsynced,
    each_sync_dropped,
    try_crashes,
    without_syncs,
)
from support.crash_trace import Op
from support.crash_writing import Traced

SECTOR_STEP_BYTES = 40
BIG = 3000
# More than the calls of the writer that is killed: the last ones find it at its end.
KILLS = 66
Variant: TypeAlias = Callable[[int], Protocol]


@dataclass(frozen=True, slots=True)
class Run:
    """One trace and what is asked of it."""

    ops: Sequence[Op]
    oracle: Oracle
    since: int = 0

    def tried(self, effort: Effort, ops: Sequence[Op] | None = None, *, stop: bool = False) -> Tried:
        """Crash everywhere, perhaps in a changed trace."""
        return try_crashes(
            self.ops if ops is None else ops,
            self.oracle,
            limit=effort.limit,
            fineness=effort.fineness,
            since=self.since,
            unasked="",
            stop_at_first=stop,
        )


@dataclass(frozen=True, slots=True)
class Effort:
    """How many states in all and per call, and how fine batches are torn."""

    states: int
    seconds: float
    limit: int = 4096
    fineness: int = 6


SOUND: dict[str, Variant] = {
    "publish and journal, 12 clips": lambda n: partial(
        publish_and_journal, clips=12, size_bytes=BIG, padding=_padding(n)
    ),
    "publish and journal, 60 clips": lambda n: partial(
        publish_and_journal, clips=60, size_bytes=BIG, padding=_padding(n)
    ),
    "group commits of 8": lambda n: partial(group_commits, clips=24, batch=8, padding=_padding(n)),
    "threads at once, new folders": lambda n: partial(at_once, clips=6, seed=n),
    "overwrite of a stored clip": lambda n: partial(overwrite, padding=_padding(n)),
    "killed, then overwriting": lambda n: partial(
        after_a_kill, calls=1 + n % KILLS, padding=_padding(n // KILLS)
    ),
    "disk full in mid-batch": lambda n: partial(disk_full, room=200 + n * 37 % 900),
    "replaced file": lambda _: replaced_file,
    "snapshot": lambda n: partial(snapshots, padding=_padding(n)),
    "compact": lambda n: partial(compacted, padding=_padding(n)),
}


def _padding(number: int) -> int:
    return number * SECTOR_STEP_BYTES


def trace(folder: Path, protocol: Protocol) -> Run:
    """Run a protocol in a new folder."""
    data = Traced(folder / "set")
    journal = JournalOracle(folder / "scratch", data.clips)
    marks: list[int] = []
    standing: dict[str, bytes] = {}

    def mark() -> None:
        marks.append(len(data.ops))
        if not standing:
            standing.update((f"journal/{path.name}", path.read_bytes()) for path in data.journal.iterdir())

    if isinstance(protocol, partial) and protocol.func is compacted:
        asyncio.run(protocol(data, mark=mark))
        return Run(data.ops, CompactedOracle(journal, journal.verdict(standing)), marks[0])
    asyncio.run(protocol(data))
    if isinstance(protocol, partial) and protocol.func is after_a_kill:
        return Run(data.ops, journal, protocol.keywords["calls"])
    if protocol is replaced_file:
        return Run(data.ops, WholeFileOracle("manifest.jsonl", VERSIONS))
    return Run(data.ops, journal)


def traces(folder: Path, variant: Variant) -> Iterator[Run]:
    """Yield variant after variant."""
    for number in count():
        yield trace(folder / str(number), variant(number))


def measure_sound(folder: Path, name: str, effort: Effort) -> dict[str, object]:
    """Try variants until there are states enough; one that has no variants is tried once."""
    states = bad = calls = variants = 0
    first: str | None = None
    took_s = 0.0
    for run in traces(folder, SOUND[name]):
        began_s = time.process_time()
        tried = run.tried(effort)
        took_s += time.process_time() - began_s
        states, bad, first = states + tried.states, bad + tried.bad, first or tried.first
        calls, variants = calls + len(run.ops), variants + 1
        if states >= effort.states or took_s >= effort.seconds or name == "replaced file":
            break
    figures: dict[str, object] = {
        "variants": variants,
        "calls": calls,
        "states": states,
        "bad": bad,
        "first": first,
    }
    return figures | {"states_per_cpu_s": round(states / took_s)}


BROKEN: dict[str, Callable[[str], bool]] = {
    "nothing is synced": lambda _: True,
    "only the journal is synced": lambda path: not path.startswith("journal/"),
    "no folder is synced": lambda path: not path.endswith(("l", "c")),
    "folders of clips are not synced": lambda path: path.startswith("clips"),
    "clips are not synced": lambda path: path.endswith(".flac"),
    "rows are not synced": lambda path: ".rows." in path,
}
WRONG_ORDERS: dict[str, Protocol] = {
    "journal first": partial(journal_first, clips=12),
    "overwrite without ClipLost": partial(overwrite, is_lost_first=False),
}


def measure_broken(folder: Path, effort: Effort) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield (order, figures) of what must be found."""
    run = trace(folder / "syncs", partial(publish_and_journal, clips=12))
    for name, is_dropped in BROKEN.items():
        yield name, _figures(run.tried(effort, without_syncs(run.ops, is_dropped)))
    for name, protocol in WRONG_ORDERS.items():
        yield name, _figures(trace(folder / name, protocol).tried(effort))
    yield "going on from what is not synced", _unsynced_start(folder / "unsynced", effort)
    yield "one sync left out", _single_syncs(folder / "single", effort)
    run = trace(folder / "paths", partial(at_once, clips=3))
    found = [run.tried(effort, ops, stop=True).bad for _, ops in each_path_unsynced(run.ops)]
    yield "one path never synced, threads at once", {"orders": len(found), "found": sum(map(bool, found))}


def _unsynced_start(folder: Path, effort: Effort) -> dict[str, object]:
    """Kill the first writer after each of its calls; the second one syncs nothing before it reads."""
    states = bad = 0
    for calls in range(1, KILLS):
        protocol = partial(after_a_kill, calls=calls, is_synced_first=False)
        tried = trace(folder / str(calls), protocol).tried(effort)
        states, bad = states + tried.states, bad + tried.bad
    return _figures(Tried(states, bad, None))


def _single_syncs(folder: Path, effort: Effort) -> dict[str, object]:
    """Leave out each sync alone, with records at other places in their sectors until all are found."""
    missed: set[int] | None = None
    orders = 0
    for number in range(13):
        run = trace(folder / str(number), partial(publish_and_journal, padding=_padding(number)))
        broken = dict(each_sync_dropped(run.ops))
        orders = len(broken)
        missed = {place for place in missed or broken if not run.tried(effort, broken[place], stop=True).bad}
        if not missed:
            break
    return {"orders": orders, "found": orders - len(missed or ())}


def _figures(tried: Tried) -> dict[str, object]:
    return {"states": tried.states, "bad": tried.bad, "orders": 1, "found": int(tried.bad > 0)}


def main() -> int:
    """Print the figures; 1 where they are not as they must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    effort = Effort(args.states, args.seconds)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sound = {
            name: measure_sound(folder / name, name, effort) for name in SOUND if name.startswith(args.only)
        }
        broken = {} if args.only else dict(measure_broken(folder, effort))
    print(json.dumps({"sound": sound, "broken": broken}, indent=1))
    is_good = all(not figures["bad"] for figures in sound.values()) and all(
        figures["found"] == figures["orders"] for figures in broken.values()
    )
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
