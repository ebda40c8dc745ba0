"""One writer per data set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from asyncdl.core.partition import WHOLE
from asyncdl.errors import EnvironmentFault, ExitCode, JournalLocked
from asyncdl.runtime.lease import lease_path, read_lease
from asyncdl.runtime.lock import JournalLock


def test_a_second_writer_is_refused_with_pid_and_host_of_the_first(tmp_path: Path) -> None:
    with JournalLock.acquire(tmp_path) as lock:
        assert lock.previous is None
        with pytest.raises(JournalLocked, match=rf"pid {os.getpid()} on {os.uname().nodename}") as caught:
            JournalLock.acquire(tmp_path)
    assert caught.value.exit_code is ExitCode.JOURNAL


def test_a_writer_in_another_process_is_refused_too(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from asyncdl.runtime.lock import JournalLock\n"
        "JournalLock.acquire(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(JournalLocked, match=f"pid {holder.pid} "):
            JournalLock.acquire(tmp_path)
        holder.kill()
    with JournalLock.acquire(tmp_path) as lock:
        assert lock.previous is not None
        assert lock.previous.pid == holder.pid


def test_release_lets_the_next_one_in_and_may_be_called_twice(tmp_path: Path) -> None:
    lock = JournalLock.acquire(tmp_path)
    lock.release()
    lock.release()
    assert read_lease(lease_path(tmp_path, WHOLE)) is None
    with JournalLock.acquire(tmp_path) as again:
        assert again.previous is None


def test_a_child_does_not_inherit_the_lock(tmp_path: Path) -> None:
    lock = JournalLock.acquire(tmp_path)
    argv = [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout is not None
        child.stdout.readline()
        lock.release()
        JournalLock.acquire(tmp_path).release()
        assert child.poll() is None
        child.kill()


def test_the_lease_says_who_holds_it(tmp_path: Path) -> None:
    with JournalLock.acquire(tmp_path):
        lease = read_lease(lease_path(tmp_path, WHOLE))
    assert lease is not None
    assert (lease.host, lease.pid) == (os.uname().nodename, os.getpid())
    assert lease.start_ticks > 0
    assert lease.boot_id


def test_an_unreadable_lease_does_not_hinder(tmp_path: Path) -> None:
    (tmp_path / "lease").write_bytes(b"{torn")
    with JournalLock.acquire(tmp_path) as lock:
        assert lock.previous is None
        (tmp_path / "lease").write_bytes(b"[]")
        with pytest.raises(JournalLocked, match="cannot be read"):
            JournalLock.acquire(tmp_path)


def test_a_link_as_lock_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to("elsewhere")
    with pytest.raises(EnvironmentFault, match=r"lock is in the way(?s:.*)move it away"):
        JournalLock.acquire(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="gone"):
        JournalLock.acquire(tmp_path / "gone")
