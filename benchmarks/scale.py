"""How fast is the orchestrator alone? Everything of a run but fetching and making, which answer at once.

    python benchmarks/scale.py [--rows 40000] [--concurrency 64 512] [--list LIST] [--plain]
    python benchmarks/scale.py --full LIST

Real are scheduler, agenda, feed, limiter, exits without a rate, journal on disk with group commit, ledger,
tally, watch and the dashboard's process on a terminal of its own. Each measurement is a process of its own,
held on one core; the dashboard may use others. ``--full`` runs all rows of the list once, for the memory.
``gather_s`` is how long the journal lets events gather: 0.1 in a run, which bounds 64 workers that answer at
once to 64 segments in that time; so each concurrency is measured with 0 too. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from big_journal import FULL, rows_of, source_of
from harness import memory_kb

from asyncdl.core.events import RunStarted, SourceAdded
from asyncdl.core.identity import Identity
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import (
    Clip,
    ClipSpec,
    Container,
    Failure,
    Fetched,
    FetchRequest,
    RejectedRow,
    Row,
    Segment,
    Tier,
    Track,
)
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.ports import BeforePublish
from asyncdl.core.progress import Snapshot
from asyncdl.core.retry import RetryPolicy
from asyncdl.runtime.agenda import Agenda, Attempt
from asyncdl.runtime.exits import Exit, Exits
from asyncdl.runtime.feed import Feed, PassOver, Selection
from asyncdl.runtime.journal import GATHER_S, RunJournal
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.scheduler import Parts, Scheduler, Terms
from asyncdl.runtime.tally import Tally
from asyncdl.runtime.watch import Watch, Watched
from asyncdl.ui.dashboard import Dashboard

_LAG_EVERY_S = 0.01
_MEMORY_EVERY_S = 1.0


class InstantFetcher:
    """Has the bytes already."""

    requests = 0
    received_bytes = 0

    async def fetch(self, request: FetchRequest) -> tuple[Fetched | Failure, ...]:
        """Answer at once."""
        track = Track("/nowhere", Container.WEBM, "opus", "251", 0.0, 48_000, 330_000)
        fetched = Fetched(track, None, 620_008.0, False, f"Title of {request.ytid}", 330_000, 3)
        return (fetched,) * len(request.spans)

    async def close(self) -> None:
        """Nothing is open."""


class InstantMaker:
    """Has the clip already."""

    async def make(self, segment: Segment, fetched: Fetched, before_publish: BeforePublish) -> Clip | Failure:
        """Answer at once."""
        await before_publish()
        tool = "yt-dlp 2026.10.26, ffmpeg 9.0.2"
        return Clip(
            320_078,
            f"{segment.ytid:>064}",
            160_000,
            16_000,
            1,
            0,
            False,
            "251",
            48_000,
            False,
            tool,
            fetched.title,
        )


class Lag:
    """How much later than asked the loop comes round, in milliseconds."""

    def __init__(self) -> None:
        self._late_ms: list[float] = []

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            due_s = time.monotonic() + _LAG_EVERY_S
            await asyncio.sleep(_LAG_EVERY_S)
            self._late_ms.append((time.monotonic() - due_s) * 1000)

    def told(self) -> dict[str, float]:
        """Median, 99th percentile and worst."""
        late_ms = sorted(self._late_ms) or [0.0]
        at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
        return {
            name: round(late_ms[min(int(share * len(late_ms)), len(late_ms) - 1)], 1)
            for name, share in at.items()
        }


async def watch_memory(samples: list[int]) -> None:
    """Note this process's memory once a second, in kB."""
    while True:
        samples.append(memory_kb(os.getpid(), "Pss"))
        await asyncio.sleep(_MEMORY_EVERY_S)


@asynccontextmanager
async def screen(*, is_plain: bool) -> AsyncIterator[Dashboard | None]:
    """Start the dashboard on a terminal that somebody reads."""
    if is_plain:
        yield None
        return
    master, terminal = os.openpty()
    reader = await asyncio.create_subprocess_exec("cat", stdin=master, stdout=subprocess.DEVNULL)
    try:
        dashboard = await Dashboard.start(environ={**os.environ, "TERM": "xterm-256color"}, terminal=terminal)
        try:
            yield dashboard
        finally:
            await dashboard.close()
    finally:
        reader.kill()
        await reader.wait()
        os.close(master)
        os.close(terminal)


async def one(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run the rows once and tell what it took."""
    ledger, journal, source = Ledger(), RunJournal(folder, gather_s=asked.gather_s), source_of(asked.list)
    header = RunStarted("bench", 0, ClipSpec(), {}, "benchmark", {})
    ledger.apply(header)
    await journal.start(header, 1)
    await journal.append(SourceAdded(source))
    ledger.apply(SourceAdded(source))
    ledger.reserve(asked.rows)  # as a run does with what it expects

    def rows(is_passed_over: PassOver) -> Iterator[Row | RejectedRow]:
        for row in rows_of(asked.list, source, asked.rows):
            if not is_passed_over(row.ref.source, row.ref.line):
                yield row

    feed = Feed(rows, ledger, journal, Selection(), lambda _row: None)
    agenda, limiter, tally = Agenda(feed), Limiter(asked.concurrency[0]), Tally()
    fetcher, rng = InstantFetcher(), random.Random(1)
    exits = Exits(
        [Exit(Identity("direct"), {Tier.FIRST: fetcher, Tier.FULL: fetcher})],
        PacePolicy(None),
        rng,
        time.time,
    )
    terms = Terms(str(folder), request_of, RetryPolicy(), rng, lambda: time.time_ns() // 1_000_000)
    scheduler = Scheduler(agenda, limiter, Parts(exits, InstantMaker(), journal, ledger, tally), terms)
    async with screen(is_plain=asked.plain) as dashboard:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        show = dashboard.show if dashboard is not None else shown_to_nobody
        watch = Watch(Watched("benchmark", folder, ledger, tally, agenda, feed, limiter, exits), show)
        lag, memory_kbs = Lag(), list[int]()
        aside = [asyncio.create_task(each) for each in (watch.run(), lag.run(), watch_memory(memory_kbs))]
        began_s, cpu_began_s = time.monotonic(), time.process_time()
        await scheduler.run()
        wall_s, cpu_s = time.monotonic() - began_s, time.process_time() - cpu_began_s
        for task in aside:
            task.cancel()
        await asyncio.gather(*aside, return_exceptions=True)
    await journal.close()
    return {
        "segments": tally.stored,
        "segments_per_s": round(tally.stored / wall_s),
        "segments_per_cpu_s": round(tally.stored / cpu_s),
        "wall_s": round(wall_s, 1),
        "loop_lag_ms": lag.told(),
        "memory_mb": {
            "begin": round(memory_kbs[0] / 1000, 1),
            "middle": round(memory_kbs[len(memory_kbs) // 2] / 1000, 1),
            "end": round(memory_kb(os.getpid(), "Pss") / 1000, 1),
            "peak_rss": round(memory_kb(os.getpid(), "VmHWM") / 1000, 1),
        },
        "journal_mb": round(size_bytes(folder) / 1e6, 1),
    }


def size_bytes(folder: Path) -> int:
    """Add up the files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*"))


def request_of(attempt: Attempt, folder: str) -> FetchRequest:
    """Build what a run asks its fetcher."""
    return attempt.request(folder)


def shown_to_nobody(_snapshot: Snapshot) -> None:
    """Take the place of a screen."""


def apart(*words: str) -> dict[str, Any]:
    """Measure in a process of its own."""
    told = subprocess.check_output([sys.executable, __file__, "--one", *words])
    return dict(json.loads(told))


def main() -> None:
    """Measure each concurrency with the run's own gathering, and without."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[64, 512])
    parser.add_argument("--gather-s", type=float, default=GATHER_S)
    parser.add_argument("--list", type=Path)
    parser.add_argument("--plain", action="store_true", help="without the dashboard")
    parser.add_argument("--full", type=Path, metavar="LIST", help="all rows of the list, once")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        with tempfile.TemporaryDirectory(prefix="asyncdl-scale-") as name:
            print(json.dumps(asyncio.run(one(asked, Path(name)))))
        return
    same = ["--plain"] if asked.plain else []
    if asked.full is not None:
        same += ["--list", str(asked.full), "--rows", str(FULL), "--concurrency", "512"]
        print(json.dumps({"full": apart(*same, "--gather-s", str(GATHER_S))}, indent=2))
        return
    same += ["--rows", str(asked.rows), *(["--list", str(asked.list)] if asked.list else [])]
    result = {
        f"concurrency {number}, gather_s {gather_s:g}": apart(
            *same, "--concurrency", str(number), "--gather-s", str(gather_s)
        )
        for number in asked.concurrency
        for gather_s in (0.0, GATHER_S)
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
