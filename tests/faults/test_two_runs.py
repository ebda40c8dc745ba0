"""Two runs on one data set: the second is refused at once; where locks mean nothing, the fence stops one."""

from __future__ import annotations

import asyncio
import signal
from functools import partial

import pytest

from asyncdl.core.partition import WHOLE
from asyncdl.demo.menu import Terms
from asyncdl.errors import ExitCode, JournalLocked
from asyncdl.runtime import dataset
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.heartbeat import Heartbeat
from asyncdl.runtime.lease import Lease, lease_path, read_lease, write_lease
from asyncdl.settings import FetchSettings
from support.bench import ytids
from support.children import until
from support.invariants import check_invariants
from support.open_bench import OpenBench
from support.witness import Witness

_ELSEWHERE = Lease("another-host", "its boot", 1, 1)
_TWO = FetchSettings(concurrency=2)


async def test_a_second_run_is_refused_at_once_and_told_by_whom(open_bench: OpenBench) -> None:
    async with open_bench(terms=Terms(latency_s=0.1)) as bench:
        rows = bench.write_list(ytids(8))
        witness = Witness.of(bench, rows)
        first = await bench.start("run", rows, "--concurrency", "2", "--json")
        await until(lambda: bench.fetched() >= 2, 60)
        first.send_signal(signal.SIGSTOP)
        second = await bench.command("run", rows, "--take-over", "--json")
        first.send_signal(signal.SIGCONT)
        assert second.code == 5
        assert f"pid {first.pid} on " in second.stderr
        assert (await bench.ended(first)).code == 0
        found = check_invariants(bench.out, witness, concurrency=2)
        assert (found.stored, found.fetched_again) == (8, 0)


async def test_a_run_that_another_host_takes_over_stops_at_its_next_heartbeat_and_writes_no_more(
    open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "Heartbeat", partial(Heartbeat, period_s=0.05))
    async with open_bench(terms=Terms(latency_s=0.1)) as bench:
        rows, journal = bench.write_list(ytids(12)), journal_of(bench.out)
        lease = lease_path(journal, WHOLE)
        witness = Witness.of(bench, rows)
        running = asyncio.create_task(bench.run(rows, fetch=_TWO))
        await until(lambda: bench.fetched() >= 3, 60)
        write_lease(lease, _ELSEWHERE)
        report = await running
        assert isinstance(report.fault, JournalLocked)
        assert report.exit_code is ExitCode.JOURNAL
        assert "pid 1 on another-host" in str(report.fault)
        assert report.counts.open > 0
        assert not (bench.out / "manifest.jsonl").exists()
        assert read_lease(lease) == _ELSEWHERE
        await bench.run(rows, fetch=_TWO, take_over=True)
        assert any("killed (pid 1 on another-host)" in told for told in bench.told)
        assert not lease.exists()
        found = check_invariants(bench.out, witness, crashes=1, concurrency=2)
        assert (found.stored, found.failed) == (12, 0)
