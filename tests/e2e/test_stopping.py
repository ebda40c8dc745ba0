"""Signals and kills: what is in flight is finished or repeated, nothing is lost, no child is left."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from pathlib import Path

import soundfile

from asyncdl.demo.menu import Terms
from asyncdl.runtime.dataset import journal_of
from asyncdl.runtime.replay import replay
from support.bench import Bench, Ended, ytids

OpenBench = Callable[..., AbstractAsyncContextManager[Bench]]
SLOW = Terms(latency_s=0.15)
CONCURRENCY = 4


async def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def _has_fetched(bench: Bench, goal: int) -> bool:
    return bench.fetched() >= goal


async def _ended(process: Process) -> Ended:
    stdout, stderr = await process.communicate()
    return Ended(process.returncode or 0, stdout.decode(), stderr.decode())


def _children_of(bench: Bench) -> list[int]:
    """Processes that carry the run id of a run in the bench's folder, by their working or data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environ = (entry / "environ").read_bytes()
            command = (entry / "cmdline").read_bytes()
            folder = str((entry / "cwd").readlink())
        except OSError:
            continue
        mark = str(bench.folder).encode()
        if b"ASYNCDL_RUN_ID=" in environ and (
            mark in command or mark in environ or str(bench.folder) in folder
        ):
            found.append(int(entry.name))
    return found


def _sound_clips(out: Path) -> int:
    """Count clips, each decoded to its end."""
    clips = list((out / "clips").rglob("*.flac"))
    for clip in clips:
        samples, rate = soundfile.read(clip, dtype="int16")
        assert len(samples) == 10 * rate
    return len(clips)


async def _start(bench: Bench, rows: str, *more: str) -> Process:
    return await bench.start("run", rows, "--concurrency", str(CONCURRENCY), "--json", *more)


async def test_ctrl_c_once_finishes_what_is_in_flight(open_bench: OpenBench) -> None:
    async with open_bench(terms=SLOW) as bench:
        process = await _start(bench, bench.write_list(ytids(60)))
        await _until(lambda: bench.fetched() >= 10)
        process.send_signal(signal.SIGINT)
        asked = bench.fetched()
        ended = await _ended(process)
        told = ended.json()
        assert ended.code == 130
        assert asked <= bench.fetched() <= asked + 2 * CONCURRENCY
        assert told["stored"] == _sound_clips(bench.out) == bench.fetched()
        assert told["failed_total"] == 0
        await _until(lambda: not _children_of(bench))


async def test_ctrl_c_twice_stops_at_once(open_bench: OpenBench) -> None:
    async with open_bench(terms=Terms(latency_s=3)) as bench:
        process = await _start(bench, bench.write_list(ytids(60)))
        await _until(lambda: any(map(_is_worker, _children_of(bench))))
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        async with asyncio.timeout(20):
            while b"Ctrl-C again" not in (line := await process.stderr.readline()):
                assert line, "it ended before it had said so"
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            ended = await _ended(process)
        assert ended.code == 130
        assert ended.json()["failed_total"] == 0
        await _until(lambda: not _children_of(bench))


async def test_term_drains(open_bench: OpenBench) -> None:
    async with open_bench(terms=SLOW) as bench:
        process = await _start(bench, bench.write_list(ytids(60)))
        await _until(lambda: bench.fetched() >= 6)
        process.send_signal(signal.SIGTERM)
        ended = await _ended(process)
        assert ended.code == 143
        assert ended.json()["stored"] == _sound_clips(bench.out) > 0
        assert replay(journal_of(bench.out)).ledger.counts().open == ended.json()["open"]


async def test_killing_the_program_loses_nothing_and_leaves_no_child(open_bench: OpenBench) -> None:
    rng = random.Random(11)
    async with open_bench(terms=Terms(latency_s=0.05)) as bench:
        rows, kills = bench.write_list(ytids(60)), 4
        for number in range(kills):
            process = await _start(bench, rows)
            await _until(partial(_has_fetched, bench, bench.fetched() + rng.randrange(3, 12)))
            process.kill()
            await _ended(process)
            await _until(lambda: not _children_of(bench), 10)
            recorded = replay(journal_of(bench.out))
            assert not recorded.damage, number
            assert recorded.ledger.counts().stored <= _sound_clips(bench.out)
        ended = await _ended(await _start(bench, rows))
        assert ended.code == 0
        assert ended.json()["stored"] == ended.json()["segments"] == _sound_clips(bench.out) == 60
        assert bench.fetched() <= 60 + kills * CONCURRENCY
        assert not list((bench.out / ".parts").glob("*"))
        manifest = (bench.out / "manifest.jsonl").read_bytes()
        assert manifest.count(b"\n") == 60


async def test_killing_the_program_ends_its_dashboard_on_a_frozen_terminal(open_bench: OpenBench) -> None:
    """Nobody reads the terminal, so the dashboard hangs in a write and sees nothing by itself."""
    async with open_bench(terms=SLOW) as bench:
        ours, theirs = os.openpty()
        try:
            process = await bench.start("run", bench.write_list(ytids(60)), stderr=theirs, TERM="xterm")
            await _until(lambda: _named(bench, b"dashboard_program") != [] and bench.fetched() > 2)
            process.kill()
            await process.wait()
            await _until(lambda: not _named(bench, b"dashboard_program"), 10)
        finally:
            os.close(ours)
            os.close(theirs)


def _named(bench: Bench, word: bytes) -> list[int]:
    """Processes with this word in their command line that were started from the bench's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            is_named = entry.name.isdigit() and word in (entry / "cmdline").read_bytes()
            if is_named and str((entry / "cwd").readlink()).startswith(str(bench.folder)):
                found.append(int(entry.name))
    return found


async def test_killing_a_worker_is_a_failed_try_and_no_more(open_bench: OpenBench) -> None:
    async with open_bench(terms=Terms(latency_s=0.3)) as bench:
        process = await _start(bench, bench.write_list(ytids(12)))
        await _until(lambda: bench.fetched() >= 3)
        victims = [pid for pid in _children_of(bench) if _is_worker(pid)]
        assert victims
        for pid in victims[:2]:
            os.kill(pid, signal.SIGKILL)
        ended = await _ended(process)
        assert ended.code == 0
        assert ended.json()["stored"] == 12


def _is_worker(pid: int) -> bool:
    """A worker is a nursery's child: both have the same command line."""
    try:
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        ours, theirs = (Path(f"/proc/{number}/cmdline").read_bytes() for number in (pid, parent))
    except OSError:
        return False
    return b"nursery" in ours and ours == theirs
