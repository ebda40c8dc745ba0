"""The doctor's look at the disk, the limits, the terminal and whoever holds the data set."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from asyncdl.app.doctor.disk import Room, check_room, check_writing, judge_room, judge_writing, nearest_folder
from asyncdl.app.doctor.holder import check_holder, judge_lease
from asyncdl.app.doctor.machine import check_open_files, judge_open_files, judge_terminal
from asyncdl.app.doctor.mounts import Mount, check_file_system, judge_mount, mount_of
from asyncdl.core.finding import Level
from asyncdl.runtime.dataset import open_for_writing
from asyncdl.runtime.files import RealFiles
from asyncdl.runtime.guardian import new_run_id
from asyncdl.runtime.lease import Lease, LeaseState, own_lease, write_lease

GB = 1_000_000_000
TABLE = """\
/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
server:/vol /data nfs4 rw 0 0
tmpfs /data/my\\040scratch tmpfs rw 0 0
/dev/sdb1 /data/my\\040scratch xfs rw 0 0
broken
"""


def test_a_folder_that_can_be_written_stays_as_it_was(tmp_path: Path) -> None:
    assert "can be written" in check_writing(tmp_path).what
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    assert check_writing(out).level in {Level.OK, Level.NOTE}
    assert check_room(out).level is not Level.NOTE
    assert not out.parent.exists()
    assert nearest_folder(out) == tmp_path


@pytest.mark.parametrize("name", ["", "inside"])
def test_a_file_in_the_way_is_a_fault(tmp_path: Path, name: str) -> None:
    (tmp_path / "out").write_text("")
    assert check_writing(tmp_path / "out" / name).level is Level.FAULT
    assert check_room(tmp_path / "out" / name).level is Level.NOTE


def test_a_link_that_leads_nowhere_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "gone")
    assert check_writing(tmp_path / "out").level is Level.FAULT


@pytest.mark.parametrize("call", ["open", "write", "fsync"])
def test_a_write_that_fails_anywhere_is_a_fault_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*arguments: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(RealFiles, call, fail)
    found = check_writing(tmp_path)
    assert (found.level, "Read-only file system" in found.what) == (Level.FAULT, True)
    assert list(tmp_path.iterdir()) == []


def test_slow_writes_are_worth_a_note() -> None:
    assert judge_writing(Path("out"), 250).level is Level.OK
    assert judge_writing(Path("out"), 251).level is Level.NOTE


@pytest.mark.parametrize(
    ("room", "level"),
    [
        (Room(500 * GB, 10_000_000), Level.OK),
        (Room(500 * GB, None), Level.OK),
        (Room(4 * GB, 10_000_000), Level.WARNING),
        (Room(GB // 20, 10_000_000), Level.FAULT),
        (Room(500 * GB, 50_000), Level.WARNING),
        (Room(500 * GB, 0), Level.FAULT),
    ],
)
def test_space_and_inodes_are_judged_apart(room: Room, level: Level) -> None:
    assert judge_room(room).level is level


@pytest.mark.parametrize(
    ("path", "mount"),
    [
        ("/home/me", Mount("ext4", PurePosixPath("/"))),
        ("/data/audioset", Mount("nfs4", PurePosixPath("/data"))),
        ("/database", Mount("ext4", PurePosixPath("/"))),
        ("/data/my scratch/a", Mount("xfs", PurePosixPath("/data/my scratch"))),
    ],
)
def test_the_innermost_and_last_mount_holds_the_folder(path: str, mount: Mount) -> None:
    assert mount_of(PurePosixPath(path), TABLE) == mount


@pytest.mark.parametrize(
    ("kind", "level"),
    [("ext4", Level.OK), ("nfs4", Level.NOTE), ("fuse.sshfs", Level.NOTE), ("tmpfs", Level.WARNING)],
)
def test_kinds_of_file_systems_differ(kind: str, level: Level) -> None:
    assert judge_mount(Mount(kind, PurePosixPath("/x"))).level is level


def test_this_machines_table_is_read(tmp_path: Path) -> None:
    assert " at /" in check_file_system(tmp_path).what
    assert judge_mount(mount_of(PurePosixPath("/x"), "")).what == "unknown"


@pytest.mark.parametrize(
    ("soft", "hard", "level", "mend"),
    [
        (None, None, Level.OK, ""),
        (1024, 4096, Level.OK, ""),
        (256, 4096, Level.NOTE, "ulimit -n 288"),
        (256, None, Level.NOTE, "ulimit -n 288"),
        (60, 4096, Level.FAULT, "ulimit -n 288"),
        (60, 60, Level.FAULT, "have an administrator raise the hard limit"),
    ],
)
def test_the_limit_of_open_files_bounds_concurrency(
    soft: int | None, hard: int | None, level: Level, mend: str
) -> None:
    found = judge_open_files(soft, hard)
    assert (found.level, found.mend) == (level, mend)


def test_this_process_has_a_limit_that_can_be_read() -> None:
    assert check_open_files().what


@pytest.mark.parametrize(
    ("environ", "is_terminal", "encoding", "level"),
    [
        ({"TERM": "xterm"}, True, "utf-8", Level.OK),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, "UTF-8", Level.OK),
        ({"TERM": "xterm"}, True, "ascii", Level.NOTE),
        ({"TERM": "dumb"}, True, "utf-8", Level.NOTE),
        ({"TERM": "xterm"}, False, "utf-8", Level.NOTE),
    ],
)
def test_the_terminal_decides_what_a_run_shows(
    environ: dict[str, str], is_terminal: bool, encoding: str, level: Level
) -> None:
    assert judge_terminal(environ, is_terminal=is_terminal, encoding=encoding).level is level


def test_a_run_at_work_is_named_and_not_disturbed(tmp_path: Path) -> None:
    out = tmp_path / "audioset"
    assert "none at" in check_holder(out).what
    data_set = open_for_writing(out, new_run_id())
    try:
        found = check_holder(out)
        assert (found.level, f"pid {os.getpid()} on" in found.what) == (Level.NOTE, True)
    finally:
        data_set.close()
    assert "nobody works on it" in check_holder(out).what
    write_lease(out / "journal" / "lease", replace(own_lease(), start_ticks=1))
    assert "the last run was killed" in check_holder(out).what


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (LeaseState.LIVING, "a run is at work"),
        (LeaseState.DEAD, "the last run was killed"),
        (LeaseState.ELSEWHERE, "is at work on it or was killed"),
    ],
)
def test_a_lease_tells_a_killed_run_from_one_at_work(state: LeaseState, word: str) -> None:
    found = judge_lease(Path("out"), Lease("there", "boot", 7, 8), state)
    assert (found.level, word in found.what) == (Level.NOTE, True)
