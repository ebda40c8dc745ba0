"""Children that are killed, frozen or deaf: a failed try at most, and none of them outlives the program."""

from __future__ import annotations

import os
import signal

from asyncdl.demo.menu import Terms
from support.bench import Bench, ytids
from support.children import children_of, until
from support.invariants import check_invariants
from support.monotone import monotone
from support.open_bench import OpenBench
from support.victims import Victim, deaf_ffmpeg, find, named, strike
from support.witness import Witness

SLOW = Terms(latency_s=0.3)


async def test_killed_workers_are_a_failed_try_and_no_more(open_bench: OpenBench) -> None:
    async with open_bench(terms=SLOW) as bench:
        rows = bench.write_list(ytids(12))
        witness = Witness.of(bench, rows)
        process = await bench.start("run", rows, "--concurrency", "4", "--rate", "unlimited", "--json")
        await until(lambda: bench.fetched() >= 3)
        assert strike(find(Victim.WORKER, process.pid, bench.folder)[:2]) == 2
        async with monotone(bench, every_s=0.5) as seen:
            await process.communicate()
        assert process.returncode == 0
        assert seen.told[-1] == (12, 0)
        assert check_invariants(bench.out, witness).stored == 12


async def test_frozen_and_deaf_children_end_when_the_program_is_killed(bench: Bench) -> None:
    """Frozen workers, a frozen nursery, and ffmpegs that ignore TERM and have children of their own."""
    options = ("--concurrency", "4", "--ffmpeg", deaf_ffmpeg(bench.folder), "--json")
    process = await bench.start("run", bench.write_list(ytids(8)), *options)
    await until(lambda: len(named(b"sleep", bench.folder)) >= 3)
    strike(find(Victim.WORKER, process.pid, bench.folder), signal.SIGSTOP)
    strike(find(Victim.NURSERY, process.pid, bench.folder), signal.SIGSTOP)
    strike(named(b"deaf-ffmpeg", bench.folder)[:2], signal.SIGSTOP)
    process.kill()
    await until(lambda: not children_of(bench.folder), 5)
    await process.communicate()


async def test_what_a_killed_program_and_guardian_leave_is_swept_by_the_next_start(bench: Bench) -> None:
    rows = bench.write_list(ytids(4))
    process = await bench.start("run", rows, "--concurrency", "2", "--json")
    await until(lambda: find(Victim.WORKER, process.pid, bench.folder))
    left = find(Victim.WORKER, process.pid, bench.folder) + find(Victim.NURSERY, process.pid, bench.folder)
    strike(left, signal.SIGSTOP)
    strike(find(Victim.BOTH, process.pid, bench.folder))
    await process.wait()
    assert children_of(bench.folder)
    assert (await bench.command("run", rows, "--json")).code == 0
    assert not children_of(bench.folder)


async def test_the_dashboard_on_a_frozen_terminal_ends_with_the_program(open_bench: OpenBench) -> None:
    """Nobody reads the terminal, so the dashboard hangs in a write and sees nothing by itself."""
    async with open_bench(terms=SLOW) as bench:
        ours, theirs = os.openpty()
        try:
            process = await bench.start("run", bench.write_list(ytids(60)), stderr=theirs, TERM="xterm")
            await until(lambda: named(b"dashboard_program", bench.folder) and bench.fetched() > 2)
            process.kill()
            await process.wait()
            await until(lambda: not named(b"dashboard_program", bench.folder), 10)
        finally:
            os.close(ours)
            os.close(theirs)
