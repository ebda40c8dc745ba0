"""``kill -9`` of any process of a run, again and again over one list, until the list is done."""

from __future__ import annotations

from asyncdl.demo.menu import Terms
from support.bench import ytids
from support.invariants import check_invariants
from support.kill_loop import LOGS, KillLoop, Plan
from support.open_bench import OpenBench
from support.victims import Victim
from support.witness import Witness

# Each of the others once or twice, the main process most of all.
VICTIMS = (*Victim, Victim.MAIN)
SHORT = Plan(VICTIMS, (1, 3), kills=10, concurrency=4, seed=4)


async def test_kills_of_every_process_lose_no_clip_and_repeat_only_what_was_in_flight(
    open_bench: OpenBench,
) -> None:
    async with open_bench(terms=Terms(latency_s=0.02)) as bench:
        rows = bench.write_list(ytids(40))
        witness = Witness.of(bench, rows, may_appear=[LOGS])
        loop = KillLoop(bench, SHORT)
        await loop.run(rows, "--rate", "unlimited")
        assert loop.acknowledged(of_last=False)
        found = check_invariants(
            bench.out,
            witness,
            crashes=loop.crashes,
            concurrency=SHORT.concurrency,
            acknowledged=loop.acknowledged(),
        )
        assert loop.kills.total() == SHORT.kills
        assert set(loop.kills) == set(Victim)
        assert (found.stored, loop.lost, loop.orphans) == (40, 0, 0)
