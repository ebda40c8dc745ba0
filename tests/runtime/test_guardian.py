"""What a killed program leaves behind is found by its run id and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asyncdl.runtime import guardian
from support.children import marked

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


def _marked_sleep(run_id: str) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        ["/bin/sh", "-c", "sleep 600 & echo; wait"],
        env={"ASYNCDL_RUN_ID": run_id, "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdout is not None
    child.stdout.readline()  # its own child runs now
    deadline_s = time.monotonic() + 20
    while len(marked(run_id)) < 2:  # for a moment after a program's start its environment reads as empty
        assert time.monotonic() < deadline_s
    return child


def _dead(name: str) -> str:
    """Make the id of a run whose program is gone, in this pid namespace."""
    return f"{name}.999999999.1.{guardian.new_run_id().split('.')[3]}"


def _end(child: subprocess.Popen[bytes]) -> int:
    assert child.stdout is not None
    child.stdout.read()  # ends when the grandchild is gone too
    child.stdout.close()
    return child.wait(10)


def test_sweeping_a_run_ends_children_and_grandchildren_of_this_run_only() -> None:
    ours, other = _marked_sleep("sweep-a.1.1.1"), _marked_sleep("sweep-b.1.1.1")
    assert guardian.sweep_run("sweep-a.1.1.1") >= 2
    assert _end(ours) == -signal.SIGKILL
    assert other.poll() is None
    guardian.sweep_run("sweep-b.1.1.1")
    _end(other)


def test_only_dead_runs_are_swept_at_start() -> None:
    dead, alive = _marked_sleep(_dead("dead")), _marked_sleep(guardian.new_run_id())
    guardian.sweep_dead_runs()
    assert _end(dead) == -signal.SIGKILL
    assert alive.poll() is None
    os.killpg(alive.pid, signal.SIGKILL)
    _end(alive)


def test_the_guardian_sweeps_when_its_pipe_ends_and_not_before() -> None:
    child = _marked_sleep("guarded.1.1")
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", guardian.__file__, "guarded.1.1"], stdin=subprocess.PIPE
    )
    watcher.send_signal(signal.SIGTERM)
    assert watcher.stdin is not None
    watcher.stdin.write(b"x")
    watcher.stdin.flush()
    assert child.poll() is None
    watcher.stdin.close()
    assert watcher.wait(20) in {0, -signal.SIGTERM}
    if watcher.returncode == 0:
        assert _end(child) == -signal.SIGKILL
    else:  # the signal came before the guardian had begun to ignore it
        guardian.sweep_run("guarded.1.1")
        _end(child)


def test_a_run_id_tells_whether_its_program_lives() -> None:
    assert guardian.is_alive(guardian.new_run_id())
    assert not guardian.is_alive(_dead("abc"))
    own = guardian.new_run_id().split(".")
    assert not guardian.is_alive(f"abc.{own[1]}.1.{own[3]}")  # the number was used again
    assert guardian.is_alive("of another form")


def test_a_run_in_another_container_is_never_judged() -> None:
    """Its pids mean other processes here."""
    assert guardian.is_alive("abc.999999999.1.1")
