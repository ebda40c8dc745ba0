"""The one door for children: bounded return and no survivors, whatever the child does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from asyncdl.runtime.limits import Limits
from asyncdl.runtime.process import Finished, run_child

ENV = {"PATH": os.environ["PATH"]}


async def _run(script: str, *, deadline_s: float = 20.0) -> Finished:
    return await run_child(["/bin/sh", "-c", script], deadline_s=deadline_s, env=ENV)


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


async def _eventually_gone(pid: int) -> bool:
    async with asyncio.timeout(5):
        while not _is_gone(pid):
            await asyncio.sleep(0.01)
    return True


async def test_output_and_exit_code_come_back() -> None:
    ended = await _run("echo out; echo err >&2; exit 3")
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, b"out\n", b"err\n")
    assert not ended.timed_out


async def test_standard_input_is_closed() -> None:
    assert (await _run("cat; echo end")).stdout == b"end\n"


async def test_a_child_over_its_deadline_is_ended_with_its_grandchild(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    ended = await _run(f"sleep 600 & echo $! > {pid_file}; wait", deadline_s=0.3)
    assert ended.timed_out
    assert await _eventually_gone(int(pid_file.read_text()))


async def test_a_child_that_ignores_term_is_killed() -> None:
    ended = await _run("trap '' TERM; while :; do sleep 0.05; done", deadline_s=0.2)
    assert ended.timed_out
    assert ended.returncode == -signal.SIGKILL


async def test_a_grandchild_that_holds_the_pipe_does_not_hold_us(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    begun_s = time.monotonic()
    ended = await _run(f"sleep 600 & echo $! > {pid_file}; echo done")
    assert ended.stdout == b"done\n"
    assert time.monotonic() - begun_s < 10
    assert await _eventually_gone(int(pid_file.read_text()))


async def test_a_flood_is_drained_and_only_its_tail_kept() -> None:
    script = "import sys; [sys.stdout.write('x' * 65536) for _ in range(800)]; sys.stderr.write('e' * 300000)"
    ended = await run_child([sys.executable, "-c", script], deadline_s=30, env=ENV)
    assert (len(ended.stdout), len(ended.stderr)) == (65536, 65536)
    assert ended.returncode == 0


async def test_a_batch_child_is_scheduled_as_one() -> None:
    script = "import os, time; time.sleep(0.1); print(os.sched_getscheduler(0) == os.SCHED_BATCH)"
    argv = [sys.executable, "-c", script]
    ended = await run_child(argv, deadline_s=30, env=ENV, limits=Limits(is_batch=True))
    assert ended.stdout == b"True\n"


async def test_cancelling_leaves_no_survivor(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    task = asyncio.create_task(_run(f"echo $$ > {pid_file}.part; mv {pid_file}.part {pid_file}; sleep 600"))
    while not pid_file.exists():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _eventually_gone(int(pid_file.read_text()))


async def test_a_program_that_is_not_there_is_an_os_error() -> None:
    with pytest.raises(FileNotFoundError):
        await run_child(["/no/such/program"], deadline_s=1, env=ENV)
