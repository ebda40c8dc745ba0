"""The snapshot: a replay gives the same with it, and whatever is wrong with it, it is missed by nobody."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.core.events import (
    PaceLearned,
    RowEvent,
    RowSelected,
    RunStarted,
    SourceAdded,
)
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import AudioFormat, ClipSpec
from asyncdl.errors import DiskFull, ExitCode
from asyncdl.runtime import snapshot_program
from asyncdl.runtime.replay import replay
from asyncdl.runtime.snapshot import MOST_LEFT_BYTES, SNAPSHOT, load_head, load_snapshot, write_snapshot
from asyncdl.runtime.snapshot_keeper import keep_snapshot
from asyncdl.runtime.standing import standing_of, uncovered_bytes
from support.recording_files import failing
from support.snapshots import ROWS, SOURCE, a_run, stored, told


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A journal of one run with its snapshot."""
    folder = tmp_path / "journal"
    folder.mkdir()
    rows: list[RowEvent] = [RowSelected(row) for row in ROWS]
    a_run(1, rows, [SourceAdded(SOURCE), *map(stored, range(5))]).write(folder)
    replayed = replay(folder)
    write_snapshot(folder, replayed.ledger, replayed.positions)
    return folder


def test_what_is_covered_is_not_read_again(folder: Path) -> None:
    assert replay(folder).uncovered_bytes == 0
    assert uncovered_bytes(folder) == 0
    (folder / SNAPSHOT).unlink()
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert replay(folder).uncovered_bytes == uncovered_bytes(folder) == size


def test_any_flipped_bit_and_any_cut_only_cost_a_full_replay(folder: Path) -> None:
    path, names = folder / SNAPSHOT, [name for name in os.listdir(folder) if name != SNAPSHOT]
    content, right = path.read_bytes(), told(replay(folder, with_snapshot=False))
    places = [*range(0, 2000, 7), *range(2000, len(content), 4999)]
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        assert load_snapshot(folder, names) is None, place
    for size in places:
        path.write_bytes(content[:size])
        assert load_snapshot(folder, names) is None
        assert load_head(folder, names) is None
    assert told(replay(folder)) == right
    path.write_bytes(content)
    assert load_snapshot(folder, names) is not None


def test_a_flipped_bit_of_a_column_does_not_show_in_the_head_and_not_in_the_replay(folder: Path) -> None:
    path = folder / SNAPSHOT
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert standing_of(folder).counts == replay(folder).ledger.counts()


def _cut(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def _rewrite(folder: Path) -> None:
    path = folder / "000001-ab.jsonl"
    size = path.stat().st_size
    a_run(1, [], [stored(number, 1) for number in range(5)]).write(folder)
    with path.open("ab") as file:
        file.write(b"\n" * max(0, size - path.stat().st_size))


CHANGES: dict[str, Callable[[Path], None]] = {
    "the run file was cut": lambda folder: _cut(folder, "000001-ab.jsonl"),
    "the rows file was cut": lambda folder: _cut(folder, "000001-ab.rows.jsonl"),
    "the rows file is gone": lambda folder: (folder / "000001-ab.rows.jsonl").unlink(),
    "the run file is gone": lambda folder: (folder / "000001-ab.jsonl").unlink(),
    "the run file is another one": _rewrite,
    "an older run has come from elsewhere": lambda folder: a_run(0, [], [stored(5)]).write(folder),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_snapshot_of_other_files_is_ignored(folder: Path, change: str) -> None:
    CHANGES[change](folder)
    assert load_snapshot(folder, [name for name in os.listdir(folder) if name != SNAPSHOT]) is None
    assert told(replay(folder)) == told(replay(folder, with_snapshot=False))


@pytest.mark.parametrize("version", [b"asyncdl snapshot 2", b"asyncdl snapshot 0"])
def test_another_version_is_ignored(folder: Path, version: bytes) -> None:
    path = folder / SNAPSHOT
    path.write_bytes(path.read_bytes().replace(b"asyncdl snapshot 1", version))
    assert replay(folder).uncovered_bytes


@pytest.mark.parametrize("thing", ["pipe", "link", "folder", "nothing"])
def test_anything_but_a_plain_file_in_its_place_is_ignored_without_waiting(folder: Path, thing: str) -> None:
    path, content = folder / SNAPSHOT, (folder / SNAPSHOT).read_bytes()
    path.unlink()
    (folder / "copy").write_bytes(content)
    make: dict[str, Callable[[], None]] = {
        "pipe": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to(folder / "copy"),
        "folder": path.mkdir,
        "nothing": lambda: None,
    }
    make[thing]()
    assert replay(folder).uncovered_bytes
    assert standing_of(folder).counts.stored == 5


def test_damage_that_nobody_settled_gets_no_snapshot_and_the_old_one_is_not_believed(folder: Path) -> None:
    (folder / SNAPSHOT).unlink()
    path = folder / "000001-ab.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], *lines[5:]]))
    assert snapshot_program.main(folder) == ExitCode.JOURNAL
    assert not (folder / SNAPSHOT).exists()
    standing = standing_of(folder)
    assert standing.fault is not None
    assert standing.counts.stored == 4


def test_a_run_that_found_nothing_to_do_is_told_without_the_columns(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_run(2, [], [PaceLearned("x", 0, {"requests": 1})]).write(folder)
    monkeypatch.setattr(Ledger, "restore", lambda *_: pytest.fail("the columns were loaded"))
    assert standing_of(folder).counts.stored == 5
    assert standing_of(folder).facts.paces == {"x": {"requests": 1}}


def test_the_program_brings_it_up_to_date(folder: Path) -> None:
    a_run(2, [], [stored(5)]).write(folder)
    assert uncovered_bytes(folder)
    assert snapshot_program.main(folder) == 0
    assert uncovered_bytes(folder) == 0
    assert standing_of(folder).counts.stored == 6


def test_a_snapshot_that_cannot_be_written_leaves_the_old_one(folder: Path) -> None:
    content, replayed = (folder / SNAPSHOT).read_bytes(), replay(folder)
    with pytest.raises(DiskFull):
        write_snapshot(folder, replayed.ledger, replayed.positions, failing("write", 2, 28))
    assert (folder / SNAPSHOT).read_bytes() == content
    assert sorted(os.listdir(folder)) == ["000001-ab.jsonl", "000001-ab.rows.jsonl", SNAPSHOT]


def test_who_has_folded_much_writes_one_and_who_has_not_does_not(folder: Path) -> None:
    (folder / SNAPSHOT).unlink()
    replayed = replay(folder)
    keep_snapshot(replayed)
    assert not (folder / SNAPSHOT).exists()
    keep_snapshot(replace(replayed, uncovered_bytes=MOST_LEFT_BYTES + 1))
    assert replay(folder).uncovered_bytes == 0


def test_a_snapshot_of_another_order_of_bytes_or_other_kinds_is_ignored(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from asyncdl.core import snapshot  # noqa: PLC0415 - its private table is under test

    monkeypatch.setitem(snapshot._MEANING, "order", "big" if sys.byteorder == "little" else "little")
    assert replay(folder).uncovered_bytes


def test_the_spec_of_the_first_run_and_the_options_of_the_last_are_kept(folder: Path) -> None:
    a_run(2, [], [RunStarted("b", 0, ClipSpec(AudioFormat.WAV), {"concurrency": 9}, "", {})]).write(folder)
    assert snapshot_program.main(folder) == 0
    facts = standing_of(folder).facts
    assert (facts.spec, facts.options) == (ClipSpec(), {"concurrency": 9})
