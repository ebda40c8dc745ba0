"""Kills between a shard's files and its receipt: what is there is vouched for, made anew, or swept."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from asyncdl.core.events import ClipLost
from asyncdl.exporting.contract import Exporter, Facts, Linking, ShardWriter, Terms
from asyncdl.exporting.linking import link_clip, whole_clip
from asyncdl.exporting.steps import prepare
from asyncdl.exporting.wav_files import plan_wavs, write_wavs
from asyncdl.exporting.work import ShardWork
from support.exports import Sounding, files_of, make_data_set, make_todo, segments_of
from support.made_formats import ROWS, TEXT, export_as, opened_as

SHORT = Sounding(count=8, seconds=0.01, rate=16_000, channels=1, splits=("eval",))
SEGMENTS = segments_of(SHORT)
WAVS = replace(
    TEXT, shards=ShardWriter(lambda table, _: plan_wavs(table), lambda work: write_wavs(work, 8000))
)


class Interrupted(BaseException):
    """The end of the process, at a point of its own choosing."""


def write_keys(work: ShardWork) -> Facts:
    """Write files that are equally long whichever clips are in them."""
    with work.part() as part:
        part.write_text("".join(f"{clip.key}\n" for clip, _ in work.contents()))
    return {}


def link_clips(work: ShardWork) -> Facts:
    for clip, source in work.each(lambda _, clip: whole_clip(work.place, clip)):
        final = work.place.target / f"{clip.key}.flac"
        size_bytes = link_clip(source, final, work.place, work.terms.by)
        work.files.append((final.name, size_bytes))
    return {}


def format_of(write: Callable[[ShardWork], Facts]) -> Exporter:
    assert TEXT.shards is not None
    return replace(TEXT, shards=ShardWriter(TEXT.shards.plan, write))


def killed_before_receipts(exporter: Exporter, root: Path, terms: Terms | None = None) -> None:
    """Write all shards that are to be made, each by a process that ends before it vouches for it."""
    assert exporter.shards is not None

    def write(write_shard: Callable[[ShardWork], Facts], work: ShardWork) -> Facts:
        write_shard(work)
        raise Interrupted

    killed = replace(exporter.shards, write=partial(write, exporter.shards.write))
    with opened_as(replace(exporter, shards=killed), root, terms) as export:
        agenda = prepare(export)
        for number in agenda.todo:
            with suppress(Interrupted):
                make_todo(export, replace(agenda, todo=(number,)))


async def lose(root: Path, *numbers: int) -> None:
    lost = [ClipLost(SEGMENTS[number].key, 0, 1, "gone") for number in numbers]
    await make_data_set(root, replace(SHORT, count=0), segments=SEGMENTS, more=lost)


@pytest.fixture(name="root")
async def _root(tmp_path: Path) -> Path:
    await make_data_set(tmp_path / "set", SHORT)
    return tmp_path / "set"


def target_of(root: Path) -> Path:
    return root / "exports/text"


def test_a_shard_that_was_written_over_is_not_taken_for_what_it_was(root: Path) -> None:
    keys = format_of(write_keys)
    export_as(keys, root, Terms(seed=0))
    whole = files_of(target_of(root))
    killed_before_receipts(keys, root, Terms(seed=1))
    assert files_of(target_of(root)) != whole
    export_as(keys, root, Terms(seed=0))
    assert files_of(target_of(root)) == whole


@pytest.mark.parametrize("exporter", [TEXT, WAVS], ids=["a file a shard", "a file a clip"])
async def test_files_that_nothing_vouches_for_do_not_outlive_their_plan(
    exporter: Exporter, root: Path
) -> None:
    killed_before_receipts(exporter, root)
    await lose(root, 4, 5, 6, 7)
    export_as(exporter, root)
    export_as(exporter, root, to="undisturbed")
    assert files_of(target_of(root)) == files_of(root / "exports/undisturbed")


async def test_a_shared_file_whose_rows_are_made_anew_does_not_outlive_its_plan(root: Path) -> None:
    export_as(ROWS, root)
    await lose(root, 7)
    with opened_as(ROWS, root) as export:
        prepare(export)  # and no further
    await lose(root, *range(8))
    with opened_as(ROWS, root) as export:
        agenda = prepare(export)
        assert agenda.shards == ()
    export_as(ROWS, root)
    assert files_of(root / "exports/rows") == {}


def test_a_shard_that_has_no_file_any_more_leaves_none(root: Path) -> None:
    def write(work: ShardWork) -> Facts:
        found = list(work.contents())
        return write_keys(work) if found else {}

    export_as(format_of(write), root)
    for path in root.glob("clips/*/*/*.flac"):
        if path.stem in {segment.key for segment in SEGMENTS[:2]}:
            path.unlink()
    newer = replace(format_of(write), shards=ShardWriter(TEXT.shards.plan, write, 2)) if TEXT.shards else TEXT
    export_as(newer, root)
    assert "eval/0.txt" not in files_of(target_of(root))


@pytest.mark.parametrize("to", ["exports/text", "../elsewhere"], ids=["inside", "outside"])
def test_links_lead_to_the_clips_after_the_data_set_has_moved(to: str, root: Path) -> None:
    links = format_of(link_clips)
    place = str(Path("..") / to)
    export_as(links, root, Terms(by=Linking.SYMLINK), place)
    assert export_as(links, root, Terms(by=Linking.SYMLINK), place)[1] == 0
    moved = root.rename(root.with_name("moved"))
    _, made = export_as(links, moved, Terms(by=Linking.SYMLINK), place)
    assert made == (0 if to.startswith("exports") else 4)
    found = [path for path in (moved / to).glob("*.flac") if path.is_symlink()]
    assert len(found) == 8
    assert all(path.read_bytes() for path in found)


def test_a_data_set_that_has_moved_keeps_what_is_no_link(root: Path) -> None:
    export_as(TEXT, root, to="../../elsewhere")
    moved = root.rename(root.with_name("moved"))
    assert export_as(TEXT, moved, to="../../elsewhere")[1] == 0
