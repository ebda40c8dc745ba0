"""Files of a journal that are not what their names say: endless, links, pipes, devices, bent snapshots."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdl.core.model import ClipSpec
from asyncdl.core.snapshot import LINE_BYTES, head_bytes
from asyncdl.errors import AsyncdlError, JournalFault
from asyncdl.exporters import nemo
from asyncdl.runtime.dataset import open_for_writing
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from asyncdl.runtime.snapshot import SNAPSHOT, load_snapshot, write_snapshot
from support.strange_journals import (
    EVENTS,
    MB,
    ROWS,
    bend,
    consume,
    is_refused,
    lines,
    little_memory,
    plant,
    sound,
)


def planted_snapshot(root: Path) -> tuple[Path, dict[str, Any], bytes]:
    """A sound journal with its snapshot; answer the snapshot's path, head and columns."""
    folder = plant(root, sound())
    replayed = replay(folder)
    write_snapshot(folder, replayed.ledger, replayed.positions)
    whole = (folder / SNAPSHOT).read_bytes()
    columns_at = LINE_BYTES + head_bytes(whole[:LINE_BYTES])
    return folder / SNAPSHOT, orjson.loads(whole[LINE_BYTES:columns_at]), whole[columns_at:]


def signed_snapshot(head: dict[str, Any], columns: bytes) -> bytes:
    text = orjson.dumps(head)
    text += b" " * (-(LINE_BYTES + len(text)) % 8)
    return b"asyncdl snapshot 1 %08x %08x\n" % (len(text), crc32(text)) + text + columns


def test_a_sound_snapshot_is_taken(tmp_path: Path) -> None:
    """What the next test bends is taken as it is."""
    path, head, columns = planted_snapshot(tmp_path)
    path.write_bytes(signed_snapshot(head, columns))
    assert load_snapshot(path.parent, [EVENTS]) is not None
    consume(tmp_path)


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_signed_snapshot_says_nothing_breaks_and_nothing_hangs(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("strange")
    path, head, columns = planted_snapshot(root)
    if data.draw(st.booleans()):
        bend(data, head)
    else:
        columns, place = b"", 0
        whole = path.read_bytes()[-sum(_size(column) for column in head["columns"]) :]
        for column in head["columns"]:
            part = whole[place : place + _size(column)]
            place += _size(column)
            cell = data.draw(st.sampled_from([part[:8], b"\0" * 8, b"\1\0\0\0" * 2, b"\xff" * 8]))
            bent = (cell * (len(part) // 8 + 1))[: len(part)] if data.draw(st.booleans()) else part
            column[3] = crc32(bent)
            columns += bent
    path.write_bytes(signed_snapshot(head, columns))
    is_refused(root)


def _size(column: list[Any]) -> int:
    return int(column[2]) * {"B": 1, "I": 4, "Q": 8}[column[1]]


@pytest.mark.parametrize("size_mb", [8, pytest.param(1024, marks=pytest.mark.slow)])
def test_a_line_without_end_takes_no_memory(tmp_path: Path, size_mb: int) -> None:
    folder = plant(tmp_path, sound())
    for name in (EVENTS, ROWS, "snapshot", "lease"):
        with (folder / name).open("ab") as file:
            file.truncate(file.tell() + size_mb * MB)
    with little_memory(64):
        replay(folder)
    assert replay(folder).ledger.counts().stored == 1


def test_a_file_larger_than_all_memory_reserves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room is made ahead by the size of the rows; a hole of a terabyte holds none."""
    folder = plant(tmp_path, sound())
    with (folder / ROWS).open("wb") as file:
        file.truncate(1 << 40)

    class Opened(Exception):
        pass

    def stop(*_: object) -> None:
        raise Opened

    monkeypatch.setattr("asyncdl.runtime.replay.RecordScan", stop)
    with little_memory(64), pytest.raises(Opened):
        replay(folder)


def test_a_huge_number_of_a_run_is_refused_since_none_could_follow(tmp_path: Path) -> None:
    folder = plant(tmp_path, sound())
    (folder / EVENTS).rename(folder / "999999999999-ab.jsonl")
    with pytest.raises(JournalFault, match="999999999999-ab"):
        consume(tmp_path)


def test_files_in_any_order_and_twice_over_are_harmless(tmp_path: Path) -> None:
    folder = plant(tmp_path, sound())
    whole = (folder / EVENTS).read_bytes()
    for name in ("000001-aa.jsonl", "000007-cc.jsonl", "000003-bb.jsonl"):
        (folder / name).write_bytes(whole)
    backwards = list(reversed(sound().values()))
    (folder / "000009-dd.jsonl").write_bytes(lines(backwards))
    consume(tmp_path)
    counts = replay(folder).ledger.counts()
    assert (counts.segments, counts.stored, counts.rejected_rows) == (1, 1, 1)


def _link(path: Path, canary: Path) -> None:
    path.symlink_to(canary)


def _dangling(path: Path, _: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def _fifo(path: Path, _: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path, _: Path) -> None:
    path.mkdir()


def _socket(path: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def _device(path: Path, _: Path) -> None:
    path.symlink_to("/dev/zero")


STRANGERS = [_link, _dangling, _fifo, _folder, _socket, _device]


@pytest.mark.parametrize("name", [EVENTS, ROWS])
@pytest.mark.parametrize("make", STRANGERS)
def test_what_is_no_plain_file_is_no_run_file(
    tmp_path: Path, make: Callable[[Path, Path], None], name: str
) -> None:
    folder = plant(tmp_path, sound())
    canary = tmp_path / "canary"
    canary.write_bytes(lines([sound()["source"]]))
    (folder / name).unlink(missing_ok=True)
    make(folder / name, canary)
    with pytest.raises(JournalFault, match="no plain file"):
        consume(tmp_path)


@pytest.mark.parametrize(
    "name", ["journal/lock", "journal/lease", "manifest.jsonl", "journal/snapshot", ".parts"]
)
@pytest.mark.parametrize("make", STRANGERS)
def test_what_stands_in_place_of_other_files_is_refused_or_harmless(
    tmp_path: Path, make: Callable[[Path, Path], None], name: str
) -> None:
    """Opening for writing and the manifest's renewal never wait, and never touch what a link leads to."""
    plant(tmp_path / "out", sound())
    canary = tmp_path / "canary"
    canary.write_bytes(b"untouched")
    make(tmp_path / "out" / name, canary)
    started = time.monotonic()
    try:
        data_set = open_for_writing(tmp_path / "out", "a-run")
        try:
            nemo.count_lines(tmp_path / "out")
            nemo.write(tmp_path / "out", data_set.ledger, ClipSpec())
        finally:
            data_set.close()
    except AsyncdlError as fault:
        assert Path(name).name in str(fault)  # noqa: PT017 - it need not be raised
    assert time.monotonic() - started < 5
    assert canary.read_bytes() == b"untouched"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["canary", "out"]


def test_a_link_in_place_of_the_journal_is_read_by_nobody(tmp_path: Path) -> None:
    elsewhere = plant(tmp_path / "elsewhere", sound())
    (tmp_path / "out").mkdir()
    journal_of(tmp_path / "out").symlink_to(elsewhere)
    with pytest.raises(JournalFault, match="no plain folder"):
        consume(tmp_path / "out")
    with pytest.raises(AsyncdlError, match="in the way"):
        open_for_writing(tmp_path / "out", "a-run")
    assert sorted(entry.name for entry in elsewhere.iterdir()) == [EVENTS]
