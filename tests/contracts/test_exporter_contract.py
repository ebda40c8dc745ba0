"""What every data set format holds to; a new file in ``asyncdl/exporters`` is tested here at once."""

from __future__ import annotations

import ast as syntax
import importlib
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.core.events import ClipLost
from asyncdl.core.model import Segment
from asyncdl.errors import AsyncdlError
from asyncdl.exporters import exporter_names, load_exporter, missing_modules
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Choice, Terms
from asyncdl.exporting.receipts import Receipts
from asyncdl.exporting.steps import STATE, plan, prepare
from support.exports import (
    Sounding,
    export_all,
    files_of,
    make_data_set,
    make_todo,
    opened,
    segments_of,
    stored_clips,
)

NAMES = exporter_names()
# 15 kB, whichever clips there are; what is announced is told by the clip.
CLASS_LISTS = {"class_labels_indices.csv", "label_descriptors.csv"}
SOUNDING = Sounding(count=6, seconds=0.25, splits=("eval", "balanced_train"))


def usual_terms(name: str) -> Terms:
    """What a format cannot do without."""
    return Terms(like="walnet" if name == "layout" else "", fast=name == "cochleagram")


def other_terms(name: str) -> Terms:
    """More files than usual: one for each clip, or for few of them."""
    if name == "lhotse":
        return Terms(shar=True, max_shard_bytes=60_000)
    takes_wav = Choice.WAV in load_exporter(name).takes
    return replace(usual_terms(name), wav=8000 if takes_wav else None)


class Interrupted(BaseException):
    """The end of the process."""


def interrupted(*_: object) -> None:
    raise Interrupted


def eventful(segment: Segment) -> Segment:
    """As a strong list would have it."""
    events = json.dumps([[0.05, 0.2, mid] for mid in segment.labels])
    return replace(segment, columns=(("events", events),))


async def data_set(root: Path) -> Path:
    await make_data_set(root, SOUNDING, segments=[eventful(one) for one in segments_of(SOUNDING)])
    return root


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    if missing := missing_modules(load_exporter(found)):
        pytest.skip(f"{', '.join(missing)} is not installed")
    return found


@pytest.mark.parametrize("module", NAMES)
def test_a_module_defines_the_exporter_of_its_own_name_and_says_what_it_writes(module: str) -> None:
    exporter = load_exporter(module)
    assert exporter.name == module
    assert exporter.summary
    assert "\n" not in exporter.summary
    assert bool(exporter.extra) == bool(exporter.modules)
    assert (Choice.ROOT in exporter.takes) == (exporter.reanchor is not None)


@pytest.mark.parametrize("module", NAMES)
def test_no_format_imports_another_nor_an_optional_library_before_it_is_used(module: str) -> None:
    path = Path(importlib.import_module(f"asyncdl.exporters.{module}").__file__ or "")
    tree = syntax.parse(path.read_text())
    imported = {node.module for node in tree.body if isinstance(node, syntax.ImportFrom) and node.module}
    imported |= {alias.name for node in tree.body if isinstance(node, syntax.Import) for alias in node.names}
    others = {f"asyncdl.exporters.{other}" for other in NAMES} | {"asyncdl.exporters"}
    assert not imported & others
    optional = {"h5py", "scipy", "pyarrow", "soundfile", "soxr"}
    assert not {one.partition(".")[0] for one in imported} & optional


async def test_the_same_clips_and_terms_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    root = await data_set(tmp_path / "set")
    first = export_all(root, name, tmp_path / "one", usual_terms(name)).place.target
    second = export_all(root, name, tmp_path / "two", usual_terms(name)).place.target
    one, two = files_of(first), files_of(second)
    assert one
    assert one.keys() == two.keys()
    for path, content in one.items():
        assert content.replace(str(first).encode(), b"") == two[path].replace(str(second).encode(), b"")


async def test_what_is_whole_is_not_made_again(name: str, tmp_path: Path) -> None:
    root = await data_set(tmp_path / "set")
    before = files_of(export_all(root, name, tmp_path / "out", usual_terms(name)).place.target)
    with opened(root, name, tmp_path / "out", usual_terms(name)) as export:
        agenda = prepare(export)
        assert agenda.todo == ()
        complete(export, agenda)
    assert files_of(tmp_path / "out") == before


async def test_a_killed_export_goes_on_to_the_same_bytes(name: str, tmp_path: Path) -> None:
    root = await data_set(tmp_path / "set")
    target = tmp_path / "out"
    undisturbed = files_of(export_all(root, name, target, usual_terms(name)).place.target)
    target.rename(tmp_path / "undisturbed")
    with opened(root, name, target, usual_terms(name)) as export:
        agenda = prepare(export)
        assert make_todo(export, agenda, most=1) == min(len(agenda.shards), 1)
    export_all(root, name, target, usual_terms(name))
    assert files_of(target) == undisturbed


async def test_a_clip_that_is_no_longer_whole_is_left_out_and_named(name: str, tmp_path: Path) -> None:
    root = await data_set(tmp_path / "set")
    victim = stored_clips(root)[1]
    path = root / victim.path
    path.write_bytes(path.read_bytes()[:-40])
    with opened(root, name, tmp_path / "out", usual_terms(name)) as export:
        agenda = prepare(export)
        make_todo(export, agenda)
        finish = complete(export, agenda)
        assert list(finish.left_out) == [victim.key]
        assert finish.left_out[victim.key].reason
        assert victim.key not in {clip.key for clip in finish.clips()}


async def test_only_the_splits_that_are_asked_for_are_exported(name: str, tmp_path: Path) -> None:
    root = await data_set(tmp_path / "set")
    terms = replace(usual_terms(name), splits=("balanced_train",))
    finish = export_all(root, name, tmp_path / "out", terms)
    assert finish.splits == ("balanced_train",)
    told = b"".join(files_of(finish.place.target).values())
    assert not [clip.key for clip in stored_clips(root)[:3] if clip.segment.ytid.encode() in told]


@pytest.mark.parametrize("is_other", [False, True], ids=["usual terms", "other terms"])
async def test_an_export_takes_no_more_than_was_announced(name: str, is_other: bool, tmp_path: Path) -> None:
    root = await data_set(tmp_path / "set")
    terms = other_terms(name) if is_other else usual_terms(name)
    if is_other and terms == usual_terms(name):
        pytest.skip("it knows no terms that make other files")
    with opened(root, name, tmp_path / "out", terms) as export:
        sizes = export.exporter.clip_bytes(export.table, export.terms)
        assert len(sizes) == len(export.table)
        agenda = prepare(export)
        make_todo(export, agenda)
        for shard in agenda.shards:
            receipt = export.receipts.read(shard.name)
            assert receipt is not None
            assert sum(size for _, size in receipt.files) <= sum(sizes[shard.first :][: shard.count])
        written = set(files_of(complete(export, agenda).place.target)) - CLASS_LISTS
        assert written
        assert sum((tmp_path / "out" / path).lstat().st_size for path in written) <= sum(sizes)


async def test_a_shard_whose_writer_was_killed_before_it_vouched_leaves_nothing_to_a_smaller_plan(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = await data_set(tmp_path / "set")
    terms = other_terms(name)
    with opened(root, name, tmp_path / "out", terms) as export, monkeypatch.context() as patch:
        agenda = prepare(export)
        patch.setattr(Receipts, "write", interrupted)
        for number in agenda.todo:
            with suppress(Interrupted):
                make_todo(export, replace(agenda, todo=(number,)))
    lost = [ClipLost(clip.key, 0, 1, "gone") for clip in (*stored_clips(root)[1:3], *stored_clips(root)[4:6])]
    segments = [eventful(one) for one in segments_of(SOUNDING)]
    await make_data_set(root, replace(SOUNDING, count=0), segments=segments, more=lost)
    finish = export_all(root, name, tmp_path / "out", terms)
    assert len(finish.table) == 2
    assert list(files_of(tmp_path / "out")) == list(
        files_of(export_all(root, name, tmp_path / "anew", terms).place.target)
    )


async def test_a_maximum_for_shards_is_kept_or_refused_with_its_flag(name: str, tmp_path: Path) -> None:
    root = await data_set(tmp_path / "set")
    if Choice.MAX_SHARD_SIZE not in load_exporter(name).takes:
        pytest.skip("it has no shards whose size matters")
    usual = replace(usual_terms(name), shar=name == "lhotse")
    with opened(root, name, tmp_path / "out", usual) as export:
        most = 2 * int(max(export.exporter.clip_bytes(export.table, export.terms))) + 100_000
        few = plan(export)
    terms = replace(usual, max_shard_bytes=most)
    target = export_all(root, name, tmp_path / "out", terms).place.target
    assert all(len(content) <= most for content in files_of(target).values())
    with opened(root, name, tmp_path / "out", terms) as export:
        assert len(plan(export)) >= len(few)
    tiny = replace(terms, max_shard_bytes=10)
    with (
        opened(root, name, tmp_path / "out", tiny) as export,
        pytest.raises(AsyncdlError, match="--max-shard-size"),
    ):
        plan(export)


async def test_nothing_of_ours_is_left_under_a_temporary_name(name: str, tmp_path: Path) -> None:
    root = await data_set(tmp_path / "set")
    export_all(root, name, tmp_path / "out", usual_terms(name))
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".part")]
    assert not (tmp_path / "out" / STATE / "parts").exists()


@pytest.mark.parametrize("name", ["metadata", "panns", "parquet", "passt"])
async def test_lists_given_as_audiosets_files_have_the_names_that_trainers_know(
    name: str, tmp_path: Path
) -> None:
    files = replace(SOUNDING, splits=("eval_segments", "balanced_train_segments"))
    await make_data_set(tmp_path / "files", files)
    await make_data_set(tmp_path / "names", SOUNDING)
    of_files, of_names = (export_all(tmp_path / one, name).place.target for one in ("files", "names"))
    assert files_of(of_files).keys() == files_of(of_names).keys()
