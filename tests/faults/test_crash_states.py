"""Each state that a crash may leave of the real publish and journal code: nothing acknowledged is lost, no
clip is falsely stored, and the next start refuses nothing. And the wrong orders, which must be found.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from support.crash_oracles import JournalOracle, WholeFileOracle
from support.crash_protocols import (
    VERSIONS,
    Protocol,
    at_once,
    disk_full,
    group_commits,
    journal_first,
    overwrite,
    publish_and_journal,
    replaced_file,
)
from support.crash_states import (
    Oracle,
    Tried,
    each_path_unsynced,
    each_sync_dropped,
    try_crashes,
    without_syncs,
)
from support.crash_trace import Op, TracedFiles
from support.crash_variants import SECTOR_BYTES
from support.crash_writing import Traced

LIMIT = 200
SOUND: dict[str, Protocol] = {
    "publish and journal": publish_and_journal,
    "group commits": group_commits,
    "many threads at once": partial(at_once, clips=3),
    "overwrite of a stored clip": overwrite,
    "disk full in mid-batch": disk_full,
}


async def traced(folder: Path, protocol: Protocol) -> tuple[list[Op], JournalOracle]:
    data = Traced(folder / "set")
    await protocol(data)
    return data.ops, JournalOracle(folder / "scratch", data.clips)


def found(ops: list[Op], oracle: Oracle) -> Tried:
    return try_crashes(ops, oracle, limit=LIMIT, stop_at_first=True)


@pytest.mark.parametrize("name", SOUND)
async def test_no_crash_state_is_bad(tmp_path: Path, name: str) -> None:
    ops, oracle = await traced(tmp_path, SOUND[name])
    tried = try_crashes(ops, oracle, limit=LIMIT)
    assert tried.first is None
    assert tried.states > 60


async def test_each_single_sync_is_needed_and_its_loss_is_found(tmp_path: Path) -> None:
    """That a record says "durable" of the one before it too early shows only where a sector ends between."""
    missed: set[int] | None = None
    for padding in range(0, SECTOR_BYTES, 40):
        ops, oracle = await traced(tmp_path / str(padding), partial(publish_and_journal, padding=padding))
        broken = dict(each_sync_dropped(ops))
        assert len(broken) >= 15
        missed = {place for place in missed or broken if not found(broken[place], oracle).bad}
        if not missed:
            break
    assert missed == set()


@pytest.mark.parametrize("name", ["group commits", "many threads at once"])
async def test_a_file_or_folder_that_is_never_synced_is_found(tmp_path: Path, name: str) -> None:
    ops, oracle = await traced(tmp_path, SOUND[name])
    broken = list(each_path_unsynced(ops))
    assert len(broken) >= 15
    assert [which for which, trace in broken if not found(trace, oracle).bad] == []


BROKEN: dict[str, Callable[[str], bool]] = {
    "nothing is synced": lambda _: True,
    "only the journal is synced": lambda path: not path.startswith("journal/"),
    "no folder is synced": lambda path: not path.endswith(("l", "c")),
    "folders of clips are not synced": lambda path: path.startswith("clips"),
    "clips are not synced": lambda path: path.endswith(".flac"),
    "the data set folder is not synced": lambda path: not path,
    "rows are not synced": lambda path: ".rows." in path,
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_program_that_syncs_too_little_is_found(tmp_path: Path, name: str) -> None:
    ops, oracle = await traced(tmp_path, publish_and_journal)
    assert found(without_syncs(ops, BROKEN[name]), oracle).bad


async def test_a_record_before_its_clip_is_found(tmp_path: Path) -> None:
    ops, oracle = await traced(tmp_path, journal_first)
    assert "false stored" in str(found(ops, oracle).first)


async def test_a_stored_clip_that_is_overwritten_without_saying_so_before_is_found(tmp_path: Path) -> None:
    ops, oracle = await traced(tmp_path, partial(overwrite, is_lost_first=False))
    assert "false stored" in str(found(ops, oracle).first)


async def test_a_replaced_file_is_the_old_or_the_new_one_whole(tmp_path: Path) -> None:
    data = Traced(tmp_path / "set")
    await replaced_file(data)
    oracle = WholeFileOracle("manifest.jsonl", VERSIONS)
    assert try_crashes(data.ops, oracle).first is None
    broken = list(each_sync_dropped(data.ops))
    assert len(broken) == 2 * len(VERSIONS)
    assert [which for which, trace in broken if not found(trace, oracle).bad] == []


def test_a_file_renamed_before_it_is_synced_is_found(tmp_path: Path) -> None:
    files = TracedFiles(tmp_path)
    for number, version in enumerate(VERSIONS):
        part = tmp_path / f"{number}.part"
        files.write_file(part, version)
        files.rename(part, tmp_path / "manifest.jsonl")
        for path in (tmp_path / "manifest.jsonl", tmp_path):
            fd = files.open(path, os.O_RDONLY)
            files.fsync(fd)
            files.close(fd)
        files.tell(version)
    assert "neither old nor new" in str(found(files.ops, WholeFileOracle("manifest.jsonl", VERSIONS)).first)
