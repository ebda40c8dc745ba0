"""A data set folder: found by its journal, one writer at a time, swept of what a killed run has left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asyncdl.core.events import ClipStored
from asyncdl.core.model import RowRef
from asyncdl.errors import EnvironmentFault, JournalFault, JournalLocked, UsageError
from asyncdl.runtime.dataset import open_for_writing
from asyncdl.runtime.finding import find_root, journal_of
from support.datasets import rows_of, write_run
from support.fakes import a_clip, a_segment


def _data_set(folder: Path, name: str) -> Path:
    journal_of(folder / name).mkdir(parents=True)
    return folder / name


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_data_set_is_an_empty_journal_and_a_private_folder_for_parts(tmp_path: Path) -> None:
    data_set = open_for_writing(tmp_path / "deep" / "out", "run-1")
    assert data_set.ledger.counts().segments == 0
    assert data_set.replayed.last_seq == 0
    assert data_set.parts == tmp_path / "deep" / "out" / ".parts" / "run-1"
    assert _mode(data_set.parts) == _mode(data_set.parts.parent) == 0o700
    data_set.close()


def test_paths_are_absolute_whatever_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data_set = open_for_writing(Path("out"), "run-1")
    data_set.close()
    assert data_set.root == tmp_path / "out"
    assert data_set.journal == tmp_path / "out" / "journal"


async def test_opening_replays_what_earlier_runs_have_written(tmp_path: Path) -> None:
    rows = rows_of([a_segment(1), a_segment(2)])
    stored = ClipStored(a_segment(1).key, RowRef(0, 4), 0, 1, 0, a_clip(2345))
    await write_run(tmp_path, rows, [stored])
    data_set = open_for_writing(tmp_path, "run-2")
    data_set.close()
    counts = data_set.ledger.counts()
    assert (counts.segments, counts.stored, counts.open, counts.stored_bytes) == (2, 1, 1, 2345)
    assert data_set.replayed.last_seq == 1
    assert [source.name for source in data_set.ledger.sources] == ["eval.csv"]


def test_opening_sweeps_the_parts_of_killed_runs(tmp_path: Path) -> None:
    left = tmp_path / ".parts" / "a-dead-run"
    (left / "home").mkdir(parents=True)
    (left / "aaaaaaaaaaa_0_10000.audio.mp4").write_bytes(b"half")
    data_set = open_for_writing(tmp_path, "run-2")
    assert os.listdir(tmp_path / ".parts") == ["run-2"]
    data_set.close()


def test_opening_sweeps_files_that_were_being_replaced_and_no_others(tmp_path: Path) -> None:
    journal = journal_of(_data_set(tmp_path, "out"))
    left = [tmp_path / "out" / ".manifest.jsonl.01234567.part", journal / ".lease.89abcdef.part"]
    mine = [tmp_path / "out" / "notes.part", tmp_path / ".manifest.jsonl.01234567.part"]
    for path in left + mine:
        path.write_bytes(b"half")
    open_for_writing(tmp_path / "out", "run-1").close()
    assert [path.exists() for path in left + mine] == [False, False, True, True]


def test_sweeping_follows_no_link(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    (tmp_path / "out" / ".parts").mkdir(parents=True)
    (tmp_path / "out" / ".parts" / "link").symlink_to(precious)
    open_for_writing(tmp_path / "out", "run-2").close()
    assert (precious / "file").read_text() == "kept"


def test_a_link_in_place_of_the_parts_is_refused_and_lets_the_next_one_in(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    out = _data_set(tmp_path, "out")
    (out / ".parts").symlink_to(precious)
    with pytest.raises(UsageError, match="is a link"):
        open_for_writing(out, "run-1")
    assert (precious / "file").read_text() == "kept"
    (out / ".parts").unlink()
    open_for_writing(out, "run-1").close()


def test_a_second_writer_is_refused_and_the_first_ones_parts_stay(tmp_path: Path) -> None:
    data_set = open_for_writing(tmp_path, "run-1")
    part = data_set.parts / "part"
    part.write_bytes(b"half")
    with pytest.raises(JournalLocked):
        open_for_writing(tmp_path, "run-2")
    assert part.exists()
    data_set.close()


def test_closing_removes_the_parts_and_lets_the_next_one_in(tmp_path: Path) -> None:
    data_set = open_for_writing(tmp_path, "run-1")
    (data_set.parts / "part").write_bytes(b"half")
    data_set.close()
    assert not (tmp_path / ".parts").exists()
    open_for_writing(tmp_path, "run-2").close()


async def test_a_damaged_journal_is_refused_and_not_kept_locked(tmp_path: Path) -> None:
    await write_run(tmp_path, rows_of([a_segment(number) for number in range(9)]), [])
    (rows,) = journal_of(tmp_path).glob("*.rows.jsonl")
    whole = rows.read_bytes()
    rows.write_bytes(whole.replace(a_segment(0).ytid.encode(), b"another_one", 1))
    for _ in range(2):
        with pytest.raises(JournalFault, match="damaged: 1 records are missing"):
            open_for_writing(tmp_path, "run-2")
    rows.write_bytes(whole)
    data_set = open_for_writing(tmp_path, "run-2")
    data_set.close()
    assert data_set.ledger.counts().segments == 9


def test_a_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(EnvironmentFault, match="out"):
        open_for_writing(tmp_path / "out", "run-1")


def test_a_named_folder_is_taken_when_it_has_a_journal(tmp_path: Path) -> None:
    assert find_root(_data_set(tmp_path, "mine"), tmp_path / "elsewhere") == tmp_path / "mine"
    with pytest.raises(UsageError, match="no data set"):
        find_root(tmp_path, tmp_path)


def test_without_a_name_the_usual_folder_comes_first(tmp_path: Path) -> None:
    _data_set(tmp_path, "audioset")
    _data_set(tmp_path, "another")
    assert find_root(None, tmp_path) == Path("audioset")


def test_else_the_only_folder_with_a_journal_is_taken(tmp_path: Path) -> None:
    _data_set(tmp_path, "mine")
    (tmp_path / "clips").mkdir()
    (tmp_path / "journal").write_text("a file of that name")
    assert find_root(None, tmp_path) == Path("mine")


def test_none_and_several_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no data set here") as none:
        find_root(None, tmp_path)
    assert "--out DIR" in none.value.mend
    for name in ("two", "one"):
        _data_set(tmp_path, name)
    with pytest.raises(UsageError, match="several data sets here: one, two"):
        find_root(None, tmp_path)
