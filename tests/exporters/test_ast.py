"""The lists that AST's data set class loads: JSON, weights and WAV files, read by its rules."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr

from asyncdl.core.export import StoredClip
from asyncdl.core.model import Segment, Span
from asyncdl.errors import UsageError
from asyncdl.exporters import load_exporter
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.finishing import PassedOver
from asyncdl.exporting.steps import plan, prepare
from support.exports import (
    Sounding,
    export_all,
    files_of,
    make_data_set,
    make_todo,
    opened,
    stored_clips,
)

SMALL = Sounding(count=4)
SUITABLE = Sounding(count=4, rate=16_000, channels=1)


@dataclass(frozen=True)
class Loaded:
    """What AST's class has of one item."""

    sound: npt.NDArray[np.int16]
    rate: int
    target: npt.NDArray[np.float64]
    weight: float


def load(target: Path, split: str) -> dict[str, Loaded]:
    """Load a list: sound by its path, classes by the table, weights by the list's name; keys are paths."""
    with (target / "class_labels_indices.csv").open(newline="") as table:
        index = {row["mid"]: int(row["index"]) for row in csv.DictReader(table)}
    items = json.loads((target / f"{split}.json").read_text())["data"]
    weights = np.loadtxt(target / f"{split}_weight.csv", ndmin=1)
    assert len(weights) == len(items)
    loaded = {}
    for item, weight in zip(items, weights, strict=True):
        sound, rate = soundfile.read(item["wav"], dtype="int16", always_2d=True)
        of_class = np.zeros(527)
        for mid in item["labels"].split(","):
            of_class[index[mid]] = 1.0
        assert Path(item["wav"]).is_absolute()
        loaded[item["wav"]] = Loaded(sound, rate, of_class, float(weight))
    return loaded


def at_16_khz(root: Path, clip: StoredClip) -> npt.NDArray[np.int16]:
    sound, rate = soundfile.read(root / clip.path, dtype="float32", always_2d=True)
    made = soxr.resample(sound.mean(axis=1), rate, 16_000, quality="HQ")
    return np.asarray(np.rint(made * 32768).clip(-32768, 32767), np.int16)


async def test_the_class_loads_sound_at_16_khz_mono_and_the_official_classes(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    target = export_all(tmp_path, "ast").place.target
    for split in ("eval", "balanced_train"):
        loaded = load(target, split)
        clips = [clip for clip in stored_clips(tmp_path) if clip.segment.split == split]
        assert [Path(path).stem for path in loaded] == [clip.segment.ytid for clip in clips]
        for clip, one in zip(clips, loaded.values(), strict=True):
            assert (one.rate, one.sound.shape) == (16_000, (4000, 1))
            assert np.array_equal(one.sound[:, 0], at_16_khz(tmp_path, clip))
            assert one.target.sum() == len(clip.segment.labels)
        assert all(one.target[0] == 1 for one in loaded.values())  # /m/09x0r, Speech, is class 0


async def test_weights_are_those_of_ast_s_own_program(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    loaded = [*load(export_all(tmp_path, "ast").place.target, "eval").values()]
    targets = np.array([one.target for one in loaded])
    of_class = 1000.0 / (targets.sum(axis=0) + 0.01)
    assert [one.weight for one in loaded] == pytest.approx((targets * of_class).sum(axis=1), rel=1e-12)


async def test_clips_without_a_class_are_in_no_list_but_named(tmp_path: Path) -> None:
    known = Segment("knownClip_1", Span(0, 250), "eval", ("/t/dd00141", "/m/09x0r", "/m/09x0r"))
    foreign = Segment("foreignClip", Span(0, 250), "train", ("/t/dd00141",))
    bare = Segment("unlabelled1", Span(0, 250), "train")
    await make_data_set(tmp_path, segments=[known, foreign, bare])
    finish = export_all(tmp_path, "ast")
    target = finish.place.target
    (item,) = json.loads((target / "eval.json").read_text())["data"]
    assert item["labels"] == "/m/09x0r"
    assert json.loads((target / "train.json").read_text()) == {"data": []}
    assert (target / "train_weight.csv").read_bytes() == b""
    assert (target / "unlabelled.txt").read_text() == "train/foreignClip_0_250\ntrain/unlabelled1_0_250\n"
    assert [path.stem for path in target.rglob("*.wav")] == ["knownClip_1"]
    assert finish.passed_over == {("train", PassedOver.NO_CLASS): 2}
    alone = export_all(tmp_path, "ast", tmp_path / "alone", Terms(splits=("eval",)))
    assert not (alone.place.target / "unlabelled.txt").exists()
    assert not alone.passed_over


async def test_clips_that_are_16_khz_mono_are_pointed_at_and_not_written_again(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SUITABLE)
    clips = [clip for clip in stored_clips(tmp_path) if clip.segment.split == "eval"]
    finish = export_all(tmp_path, "ast")
    assert not finish.shards
    loaded = load(finish.place.target, "eval")
    assert [*loaded] == [str(tmp_path / clip.path) for clip in clips]
    assert not [*finish.place.target.rglob("*.wav")]


async def test_a_clip_that_is_pointed_at_is_left_out_once_its_file_is_another(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SUITABLE)
    clip = stored_clips(tmp_path)[0]
    (tmp_path / clip.path).write_bytes(b"other")
    finish = export_all(tmp_path, "ast")
    assert [*finish.left_out] == [clip.key]
    assert len(load(finish.place.target, "eval")) == 1


async def test_a_rate_that_is_asked_for_makes_files_of_clips_that_would_do(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SUITABLE)
    loaded = load(export_all(tmp_path, "ast", terms=Terms(wav=8000)).place.target, "eval")
    assert [(one.rate, len(one.sound)) for one in loaded.values()] == [(8000, 2000)] * 2
    again = export_all(tmp_path, "ast").place.target
    assert not [*again.rglob("*.wav")], "files that no list names any more are swept"


async def test_a_clip_that_does_not_decode_is_in_no_list_and_has_no_weight(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    clip = stored_clips(tmp_path)[1]
    (tmp_path / clip.path).unlink()
    finish = export_all(tmp_path, "ast")
    assert [*finish.left_out] == [clip.key]
    loaded = load(finish.place.target, "eval")
    assert len(loaded) == 1
    assert clip.segment.ytid not in "".join(loaded)


async def test_two_exports_are_equal_and_a_killed_one_goes_on_to_the_same(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    terms = Terms(root="/data/ast")
    whole = export_all(tmp_path, "ast", tmp_path / "one", terms).place.target
    with opened(tmp_path, "ast", tmp_path / "two", terms) as export:
        agenda = prepare(export)
        assert len(agenda.todo) == 2
        make_todo(export, agenda, most=1)
    with opened(tmp_path, "ast", tmp_path / "two", terms) as export:
        agenda = prepare(export)
        assert len(agenda.todo) == 1
        make_todo(export, agenda)
        complete(export, agenda)
    assert files_of(whole) == files_of(tmp_path / "two")


async def test_lists_name_files_below_the_root_that_was_told_and_follow_to_another(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    target = export_all(tmp_path, "ast", terms=Terms(root="/data/ast")).place.target
    text = (target / "eval.json").read_text()
    assert text.count('"/data/ast/wav/eval/') == 2
    reanchor = load_exporter("ast").reanchor
    assert reanchor is not None
    assert reanchor(target, Path("/else")) == 4
    assert (target / "eval.json").read_text() == text.replace("/data/ast/", "/else/")
    assert reanchor(target, target) == 4
    assert len(load(target, "eval")) == 2
    assert reanchor(target, target) == 0


async def test_clips_that_are_pointed_at_are_found_by_a_root_that_ends_as_the_export_does(
    tmp_path: Path,
) -> None:
    await make_data_set(tmp_path, SUITABLE)
    target = export_all(tmp_path, "ast", terms=Terms(root="/data/set/exports/ast")).place.target
    text = (target / "eval.json").read_text()
    assert text.count('"/data/set/clips/eval/') == 2
    reanchor = load_exporter("ast").reanchor
    assert reanchor is not None
    assert reanchor(target, target) == 4
    assert len(load(target, "eval")) == 2
    with pytest.raises(UsageError, match="does not tell where the data set's clips are"):
        export_all(tmp_path, "ast", terms=Terms(root="/data/ast"))
    with pytest.raises(UsageError, match="does not tell where the data set's clips are"):
        reanchor(target, Path("/data/ast"))


async def test_the_bound_on_disk_holds_and_shards_are_even(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=5, rate=11_025))
    with opened(tmp_path, "ast") as export:
        bound = sum(export.exporter.clip_bytes(export.table, export.terms))
        assert [(shard.split, shard.count) for shard in plan(export)] == [("eval", 3), ("balanced_train", 2)]
    files = files_of(export_all(tmp_path, "ast").place.target)
    del files["class_labels_indices.csv"]
    assert sum(map(len, files.values())) <= bound
    assert len([name for name in files if name.endswith(".wav")]) == 5
