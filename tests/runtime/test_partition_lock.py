"""Shares of one data set, dead writers' leases, and the fence where locks mean nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from asyncdl.core.partition import WHOLE, Partition
from asyncdl.errors import AsyncdlError, EnvironmentFault, ExitCode, JournalLocked
from asyncdl.runtime.heartbeat import Heartbeat
from asyncdl.runtime.lease import Lease, lease_path, own_lease, read_lease, write_lease
from asyncdl.runtime.lock import HEARTBEAT_S, JournalLock, Means
from asyncdl.runtime.runfile import RunName

ONE, TWO = Partition(1, 4), Partition(2, 4)
OTHER_CUT = Partition(2, 3)


@dataclass
class Useless:
    """A file system that grants every lock, seen from a host of its own; time passes in ``sleep`` only."""

    host: str
    now_s: float = 0.0
    on_sleep: Callable[[], None] = lambda: None
    told: list[str] = field(default_factory=list)

    def means(self, *, takes_over: bool = False) -> Means:
        return Means(
            flock=lambda _fd, _how: None,
            here=lambda: replace(own_lease(), host=self.host, boot_id=f"boot of {self.host}"),
            monotonic_s=lambda: self.now_s,
            sleep=self._sleep,
            tell=self.told.append,
            takes_over=takes_over,
        )

    def _sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.on_sleep()


def _age(path: Path, seconds: float) -> None:
    now = (path.parent / "lock").stat().st_mtime
    os.utime(path, (now - seconds, now - seconds))


@pytest.mark.parametrize(
    ("first", "second", "goes"),
    [
        (WHOLE, ONE, False),
        (ONE, WHOLE, False),
        (ONE, ONE, False),
        (ONE, OTHER_CUT, False),
        (OTHER_CUT, TWO, False),
        (ONE, TWO, True),
    ],
)
def test_only_different_shares_of_one_cut_work_side_by_side(
    tmp_path: Path, first: Partition, second: Partition, goes: bool
) -> None:
    with JournalLock.acquire(tmp_path, first):
        if goes:
            JournalLock.acquire(tmp_path, second).release()
        else:
            with pytest.raises(JournalLocked, match=f"pid {os.getpid()} "):
                JournalLock.acquire(tmp_path, second)
    JournalLock.acquire(tmp_path, second).release()


def test_a_refused_share_keeps_nothing_locked(tmp_path: Path) -> None:
    with JournalLock.acquire(tmp_path, ONE), pytest.raises(JournalLocked):
        JournalLock.acquire(tmp_path, OTHER_CUT)
    JournalLock.acquire(tmp_path, WHOLE).release()
    JournalLock.acquire(tmp_path, OTHER_CUT).release()


def test_files_of_a_share_carry_its_name(tmp_path: Path) -> None:
    with JournalLock.acquire(tmp_path, ONE):
        assert read_lease(tmp_path / "lease-1of4") == own_lease()
    assert RunName(7, "ab", ONE).events == "1of4-000007-ab.jsonl"
    assert not (tmp_path / "lease-1of4").exists()


@pytest.mark.parametrize("change", [{"pid": 2**22 + 1}, {"start_ticks": 1}, {"boot_id": "an earlier one"}])
def test_the_lease_of_a_dead_process_is_taken_over_at_once_and_named(
    tmp_path: Path, change: dict[str, object]
) -> None:
    dead = replace(own_lease(), **change)  # type: ignore[arg-type]  # one field each
    write_lease(lease_path(tmp_path, WHOLE), dead)
    with JournalLock.acquire(tmp_path, ONE) as lock:
        assert lock.previous == dead
        assert not lease_path(tmp_path, WHOLE).exists()


def test_a_living_process_keeps_its_data_set_where_locks_mean_nothing(tmp_path: Path) -> None:
    here = Useless("here")
    with JournalLock.acquire(tmp_path, WHOLE, here.means()):
        with pytest.raises(JournalLocked, match=r"on here") as caught:
            JournalLock.acquire(tmp_path, WHOLE, here.means(takes_over=True))
        assert caught.value.exit_code is ExitCode.JOURNAL
        assert not here.told


def test_another_host_that_beats_is_found_out_and_not_disturbed(tmp_path: Path) -> None:
    there, here = Useless("there"), Useless("here")
    with JournalLock.acquire(tmp_path, WHOLE, there.means()) as theirs:
        path = lease_path(tmp_path, WHOLE)
        os.utime(tmp_path / "lock")
        _age(path, 12)
        here.on_sleep = lambda: theirs.beat(None) if here.now_s >= 18 else None
        with pytest.raises(JournalLocked, match=r"on there\)\n.*--take-over"):
            JournalLock.acquire(tmp_path, WHOLE, here.means())
        assert here.now_s == pytest.approx(18)
        assert read_lease(path) == there.means().here()
    assert "last seen 12 s ago: looking for 78 s" in here.told[0]


@pytest.mark.parametrize(("age_s", "waits_s"), [(12, 78), (91, 0), (-86400, 90)])
def test_another_host_is_dead_after_three_heartbeats_of_silence(
    tmp_path: Path, age_s: float, waits_s: float
) -> None:
    gone, here = Useless("there").means().here(), Useless("here")
    (tmp_path / "lock").touch()
    write_lease(lease_path(tmp_path, WHOLE), gone)
    _age(lease_path(tmp_path, WHOLE), age_s)
    with JournalLock.acquire(tmp_path, WHOLE, here.means()) as lock:
        assert lock.previous == gone
    assert here.now_s == pytest.approx(waits_s, abs=1.1)
    assert waits_s <= 3 * HEARTBEAT_S


def test_take_over_does_not_wait_for_another_host(tmp_path: Path) -> None:
    here = Useless("here")
    write_lease(lease_path(tmp_path, WHOLE), Useless("there").means().here())
    JournalLock.acquire(tmp_path, WHOLE, here.means(takes_over=True)).release()
    assert (here.now_s, here.told) == (0.0, [])


def test_another_container_on_this_host_is_as_far_as_another_host(tmp_path: Path) -> None:
    here = Useless("here")
    (tmp_path / "lock").touch()
    theirs = replace(here.means().here(), pid_space="77", pid=1)
    write_lease(lease_path(tmp_path, WHOLE), theirs)
    JournalLock.acquire(tmp_path, WHOLE, here.means()).release()
    assert here.now_s > HEARTBEAT_S


def test_of_two_that_take_over_together_one_writes(tmp_path: Path) -> None:
    left, right = Useless("left"), Useless("right")
    first = JournalLock.acquire(tmp_path, WHOLE, left.means())
    second = JournalLock.acquire(tmp_path, WHOLE, right.means(takes_over=True))
    second.beat(RunName(2, "b"))
    with pytest.raises(JournalLocked, match="on right"):
        first.beat(RunName(1, "a"))
    first.release()
    assert read_lease(lease_path(tmp_path, WHOLE)) == right.means().here()
    second.release()


@pytest.mark.parametrize(
    ("share", "name", "stops"),
    [
        (WHOLE, RunName(6, "a"), True),
        (WHOLE, RunName(5, "c"), True),
        (WHOLE, RunName(5, "a"), False),
        (WHOLE, RunName(4, "z"), False),
        (WHOLE, RunName(6, "a", ONE), True),
        (ONE, RunName(6, "a", ONE), True),
        (ONE, RunName(6, "a", TWO), False),
        (ONE, RunName(6, "a", OTHER_CUT), True),
    ],
)
def test_a_newer_run_file_of_somebody_else_stops_a_writer(
    tmp_path: Path, share: Partition, name: RunName, stops: bool
) -> None:
    ours = RunName(5, "b", share)
    with JournalLock.acquire(tmp_path, share, Useless("here").means()) as lock:
        (tmp_path / ours.events).touch()
        (tmp_path / ours.rows).touch()
        (tmp_path / name.events).touch()
        if stops:
            with pytest.raises(JournalLocked, match=name.events):
                lock.beat(ours)
        else:
            lock.beat(ours)


def test_each_beat_touches_the_lease_and_brings_a_lost_one_back(tmp_path: Path) -> None:
    with JournalLock.acquire(tmp_path) as lock:
        path = lease_path(tmp_path, WHOLE)
        _age(path, 500)
        before = path.stat().st_mtime
        lock.beat(None)
        assert path.stat().st_mtime > before
        path.unlink()
        lock.beat(None)
        assert read_lease(path) == own_lease()
    lock.beat(None)
    assert not path.exists()


def test_a_journal_folder_that_is_gone_ends_the_beats_and_is_not_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    lock = JournalLock.acquire(folder)
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(EnvironmentFault, match="journal"):
        lock.beat(None)
    lock.release()
    assert not folder.exists()


def test_the_heartbeat_tells_its_fault_once_to_each_listener(tmp_path: Path) -> None:
    told: list[AsyncdlError] = []
    with JournalLock.acquire(tmp_path, WHOLE, Useless("here").means()) as lock:
        write_lease(lease_path(tmp_path, WHOLE), Useless("there").means().here())
        heartbeat = Heartbeat(lock, period_s=0.001)
        heartbeat.tell(told.append)
        heartbeat._thread.join(10)
        assert not heartbeat._thread.is_alive()
        heartbeat.tell(told.append)
        heartbeat.stop()
    assert [type(fault) for fault in told] == [JournalLocked, JournalLocked]


def test_shares_in_other_processes_are_seen(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from asyncdl.core.partition import Partition\n"
        "from asyncdl.runtime.lock import JournalLock\n"
        "JournalLock.acquire(pathlib.Path(sys.argv[1]), Partition(1, 4)); print('held', flush=True)\n"
        "sys.stdin.read()"
    )
    argv = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        for refused in (WHOLE, ONE, OTHER_CUT):
            with pytest.raises(JournalLocked, match=f"pid {holder.pid} "):
                JournalLock.acquire(tmp_path, refused)
        JournalLock.acquire(tmp_path, TWO).release()
        holder.kill()
        holder.wait()
    with JournalLock.acquire(tmp_path, WHOLE) as lock:
        assert isinstance(lock.previous, Lease)
