"""What an export removes, and what it leaves to those whose it is."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.exporting.completing import complete
from asyncdl.exporting.receipts import Receipt
from asyncdl.exporting.steps import Agenda, Export, prepare
from support.exports import Sounding, files_of, make_data_set, make_todo
from support.made_formats import TEXT, export_as, opened_as

SHORT = Sounding(count=8, seconds=0.01, rate=16_000, channels=1, splits=("eval",))
PART = ".9.txt.0123abcd.part"


@pytest.fixture(name="root")
async def _root(tmp_path: Path) -> Path:
    await make_data_set(tmp_path / "set", SHORT)
    return tmp_path / "set"


def target_of(root: Path) -> Path:
    return root / "exports/text"


def of_another_export(folder: Path) -> None:
    (folder / ".asyncdl").mkdir(parents=True)


def of_another_data_set(folder: Path) -> None:
    (folder / "journal").mkdir(parents=True)
    (folder / "journal/lock").touch()


@pytest.mark.parametrize("made", [of_another_export, of_another_data_set])
@pytest.mark.parametrize("below", ["other", "a/b/other"])
def test_what_others_write_below_the_target_stays(
    made: Callable[[Path], None], below: str, root: Path
) -> None:
    other = target_of(root) / below
    made(other)
    (other / "eval").mkdir()
    theirs = [other / PART, other / "eval" / PART]
    for part in theirs:
        part.write_bytes(b"half")
    export_as(TEXT, root)
    assert all(part.read_bytes() == b"half" for part in theirs)


@pytest.mark.parametrize("split", ["journal", "exports", "eval"])
def test_parts_in_folders_of_ours_go_whatever_they_are_called(split: str, root: Path) -> None:
    folder = target_of(root) / "wav" / split / "0a1"
    folder.mkdir(parents=True)
    (folder / PART).write_bytes(b"half")
    (folder.parent / PART).write_bytes(b"half")
    export_as(TEXT, root)
    assert not list((target_of(root) / "wav").rglob("*.part"))


def stranger(root: Path, *names: str) -> None:
    with opened_as(TEXT, root) as export:
        export.receipts.write(Receipt("of no plan", "d", 1, tuple((name, 4) for name in names), (), {}))


def test_a_file_in_a_folder_behind_a_link_is_not_removed(root: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs/x"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    export_as(TEXT, root)
    (target_of(root) / "ln").symlink_to(theirs.parent)
    stranger(root, "ln/x")
    export_as(TEXT, root)
    assert theirs.read_text() == "mine"


def test_a_link_of_ours_goes_and_what_it_leads_to_stays(root: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("mine")
    export_as(TEXT, root)
    (target_of(root) / "old.txt").symlink_to(theirs)
    stranger(root, "old.txt")
    export_as(TEXT, root)
    assert not (target_of(root) / "old.txt").is_symlink()
    assert theirs.read_text() == "mine"


def test_a_folder_in_the_place_of_a_file_is_somebody_elses(root: Path) -> None:
    export_as(TEXT, root)
    (target_of(root) / "old.txt").mkdir()
    stranger(root, "old.txt", "old.txt/there was never such a file")
    export_as(TEXT, root)
    assert (target_of(root) / "old.txt").is_dir()


def test_a_file_that_another_shard_has_now_stays(root: Path) -> None:
    export_as(TEXT, root)
    before = files_of(target_of(root))
    stranger(root, "eval/1.txt", "eval/keys.txt")
    export_as(TEXT, root)
    assert files_of(target_of(root)) == before


def peak_bytes(export: Export, agenda: Agenda, stuffed: int) -> int:
    """Most memory that the end takes when so many shards, and one of no plan, have 1500 files each."""
    for number, shard in enumerate(agenda.shards):
        receipt = export.receipts.read(shard.name)
        assert receipt is not None
        names = [f"{shard.name}/{'n' * 80}/{name}" for name in range(1500)]
        files = tuple((name, 4) for name in names) if number < stuffed else ()
        export.receipts.write(replace(receipt, files=files))
        if not number:
            export.receipts.write(replace(receipt, shard="of no plan", files=files))
    tracemalloc.start()
    try:
        complete(export, agenda)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_the_end_of_an_export_has_the_names_of_one_shard_in_memory(tmp_path: Path) -> None:
    await make_data_set(tmp_path, replace(SHORT, count=24))
    with opened_as(TEXT, tmp_path) as export:
        agenda = prepare(export)
        make_todo(export, agenda)
        peak_bytes(export, agenda, 1)  # what is loaded on first use
        one = peak_bytes(export, agenda, 1)
        assert peak_bytes(export, agenda, 12) < 1.3 * one
