"""Children that are killed, stopped or starved: the try fails, the segment does not, and nobody is left."""

from __future__ import annotations

import asyncio
import os
import random
import resource
import signal
from asyncio.subprocess import PIPE
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure
from asyncdl.core.retry import RetryAfter, RetryPolicy, Tried, decide
from asyncdl.errors import ExitCode
from asyncdl.runtime.cutter import Cutter
from asyncdl.runtime.limits import Limits, set_limits
from asyncdl.runtime.process import end_group, run_child, start_child
from asyncdl.runtime.run_ffmpeg import DECODING, run_ffmpeg
from asyncdl.settings import FetchSettings
from support.bench import QUICK, Bench, ytids
from support.children import marked, until
from support.invariants import check_invariants
from support.sources import EXE, FFMPEG
from support.witness import Witness

ENV = {"PATH": "/usr/bin:/bin"}


DOES = {
    "killed": "kill -KILL $$",
    "crashed": "kill -SEGV $$",
    "starved": "ulimit -v 150000",
    "stopped_and_deaf": "trap '' TERM; kill -STOP $$",
    "exits_at_once": "exit 3",
    "leaves_a_grandchild": "sleep 600 & exit 1",
}


async def test_an_ffmpeg_that_ends_badly_costs_one_try_each_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One after the other: each time it is started for the first time it behaves in another odd way."""
    defaults = Cutter.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "deadline_s", 1.0)
    rows = bench.write_list(ytids(3))
    witness = Witness.of(bench, rows, may_appear=["odd-ffmpeg", "odd"])
    policy = replace(QUICK, max_attempts=len(DOES) + 1)
    ffmpeg = _ffmpeg_that(bench.folder, list(DOES.values()))
    report = await bench.run(rows, ffmpeg=ffmpeg, retry=policy, fetch=FetchSettings(concurrency=3))
    assert (report.exit_code, report.counts.stored) == (ExitCode.DONE, 3)
    assert not list((bench.folder / "odd").iterdir())
    found = check_invariants(bench.out, witness, concurrency=3)
    assert found.fetches == 3 + len(DOES)


def _ffmpeg_that(folder: Path, does: list[str]) -> str:
    """A stand-in that does each of these once, by turns, and is the real ffmpeg from then on."""
    path, odd = folder / "odd-ffmpeg", folder / "odd"
    odd.mkdir()
    cases = ""
    for number, words in enumerate(does):
        (odd / str(number)).touch()
        # rm tells by its exit code who of several was first
        cases += f'if rm {odd}/{number} 2>/dev/null; then {words}; exec {EXE} "$@"; fi\n'
    path.write_text(f'#!/bin/sh\ncase "$*" in *-version*) exec {EXE} "$@";; esac\n{cases}exec {EXE} "$@"\n')
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("number", "kind", "says"),
    [
        (signal.SIGKILL, FailureKind.TOOL_FAULT, "ended by SIGKILL"),
        (signal.SIGSEGV, FailureKind.TOOL_FAULT, "ended by SIGSEGV, perhaps for want of memory: 2048 MiB"),
        (signal.SIGABRT, FailureKind.TOOL_FAULT, "ended by SIGABRT, perhaps for want of memory: 2048 MiB"),
        (signal.SIGXFSZ, FailureKind.BAD_MEDIA, "ended by SIGXFSZ: it wrote more than the 0 bytes allowed"),
    ],
)
async def test_the_signal_that_ended_ffmpeg_is_told_and_tried_again(
    number: signal.Signals, kind: FailureKind, says: str
) -> None:
    argv = ["/bin/sh", "-c", f"kill -{number.name[3:]} $$"]
    told = await run_ffmpeg(FFMPEG, argv, 20)
    assert isinstance(told, Failure)
    assert told.kind is kind
    assert says in told.text
    assert isinstance(decide(told, Tried(1, 0.0), RetryPolicy(), random.Random(1)), RetryAfter)


async def test_a_childs_limits_hold_for_what_it_starts_and_leave_no_core() -> None:
    limits = Limits(memory_bytes=1 << 30, file_bytes=4096)
    script = "read go; sh -c 'cat /proc/self/limits'"
    process = await start_child(["/bin/sh", "-c", script], env=ENV, stdin=PIPE, stdout=PIPE, limits=limits)
    try:
        told, _ = await process.communicate(b"go\n")
    finally:
        await end_group(process)
    bounds = {line[:26].strip(): line[26:].split()[:2] for line in told.decode().splitlines()}
    assert bounds["Max core file size"] == ["0", "0"]
    assert bounds["Max address space"] == [str(1 << 30)] * 2
    assert bounds["Max file size"] == ["4096", "4096"]


async def test_every_child_is_kept_from_leaving_a_core() -> None:
    """Cookies would be in it. No other bound is set where none is asked for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    process = await start_child(["/bin/cat"], env=ENV, stdin=PIPE)
    try:
        assert resource.prlimit(process.pid, resource.RLIMIT_CORE) == (0, 0)
        for kind in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE):
            assert resource.prlimit(process.pid, kind) == resource.getrlimit(kind)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
        await end_group(process)


async def test_limits_for_a_child_that_is_gone_are_no_fault() -> None:
    ended = await run_child(["/bin/true"], deadline_s=20, env=ENV, limits=DECODING)
    assert ended.returncode == 0
    process = await start_child(["/bin/true"], env=ENV)
    await end_group(process)
    set_limits(process.pid, DECODING)


async def test_two_hundred_cancellations_while_starting_leave_no_process_and_no_descriptor() -> None:
    rng = random.Random(11)
    run_id = f"cancelled-{os.getpid()}"
    await _cancelled(rng, run_id)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(200):
        await _cancelled(rng, run_id)
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)
    assert not marked(run_id)


async def _cancelled(rng: random.Random, run_id: str) -> None:
    env = {**ENV, "ASYNCDL_RUN_ID": run_id}
    task = asyncio.create_task(run_child(["/bin/sleep", "600"], deadline_s=60, env=env, limits=DECODING))
    await asyncio.sleep(rng.random() * 0.002)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
