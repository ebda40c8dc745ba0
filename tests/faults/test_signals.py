"""Signals: what is in flight is finished or repeated, nothing is lost, no child is left."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from asyncdl.demo.menu import Terms
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from support.bench import Bench, Ended, ytids
from support.children import children_of, until
from support.invariants import check_invariants
from support.open_bench import OpenBench
from support.victims import Victim, deaf_ffmpeg, find, named, strike
from support.witness import Witness

SLOW = Terms(latency_s=0.15)
CONCURRENCY = 4
HARMLESS = [getattr(signal, f"SIG{name}") for name in ("WINCH", "PIPE", "CHLD", "STOP", "CONT", "HUP")]


@pytest.fixture(autouse=True)
def _hanging_up() -> Iterator[None]:
    """Children inherit an ignored HUP, which is what these tests have where they run under ``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


async def _ended(process: Process) -> Ended:
    stdout, stderr = await process.communicate()
    return Ended(process.returncode or 0, stdout.decode(), stderr.decode())


async def _start(bench: Bench, rows: str, *more: str) -> Process:
    options = ("--concurrency", str(CONCURRENCY), "--rate", "unlimited", "--json")
    return await bench.start("run", rows, *options, *more)


async def _told(process: Process, words: bytes) -> None:
    """Wait until the run says so."""
    assert process.stderr is not None
    async with asyncio.timeout(20):
        while words not in (line := await process.stderr.readline()):
            assert line, "it ended before it had said so"


async def test_a_signal_finishes_what_is_in_flight_and_the_next_run_goes_on(open_bench: OpenBench) -> None:
    """Clusters send USR1 some time before TERM where they are asked to, and both to each process of a job."""
    codes = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGUSR1: 143}
    async with open_bench(terms=SLOW) as bench:
        rows = bench.write_list(ytids(30))
        witness = Witness.of(bench, rows)
        for number, code in codes.items():
            process = await _start(bench, rows)
            goal = bench.fetched() + CONCURRENCY + 1
            await until(partial(_has_fetched, bench, goal))
            strike([*_of_the_job(bench), process.pid], number)
            asked = bench.fetched()
            ended = await _ended(process)
            assert ended.code == code
            assert asked <= bench.fetched() <= asked + 2 * CONCURRENCY
            assert ended.json()["stored"] == bench.fetched() < 30
            assert ended.json()["failed_total"] == 0
            assert not children_of(bench.folder)
        assert (await _ended(await _start(bench, rows))).code == 0
        check_invariants(bench.out, witness)


def _of_the_job(bench: Bench) -> list[int]:
    kinds = (Victim.WORKER, Victim.NURSERY, Victim.GUARDIAN)
    return [pid for kind in kinds for pid in find(kind, 0, bench.folder)]


def _has_fetched(bench: Bench, goal: int) -> bool:
    return bench.fetched() >= goal


async def test_ctrl_c_twice_stops_at_once(open_bench: OpenBench) -> None:
    async with open_bench(terms=Terms(latency_s=3)) as bench:
        process = await _start(bench, bench.write_list(ytids(60)))
        await until(lambda: find(Victim.WORKER, process.pid, bench.folder))
        process.send_signal(signal.SIGINT)
        await _told(process, b"Ctrl-C again")
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            ended = await _ended(process)
        assert ended.code == 130
        assert ended.json()["failed_total"] == 0
        assert not children_of(bench.folder)


async def test_a_signal_at_any_moment_of_the_start_ends_it_soon_and_harms_nothing(bench: Bench) -> None:
    """Until a run takes the signals over they end it as they end any program; the next start sweeps."""
    rows = bench.write_list(ytids(3))
    witness, crashes = Witness.of(bench, rows), 0
    # A Python that has not yet come to us ends with 1 when INT comes, so TERM is sent there.
    moments: list[tuple[signal.Signals, Callable[[int], object]]] = [
        (signal.SIGTERM, lambda _: True),
        (signal.SIGINT, lambda _: (bench.out / "journal" / "lock").exists()),
        (signal.SIGHUP, lambda _: find(Victim.GUARDIAN, 0, bench.folder)),
        (signal.SIGTERM, lambda seen: _run_files(bench) > seen),
    ]
    for number, moment in moments:
        seen = _run_files(bench)
        process = await _start(bench, rows)
        await until(partial(moment, seen))
        begun_s = time.monotonic()
        process.send_signal(number)
        ended = await _ended(process)
        assert ended.code in {-number, 130 if number is signal.SIGINT else 143}, ended.stderr
        assert time.monotonic() - begun_s < 10
        await until(lambda: not children_of(bench.folder), 10)
        crashes += ended.code < 0
    assert (await _ended(await _start(bench, rows))).code == 0
    check_invariants(bench.out, witness, crashes=crashes, concurrency=CONCURRENCY)


def _run_files(bench: Bench) -> int:
    return len(list((bench.out / "journal").glob("*.jsonl")))


async def test_signals_that_mean_nothing_to_a_run_do_not_disturb_it(
    open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither does HUP under ``nohup``, which has it ignored before the program starts."""
    async with open_bench(terms=SLOW) as bench:
        rows = bench.write_list(ytids(12))
        witness = Witness.of(bench, rows)
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        process = await _start(bench, rows)
        signal.signal(signal.SIGHUP, before)
        running = asyncio.create_task(_ended(process))
        await until(lambda: bench.fetched() >= 1)
        rng = random.Random(5)
        while not running.done():
            strike([process.pid], rng.choice(HARMLESS))
            await asyncio.sleep(0.02)
            strike([process.pid], signal.SIGCONT)
        assert (await running).code == 0
        assert check_invariants(bench.out, witness).stored == 12


async def test_a_child_that_ignores_term_does_not_outlive_a_second_ctrl_c(bench: Bench) -> None:
    process = await _start(bench, bench.write_list(ytids(8)), "--ffmpeg", deaf_ffmpeg(bench.folder))
    await until(lambda: len(named(b"sleep", bench.folder)) >= CONCURRENCY - 1)
    process.send_signal(signal.SIGINT)
    await _told(process, b"Ctrl-C again")
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        assert (await _ended(process)).code == 130
    assert not children_of(bench.folder)


@pytest.mark.slow
async def test_a_run_that_hangs_ends_within_ten_seconds_of_term(bench: Bench) -> None:
    process = await _start(bench, bench.write_list(ytids(8)), "--ffmpeg", deaf_ffmpeg(bench.folder))
    await until(lambda: len(named(b"sleep", bench.folder)) >= CONCURRENCY - 1)
    begun_s = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert (await _ended(process)).code == 143
    assert time.monotonic() - begun_s < 10
    assert not children_of(bench.folder)
    assert replay(journal_of(bench.out)).ledger.counts().open == 8
