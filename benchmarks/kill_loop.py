"""``kill -9`` of every process of a run, again and again over one list, until the list is done.

    PYTHONPATH=tests python benchmarks/kill_loop.py [KILLS] [SEGMENTS] [SEED]

The list is run by the real command line against the embedded site; victims are the main process, a fetch
worker, the nursery, an ffmpeg, the guardian, and main and guardian together. In the end all invariants of the
fault tests are checked: every clip is decoded. Prints one JSON object; ``fetched_again`` is what the site saw
beyond the tries that the journal tells of, ``allowance`` is crashes times concurrency.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from asyncdl.demo.media import Masters, default_folder
from asyncdl.demo.menu import Terms
from asyncdl.demo.site import Site
from support.bench import Bench, ytids
from support.invariants import check_invariants
from support.kill_loop import LOGS, KillLoop, Plan
from support.victims import Victim
from support.witness import Witness

CONCURRENCY = 8
VICTIMS = (*Victim, Victim.MAIN, Victim.WORKER)


def write_list(folder: Path, segments: int) -> str:
    """Write rows of one second each."""
    rows = (
        f'{ytid}, {n % 600}.000, {n % 600 + 1}.000, "/m/09x0r"\n' for n, ytid in enumerate(ytids(segments))
    )
    path = folder / "eval_segments.csv"
    path.write_text("# YTID, start_seconds, end_seconds, positive_labels\n" + "".join(rows))
    return str(path)


async def kill_loop(folder: Path, plan: Plan, segments: int) -> dict[str, object]:
    """Run the loop and judge the data set; the figures."""
    (folder / "site").mkdir()
    masters = Masters(Path(os.environ.get("ASYNCDL_TEST_CACHE") or default_folder()))
    async with Site.start(folder / "site", masters, terms=Terms(latency_s=0.02)) as site:
        bench, begun_s = Bench(folder, site), time.monotonic()
        rows = write_list(folder, segments)
        witness = Witness.of(bench, rows, may_appear=[LOGS])
        loop = KillLoop(bench, plan)
        await loop.run(rows, "--rate", "unlimited")
        found = check_invariants(
            bench.out,
            witness,
            crashes=loop.crashes,
            concurrency=plan.concurrency,
            acknowledged=loop.acknowledged(),
        )
    await masters.close()
    return {
        "segments": found.segments,
        "stored": found.stored,
        "failed": found.failed,
        "kills": loop.kills.total(),
        "kills_by_victim": loop.kills,
        "crashes": loop.crashes,
        "starts": loop.starts,
        "ends": loop.ends,
        "lost": loop.lost,
        "acknowledged_by_killed_runs": len(loop.acknowledged(of_last=False)),
        "fetches": found.fetches,
        "fetched_again": found.fetched_again,
        "allowance": found.allowance,
        "orphans": loop.orphans,
        "slowest_sweep_s": round(loop.slowest_sweep_s, 2),
        "seconds": round(time.monotonic() - begun_s, 1),
    }


def main() -> None:
    """Print the figures."""
    kills, segments, seed = (
        int(word) for word in (*sys.argv[1:], *("200", "2000", "1")[len(sys.argv) - 1 :])
    )
    between = max(1, segments // kills)
    plan = Plan(VICTIMS, (between // 4, between), kills, CONCURRENCY, seed)
    with tempfile.TemporaryDirectory(prefix="asyncdl-kill-") as name:
        print(json.dumps(asyncio.run(kill_loop(Path(name), plan, segments))))


if __name__ == "__main__":
    main()
