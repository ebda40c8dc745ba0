"""Exports that grow, shrink, are killed and go on: what is made anew, what stays, what goes."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.core import layout
from asyncdl.core.events import ClipLost
from asyncdl.core.export import LeftOut, Shard
from asyncdl.core.model import Span
from asyncdl.errors import EnvironmentFault, UsageError
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Exporter, Facts, ShardWriter, Terms
from asyncdl.exporting.steps import plan, prepare
from asyncdl.exporting.table import Table
from asyncdl.exporting.work import ShardWork
from support.exports import Sounding, files_of, make_data_set, make_todo, segments_of
from support.made_formats import TEXT, export_as, opened_as

SHORT = Sounding(count=8, seconds=0.01, rate=16_000, channels=1, splits=("eval",))
MORE = segments_of(replace(SHORT, count=12))


@pytest.fixture(name="root")
async def _root(tmp_path: Path) -> Path:
    """Eight clips of twelve segments, all of one split: four shards."""
    root = tmp_path / "set"
    await make_data_set(root, SHORT, segments=MORE)
    return root


def target_of(root: Path) -> Path:
    return root / "exports/text"


def clip_file(root: Path, number: int) -> Path:
    (found,) = root.glob(f"clips/*/*/{MORE[number].key}.flac")
    return found


def test_shards_are_made_once(root: Path) -> None:
    _, made = export_as(TEXT, root)
    before = files_of(target_of(root))
    assert (made, sorted(before)) == (4, [*(f"eval/{n}.txt" for n in range(4)), "eval/keys.txt"])
    at_ns = (target_of(root) / "eval/0.txt").stat().st_mtime_ns
    _, made = export_as(TEXT, root)
    assert made == 0
    assert files_of(target_of(root)) == before
    assert (target_of(root) / "eval/0.txt").stat().st_mtime_ns == at_ns


async def test_a_data_set_that_has_grown_makes_only_what_is_new(root: Path) -> None:
    export_as(TEXT, root)
    before = files_of(target_of(root))
    await make_data_set(root, replace(SHORT, count=10), segments=MORE)
    _, made = export_as(TEXT, root)
    after = files_of(target_of(root))
    assert made == 1
    assert {name: after[name] for name in before if "keys" not in name}.items() <= before.items()
    assert export_as(TEXT, root, to="anew")[1] == 5
    assert files_of(root / "exports/anew") == after


async def test_a_second_clip_of_a_video_changes_the_names_of_all(root: Path) -> None:
    export_as(TEXT, root)
    twin = replace(MORE[0], span=Span(60_000, 60_010))
    await make_data_set(root, replace(SHORT, count=10), segments=[*MORE[:8], twin, MORE[8]])
    _, made = export_as(TEXT, root)
    assert made == 5
    assert (target_of(root) / "eval/0.txt").read_text().startswith(f"{MORE[0].key} ")


@pytest.mark.parametrize("change", [Terms(compat=True), Terms(fast=True), Terms(wav=8000)])
def test_other_terms_make_all_shards_anew(change: Terms, root: Path) -> None:
    export_as(TEXT, root)
    assert export_as(TEXT, root, change)[1] == 4


def test_another_version_of_the_format_makes_all_shards_anew(root: Path) -> None:
    export_as(TEXT, root)
    assert TEXT.shards is not None
    newer = replace(TEXT, shards=replace(TEXT.shards, version=2))
    assert export_as(newer, root)[1] == 4


@pytest.mark.parametrize("most", [0, 1, 3, 4])
def test_a_killed_export_goes_on_where_it_was(most: int, root: Path) -> None:
    export_as(TEXT, root, to="undisturbed")
    with opened_as(TEXT, root) as export:
        make_todo(export, prepare(export), most)
    assert export_as(TEXT, root)[1] == 4 - most
    assert files_of(target_of(root)) == files_of(root / "exports/undisturbed")


def damaged(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("happens", [damaged, Path.unlink])
def test_a_shard_whose_file_is_gone_or_another_is_made_anew(
    happens: Callable[[Path], None], root: Path
) -> None:
    export_as(TEXT, root)
    before = files_of(target_of(root))
    happens(target_of(root) / "eval/2.txt")
    assert export_as(TEXT, root)[1] == 1
    assert files_of(target_of(root)) == before


class Interrupted(BaseException):
    """The end of the process, at a point of its own choosing."""


def interrupting(write: Callable[[ShardWork], Facts]) -> Exporter:
    assert TEXT.shards is not None
    return replace(TEXT, shards=ShardWriter(TEXT.shards.plan, write))


def in_the_middle(work: ShardWork) -> Facts:
    with work.part() as part:
        part.write_bytes(b"half a sh")
        raise Interrupted


def before_the_receipt(work: ShardWork) -> Facts:
    assert TEXT.shards is not None
    TEXT.shards.write(work)
    raise Interrupted


@pytest.mark.parametrize("write", [in_the_middle, before_the_receipt])
def test_an_interrupted_shard_is_whole_or_not_there(write: Callable[[ShardWork], Facts], root: Path) -> None:
    export_as(TEXT, root, to="undisturbed")
    whole = files_of(root / "exports/undisturbed")
    with opened_as(interrupting(write), root) as export:
        agenda = prepare(export)
        with suppress(Interrupted):
            make_todo(export, agenda)
    assert files_of(target_of(root)).items() <= whole.items()
    assert export_as(TEXT, root)[1] == 4
    assert files_of(target_of(root)) == whole


def test_parts_that_a_killed_writer_has_left_are_swept(root: Path) -> None:
    export_as(TEXT, root)
    before = files_of(target_of(root))
    receipts = target_of(root) / ".asyncdl/receipts"
    for left in (target_of(root) / "eval/.9.txt.0123abcd.part", receipts / ".a.json.0123abcd.part"):
        left.write_bytes(b"half")
    export_as(TEXT, root)
    assert files_of(target_of(root)) == before
    assert not [path for path in receipts.iterdir() if path.suffix == ".part"]


async def test_fewer_clips_leave_no_file_of_before_and_every_file_of_others(root: Path) -> None:
    export_as(TEXT, root)
    theirs = target_of(root) / "eval/9.txt"
    theirs.write_text("mine")
    lost = [ClipLost(segment.key, 0, 1, "gone") for segment in MORE[4:8]]
    await make_data_set(root, replace(SHORT, count=0), segments=MORE, more=lost)
    finish, made = export_as(TEXT, root)
    assert (len(finish.table), made) == (4, 0)
    found = files_of(target_of(root))
    assert sorted(found) == ["eval/0.txt", "eval/1.txt", "eval/9.txt", "eval/keys.txt"]
    assert found["eval/9.txt"] == b"mine"


async def test_a_split_is_not_removed_because_another_one_is_asked_for(tmp_path: Path) -> None:
    await make_data_set(tmp_path, replace(SHORT, splits=("eval", "train")))
    export_as(TEXT, tmp_path)
    before = files_of(target_of(tmp_path))
    with pytest.raises(UsageError, match="also holds eval"):
        export_as(TEXT, tmp_path, Terms(splits=("train",)))
    assert files_of(target_of(tmp_path)) == before
    export_as(TEXT, tmp_path, Terms(splits=("train", "eval")))
    assert files_of(target_of(tmp_path)) == before


async def test_shards_of_two_splits_in_one_file_are_refused(tmp_path: Path) -> None:
    await make_data_set(tmp_path, replace(SHORT, splits=("eval", "train")))

    def into_one(table: Table, _terms: Terms) -> list[Shard]:
        return [Shard(one.split, one.split, one.first, one.count, "all.txt") for one in table.stretches]

    assert TEXT.shards is not None
    wrong = replace(TEXT, shards=replace(TEXT.shards, plan=into_one))
    with pytest.raises(UsageError, match="would be written twice"):
        export_as(wrong, tmp_path)


def test_formats_of_text_alone_leave_no_file_of_before_either(root: Path) -> None:
    lists = replace(TEXT, name="lists", shards=None)
    moved = replace(lists, finish=lambda finish: finish.write("all/keys.txt", [b"all"]))
    export_as(lists, root)
    assert list(files_of(root / "exports/lists")) == ["eval/keys.txt"]
    export_as(moved, root)
    assert list(files_of(root / "exports/lists")) == ["all/keys.txt"]


def test_a_receipt_that_names_other_folders_sweeps_nothing_there(root: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.txt"
    theirs.write_text("mine")
    export_as(TEXT, root)
    with opened_as(TEXT, root) as export:
        receipt = export.receipts.read("eval/0.txt")
        assert receipt is not None
        for name in (str(theirs), "../../../theirs.txt"):
            assert (target_of(root) / name).exists()
            export.receipts.write(replace(receipt, shard=f"of {name}", files=((name, 4),)))
    export_as(TEXT, root)
    assert theirs.read_text() == "mine"


def test_a_left_out_clip_is_named_and_stands_in_no_file(root: Path) -> None:
    clip_file(root, 2).unlink()
    clip_file(root, 7).write_bytes(b"another file")
    finish, _ = export_as(TEXT, root)
    assert finish.left_out == {
        MORE[2].key: left_out(2, "the file is gone"),
        MORE[7].key: left_out(7, "the file is not the one that was recorded"),
    }
    text = b"".join(files_of(target_of(root)).values()).decode()
    assert [segment.ytid in text for segment in MORE[:8]] == [True, True, False, *[True] * 4, False]


def left_out(number: int, reason: str) -> LeftOut:
    return LeftOut(MORE[number].key, "eval", layout.clip_path(MORE[number], "flac"), reason)


def test_what_is_left_out_is_told_again_though_nothing_is_made_again(root: Path) -> None:
    clip_file(root, 2).unlink()
    first, _ = export_as(TEXT, root)
    again, made = export_as(TEXT, root)
    assert made == 0
    assert again.left_out == first.left_out


def test_a_clip_that_is_back_is_exported_after_all(root: Path) -> None:
    export_as(TEXT, root, to="undisturbed")
    path = clip_file(root, 2)
    path.rename(root / "away")
    export_as(TEXT, root)
    (root / "away").rename(path)
    finish, made = export_as(TEXT, root)
    assert (made, finish.left_out) == (1, {})
    assert files_of(target_of(root)) == files_of(root / "exports/undisturbed")


def test_formats_that_read_no_clip_leave_out_what_is_gone_or_cut(root: Path) -> None:
    lists = replace(TEXT, name="lists", shards=None)
    clip_file(root, 2).unlink()
    os.truncate(clip_file(root, 3), 10)
    finish, _ = export_as(lists, root)
    reasons = {key: one.reason for key, one in finish.left_out.items()}
    assert reasons == {MORE[2].key: "the file is gone", MORE[3].key: "the file has another size"}
    assert not {MORE[2].key, MORE[3].key} & set((root / "exports/lists/eval/keys.txt").read_text().split())


async def test_names_by_video_are_refused_where_a_video_has_two_clips(tmp_path: Path) -> None:
    twins = [MORE[0], replace(MORE[0], span=Span(60_000, 60_010))]
    await make_data_set(tmp_path, replace(SHORT, count=2), segments=twins)
    picky = replace(TEXT, needs_one_clip_per_video=True)
    with opened_as(picky, tmp_path) as export, pytest.raises(UsageError, match="several clips"):
        plan(export)


@pytest.mark.parametrize("name", ["eval", "eval/0.txt", ".asyncdl/receipts"])
def test_a_link_that_somebody_has_planted_is_not_followed(name: str, root: Path, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere"
    there.mkdir()
    path = target_of(root) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(there)
    with opened_as(TEXT, root) as export, pytest.raises(EnvironmentFault, match="in the way"):
        make_todo(export, prepare(export))
    assert not list(there.iterdir())


def test_completing_counts_the_clips_of_formats_without_shards(root: Path) -> None:
    counted = []
    with opened_as(replace(TEXT, name="lists", shards=None), root) as export:
        complete(export, prepare(export), lambda: counted.append(1))
    assert len(counted) == 8
