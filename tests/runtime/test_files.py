"""Durable publish and whole-file replace."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asyncdl.errors import DiskFull, EnvironmentFault
from asyncdl.runtime.files import publish, replace_file
from support.recording_files import RecordingFiles, ShortWrites, failing


@pytest.fixture
def part(tmp_path: Path) -> Path:
    path = tmp_path / "x.part"
    path.write_bytes(b"clip")
    return path


@pytest.fixture
def final(tmp_path: Path) -> Path:
    return tmp_path / "clips" / "eval" / "abc" / "x.flac"


def test_content_is_synced_before_the_name_and_the_name_before_return(
    part: Path, final: Path, tmp_path: Path
) -> None:
    files = RecordingFiles()
    publish(part, final, tmp_path, files)
    order = [call for call in files.calls if call[0] != "open"]
    assert order == [
        ("mkdir", "clips"),
        ("fsync", tmp_path.name),
        ("mkdir", "eval"),
        ("fsync", "clips"),
        ("mkdir", "abc"),
        ("fsync", "eval"),
        ("fsync", "x.part"),
        ("rename", "x.flac"),
        ("fsync", "abc"),
    ]
    assert final.read_bytes() == b"clip"
    assert not part.exists()


def test_a_folder_made_by_another_thread_is_synced_all_the_same(
    part: Path, final: Path, tmp_path: Path
) -> None:
    final.parent.mkdir(parents=True)
    files = RecordingFiles()
    publish(part, final, tmp_path, files)
    assert [name for call, name in files.calls if call == "fsync"] == [
        tmp_path.name,
        "clips",
        "eval",
        "x.part",
        "abc",
    ]


def test_a_clip_left_without_a_record_is_replaced(part: Path, final: Path, tmp_path: Path) -> None:
    final.parent.mkdir(parents=True)
    final.write_bytes(b"old")
    publish(part, final, tmp_path)
    assert final.read_bytes() == b"clip"


def test_the_data_set_folder_itself_may_be_a_link(part: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    publish(part, tmp_path / "link" / "clips" / "x.flac", tmp_path / "link")
    assert (tmp_path / "real" / "clips" / "x.flac").read_bytes() == b"clip"


def test_a_link_where_a_folder_should_be_is_refused_and_not_followed(
    part: Path, final: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "clips").symlink_to("elsewhere")
    with pytest.raises(EnvironmentFault, match="clips is in the way"):
        publish(part, final, tmp_path)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("which", ["part", "final"])
@pytest.mark.parametrize("thing", ["link", "pipe", "folder"])
def test_anything_but_a_plain_file_is_refused_without_waiting(
    part: Path, final: Path, tmp_path: Path, which: str, thing: str
) -> None:
    final.parent.mkdir(parents=True)
    path = final if which == "final" else part
    path.unlink(missing_ok=True)
    canary = tmp_path / "canary"
    canary.write_bytes(b"canary")
    make: dict[str, Callable[[], None]] = {
        "link": lambda: path.symlink_to(canary),
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
    }
    make[thing]()
    with pytest.raises(EnvironmentFault, match="in the way"):
        publish(part, final, tmp_path)
    assert canary.read_bytes() == b"canary"


@pytest.mark.parametrize("call", ["mkdir", "fsync", "rename"])
@pytest.mark.parametrize(
    ("code", "fault"), [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EIO, EnvironmentFault)]
)
def test_each_failing_call_is_a_fault_that_names_a_path(
    part: Path, final: Path, tmp_path: Path, call: str, code: int, fault: type[Exception]
) -> None:
    with pytest.raises(fault, match=str(tmp_path)):
        publish(part, final, tmp_path, failing(call, 1, code))
    assert not final.exists()


def test_after_a_failed_sync_it_is_not_tried_again(part: Path, final: Path, tmp_path: Path) -> None:
    files = failing("fsync", 4, errno.EIO)
    with pytest.raises(EnvironmentFault):
        publish(part, final, tmp_path, files)
    assert files.times("fsync") == 3
    assert part.exists()


def test_a_whole_file_is_replaced_in_one_step_and_synced(tmp_path: Path) -> None:
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(b"old")
    files = RecordingFiles()
    replace_file(path, [b"a\n", b"b\n"], files)
    assert path.read_bytes() == b"a\nb\n"
    assert [call for call, _ in files.calls] == [
        "create",
        "write",
        "write",
        "fsync",
        "rename",
        "open",
        "fsync",
    ]
    assert list(tmp_path.iterdir()) == [path]


def test_short_writes_are_carried_on(tmp_path: Path) -> None:
    replace_file(tmp_path / "file", [b"x" * 100], ShortWrites(7, 100, errno.ENOSPC))
    assert (tmp_path / "file").read_bytes() == b"x" * 100


@pytest.mark.parametrize("call", ["create", "write", "fsync", "rename"])
def test_where_replacing_fails_the_old_file_stays_and_nothing_else(tmp_path: Path, call: str) -> None:
    path = tmp_path / "manifest.jsonl"
    path.write_bytes(b"old")
    with pytest.raises(DiskFull, match=r"manifest\.jsonl"):
        replace_file(path, [b"new"], failing(call, 1, errno.ENOSPC))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_content_that_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"new"
        raise ZeroDivisionError

    path = tmp_path / "manifest.jsonl"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError):
        replace_file(path, chunks())
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"
