"""When a journal is not compacted: nothing is changed then."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from asyncdl.core.compaction import Compaction
from asyncdl.core.events import AttemptFailed, ClipStored, GaveUp
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure, RowRef
from asyncdl.core.records import Fields
from asyncdl.core.row_encoding import Noted
from asyncdl.errors import DiskFull, JournalFault, JournalLocked
from asyncdl.runtime.compacting import CompactionMeans
from support.compactions import a_history, compacted
from support.fakes import a_clip
from support.histories import (
    KEYS,
    Run,
    write_history,
)
from support.recording_files import RecordingFiles


def test_without_space_nothing_changes_and_nothing_is_left(tmp_path: Path) -> None:
    write_history(tmp_path, a_history())
    names = sorted(os.listdir(tmp_path))

    def full(call: str, _: str) -> None:
        if call == "write":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DiskFull):
        compacted(tmp_path, CompactionMeans(RecordingFiles(full)))
    assert sorted(os.listdir(tmp_path)) == names


def test_a_damaged_journal_is_not_compacted(tmp_path: Path) -> None:
    write_history(tmp_path, a_history())
    path = tmp_path / "000001-ab.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], *lines[4:]]))
    with pytest.raises(JournalFault, match="damaged"):
        compacted(tmp_path)
    assert path.exists()


OF_EACH = (
    ClipStored(KEYS[0], RowRef(0, 1), 0, 1, 0, a_clip(1000)),
    ClipStored(KEYS[1], RowRef(0, 2), 1, 1, 0, a_clip(1000)),
    GaveUp(KEYS[2], RowRef(0, 3), 0, 1, 7, Failure(FailureKind.REMOVED, "code", "text"), is_final=False),
    AttemptFailed(KEYS[3], RowRef(0, 4), 0, 1, 7, Failure(FailureKind.NETWORK, "code", "text")),
)


@pytest.mark.parametrize(("one", "other"), [*combinations(KEYS, 2)])
def test_a_compaction_that_takes_one_segment_for_another_is_refused_and_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: str, other: str
) -> None:
    """Counts, lists and paces are the same all the while."""
    write_history(tmp_path, [Run((), OF_EACH)])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    swap = {one.encode(): other.encode(), other.encode(): one.encode()}
    whole = Compaction.kept

    def swapped(self: Compaction, fields: Fields) -> Iterator[Noted | bytes]:
        for kept in whole(self, fields):
            assert isinstance(kept, bytes)
            yield re.sub(b"|".join(swap), lambda found: swap[found[0]], kept)

    monkeypatch.setattr(Compaction, "kept", swapped)
    with pytest.raises(JournalFault, match="does not read back the same"):
        compacted(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_another_writer_that_shows_meanwhile_stops_it_before_anything_is_changed(tmp_path: Path) -> None:
    write_history(tmp_path, a_history())
    names = sorted(os.listdir(tmp_path))
    path = tmp_path / "000003-ab.jsonl"

    def grow() -> None:
        with path.open("ab") as file:
            file.write(b"{}\n")

    with pytest.raises(JournalLocked, match=path.name):
        compacted(tmp_path, CompactionMeans(check=grow))
    assert sorted(os.listdir(tmp_path)) == names
