"""Compacting a journal: the same told by less, and nothing lost whenever it is broken off."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from asyncdl.core.events import AttemptFailed, DamageSettled, SegmentEvent
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure, RowRef
from asyncdl.core.records import pack, seal
from asyncdl.errors import AsyncdlError
from asyncdl.runtime.compacting import CompactionMeans, is_compact
from asyncdl.runtime.examining import examine
from asyncdl.runtime.replay import replay
from asyncdl.runtime.run_folder import run_file_names
from asyncdl.runtime.snapshot import write_snapshot
from support.compactions import a_history, compacted
from support.histories import (
    HISTORY,
    KEYS,
    RUN,
    SEGMENT_EVENT,
    Run,
    told,
    told_by_folder,
    write_history,
)
from support.recording_files import RecordingFiles


@settings(max_examples=25, deadline=None)
@given(HISTORY, st.lists(SEGMENT_EVENT, max_size=4))
def test_one_file_tells_what_all_told_and_what_comes_next_means_the_same(
    history: list[Run], later: list[SegmentEvent]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_history(folder, history)
        before, ledger = told_by_folder(folder), replay(folder).ledger
        saved = compacted(folder)
        assert told_by_folder(folder) == before
        assert len(run_file_names(folder)) == saved.after.files == 1
        assert told(replay(folder).ledger) == told(replay(folder, with_snapshot=False).ledger)
        assert replay(folder).uncovered_bytes == 0
        again = replay(folder, with_snapshot=False).ledger
        for event in later:
            ledger.apply(event)
            again.apply(event)
        assert told(again) == told(ledger)


@settings(max_examples=15, deadline=None)
@given(HISTORY, RUN, st.data())
def test_old_and_new_files_together_tell_the_same_however_many_old_ones_are_left(
    history: list[Run], later: Run, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as kept:
        folder = Path(name)
        write_history(folder, history)
        write_history(Path(kept), history)
        before = told_by_folder(folder)
        compacted(folder)
        names = run_file_names(Path(kept))
        for left in names[: data.draw(st.integers(0, len(names)))]:
            (folder / left).write_bytes((Path(kept) / left).read_bytes())
        assert told_by_folder(folder) == before
        replay(folder, with_snapshot=False).require_whole()
        write_history_after(folder, later)
        added = told_by_folder(folder)
        compacted(folder)
        assert told_by_folder(folder) == added


def write_history_after(folder: Path, run: Run) -> None:
    with tempfile.TemporaryDirectory() as name:
        write_history(Path(name), [run])
        for path in Path(name).iterdir():
            path.rename(folder / path.name.replace("000001-ab", "000099-cd"))


def test_a_break_at_any_call_leaves_a_journal_that_tells_the_same(tmp_path: Path) -> None:
    calls = break_at(tmp_path / "whole", 10**9)
    assert calls > 12
    for number in range(1, calls + 1):
        break_at(tmp_path / str(number), number)


def break_at(folder: Path, number: int) -> int:
    """Break compacting at the ``number``-th call to the disk; answer how many calls there were."""
    folder.mkdir()
    write_history(folder, a_history())
    with (folder / "000003-ab.jsonl").open("ab") as file:
        file.write(b'{"q":99,"d":')
    write_snapshot(folder, (seen := replay(folder)).ledger, seen.positions)
    before = told_by_folder(folder)
    files = BreakingFiles(number)
    try:
        compacted(folder, CompactionMeans(files))
    except AsyncdlError:
        assert files.is_broken
    for with_snapshot in (False, True):
        replayed = replay(folder, with_snapshot=with_snapshot)
        replayed.require_whole()
        assert told(replayed.ledger).items() <= before.items()
    assert told_by_folder(folder) == before
    assert not [name for name in os.listdir(folder) if name.startswith(".") and not files.is_broken]
    compacted(folder)
    assert told_by_folder(folder) == before
    return files.count


class BreakingFiles(RecordingFiles):
    """Fails at the n-th call and at all after it, as a disk does that is gone."""

    def __init__(self, number: int) -> None:
        super().__init__(self._ask)
        self.count, self._number = 0, number

    @property
    def is_broken(self) -> bool:
        return self.count >= self._number

    def unlink(self, path: Path) -> None:
        self._ask("unlink", path.name)
        super().unlink(path)

    def _ask(self, _call: str, _name: str) -> None:
        self.count += 1
        if self.is_broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_readers_are_told_the_same_at_every_moment(tmp_path: Path) -> None:
    write_history(tmp_path, a_history())
    before = told_by_folder(tmp_path)
    files = RecordingFiles(lambda _call, _name: compare())

    def compare() -> None:
        assert told_by_folder(tmp_path) == before
        assert examine(tmp_path).is_whole

    compacted(tmp_path, CompactionMeans(files))
    assert files.times("rename") == 2
    compare()


def test_settled_damage_goes_with_the_file_that_has_it(tmp_path: Path) -> None:
    history = a_history()
    write_history(tmp_path, [*history, Run((), (DamageSettled("000001-ab.jsonl", 4, 4, 0),))])
    path = tmp_path / "000001-ab.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], *lines[4:]]))
    before = told_by_folder(tmp_path)
    compacted(tmp_path)
    assert told_by_folder(tmp_path) == before
    assert replay(tmp_path, with_snapshot=False).ledger.settled == []


def test_whatever_is_cut_off_a_compacted_file_shows_as_damage(tmp_path: Path) -> None:
    write_history(tmp_path, a_history())
    compacted(tmp_path)
    path = tmp_path / run_file_names(tmp_path)[-1]
    lines = path.read_bytes().splitlines(keepends=True)
    for kept in range(1, len(lines)):
        path.write_bytes(b"".join(lines[:kept]))
        replayed = replay(tmp_path, with_snapshot=False)
        assert [(one.first, one.last) for one in replayed.damage] == [(kept + 1, len(lines))], kept


def test_the_count_of_attempts_outlives_the_records_of_the_attempts(tmp_path: Path) -> None:
    failure = Failure(FailureKind.NETWORK, "code", "x" * 2000)
    tries = tuple(AttemptFailed(KEYS[0], RowRef(0, 1), 0, n, 7, failure) for n in range(50))
    write_history(tmp_path, [Run((), tries), Run((), tries)])
    saved = compacted(tmp_path)
    assert replay(tmp_path, with_snapshot=False).ledger.counts().attempts == 100
    assert saved.before.files == 2
    assert saved.before.records == 104


def test_records_that_this_version_does_not_know_are_kept(tmp_path: Path) -> None:
    write_history(tmp_path, a_history())
    path = tmp_path / "000003-ab.jsonl"
    count = len(path.read_bytes().splitlines())
    with path.open("ab") as file:
        file.write(seal(pack({"e": "of tomorrow", "k": "x"}), count + 1, count))
    compacted(tmp_path)
    only = tmp_path / run_file_names(tmp_path)[-1]
    assert b'"e":"of tomorrow","k":"x"' in only.read_bytes()


def test_a_compact_journal_is_known_as_one(tmp_path: Path) -> None:
    assert is_compact(replay(tmp_path))
    write_history(tmp_path, a_history())
    assert not is_compact(replay(tmp_path))
    compacted(tmp_path)
    assert is_compact(replay(tmp_path, with_snapshot=False))
