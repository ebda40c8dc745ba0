"""PANNs' HDF5 files, read back by the rules of its data set: through the index, to a row of a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.events import ClipLost
from asyncdl.core.export import StoredClip
from asyncdl.errors import UsageError
from asyncdl.exporters import panns
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.slabs import slabs
from asyncdl.exporting.steps import prepare
from asyncdl.exporting.table import Stretch
from asyncdl.labels import load_labels
from support.exports import Sounding, export_all, files_of, make_data_set, make_todo, opened, stored_clips
from support.panns_reader import Read, load

ROW_BYTES = 20 + 2 * 320_000 + 527
INDEXES = {"hdf5s/indexes/balanced_train.h5", "hdf5s/indexes/eval.h5", "hdf5s/indexes/full_train.h5"}
WAVEFORMS = {"hdf5s/waveforms/balanced_train.h5", "hdf5s/waveforms/eval.h5"}


def expected(root: Path, clip: StoredClip) -> npt.NDArray[np.int16]:
    sound, rate = soundfile.read(root / clip.path, dtype="float32", always_2d=True)
    samples = soxr.resample(sound.mean(axis=1), rate, 32_000)[:320_000]
    padded = np.zeros(320_000, np.float32)
    padded[: len(samples)] = samples
    return np.asarray(np.trunc(np.clip(padded, -1, 1) * np.float32(32767)), np.int16)


def classes(clip: StoredClip) -> list[int]:
    mids = [label.mid for label in load_labels().classes]
    return sorted(mids.index(mid) for mid in clip.segment.labels)


def target_of(root: Path) -> Path:
    return root / "exports" / "panns"


async def test_a_reader_finds_every_clip_through_the_index_with_its_sound_and_labels(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    target = export_all(tmp_path, "panns").place.target
    assert set(files_of(target)) == INDEXES | WAVEFORMS
    for split in ("eval", "balanced_train"):
        items = load(target / f"hdf5s/indexes/{split}.h5")
        clips = [clip for clip in stored_clips(tmp_path) if clip.segment.split == split]
        assert list(items) == [f"Y{clip.segment.ytid}.wav" for clip in clips]
        for row, (clip, item) in enumerate(zip(clips, items.values(), strict=True)):
            assert (item.path, item.row) == (str(target / f"hdf5s/waveforms/{split}.h5"), row)
            assert np.flatnonzero(item.target).tolist() == classes(clip)
            np.testing.assert_array_equal(item.waveform, expected(tmp_path, clip))


async def test_a_file_holds_the_types_that_panns_reads(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=2, splits=("eval",)))
    export_all(tmp_path, "panns")
    with h5py.File(target_of(tmp_path) / "hdf5s/waveforms/eval.h5", "r") as file:
        assert {name: (file[name].shape, str(file[name].dtype)) for name in file} == {
            "audio_name": ((2,), "|S20"),
            "waveform": ((2, 320_000), "int16"),
            "target": ((2, 527), "bool"),
        }
        assert file.attrs["sample_rate"] == 32_000
        assert file.attrs["sample_rate"].dtype == np.int32


async def test_a_clip_of_more_than_ten_seconds_is_cut(tmp_path: Path) -> None:
    sounding = Sounding(count=1, seconds=10.5, rate=32_000, channels=1, splits=("eval",))
    await make_data_set(tmp_path, sounding)
    export_all(tmp_path, "panns")
    (item,) = load(target_of(tmp_path) / "hdf5s/indexes/eval.h5").values()
    (clip,) = stored_clips(tmp_path)
    np.testing.assert_array_equal(item.waveform, expected(tmp_path, clip))
    assert item.waveform[-1000:].any()


async def test_all_train_parts_stand_in_a_row_in_the_full_index(tmp_path: Path) -> None:
    splits = ("balanced_train", "eval", "unbalanced_train")
    await make_data_set(tmp_path, Sounding(count=3, splits=splits))
    target = export_all(tmp_path, "panns").place.target
    part = "unbalanced_train/unbalanced_train_part00.h5"
    assert (target / "hdf5s/waveforms" / part).is_file()
    parts = [load(target / "hdf5s/indexes" / name) for name in ("balanced_train.h5", part)]
    full = load(target / "hdf5s/indexes/full_train.h5")
    assert [(name, item.path, item.row) for name, item in full.items()] == [
        (name, item.path, item.row) for items in parts for name, item in items.items()
    ]


async def test_a_clip_that_does_not_decode_has_no_row_anywhere(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    clips = stored_clips(tmp_path)
    for broken in (clips[1], clips[7]):
        (tmp_path / broken.path).write_bytes(b"no sound")
    finish = export_all(tmp_path, "panns")
    assert set(finish.left_out) == {clips[1].key, clips[7].key}
    kept = [clip for number, clip in enumerate(clips) if number not in {1, 7}]
    items = {name: item for name in ("eval", "balanced_train") for name, item in _items(tmp_path, name)}
    assert list(items) == [f"Y{clip.segment.ytid}.wav" for clip in kept]
    for clip, item in zip(kept, items.values(), strict=True):
        np.testing.assert_array_equal(item.waveform, expected(tmp_path, clip))


def _items(root: Path, split: str) -> list[tuple[str, Read]]:
    return list(load(target_of(root) / f"hdf5s/indexes/{split}.h5").items())


async def test_a_split_without_a_clip_that_decodes_is_an_empty_file(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=1, splits=("eval",)))
    (tmp_path / stored_clips(tmp_path)[0].path).unlink()
    export_all(tmp_path, "panns")
    assert _items(tmp_path, "eval") == []


async def test_a_killed_export_goes_on_and_gives_the_bytes_of_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panns, "_SHARD_ROWS", 1)
    await make_data_set(tmp_path, Sounding(count=4))
    terms = Terms(root="/data/panns")
    whole = files_of(export_all(tmp_path, "panns", tmp_path / "whole", terms).place.target)
    with opened(tmp_path, "panns", tmp_path / "killed", terms) as export:
        assert make_todo(export, prepare(export), most=3) == 3
        assert not files_of(tmp_path / "killed")
    with opened(tmp_path, "panns", tmp_path / "killed", terms) as export:
        agenda = prepare(export)
        assert make_todo(export, agenda) == 1
        complete(export, agenda)
    assert files_of(tmp_path / "killed") == whole


async def test_no_file_is_larger_than_asked_for_and_stale_parts_go_with_their_indexes(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    most_bytes = 2 * ROW_BYTES + 9000
    target = export_all(tmp_path, "panns", terms=Terms(max_shard_bytes=most_bytes)).place.target
    parts = {f"{split}/{split}_part0{part}.h5" for split in ("eval", "balanced_train") for part in (0, 1)}
    files = files_of(target)
    folders = ("hdf5s/waveforms", "hdf5s/indexes")
    assert set(files) == {f"{folder}/{part}" for folder in folders for part in parts} | {
        "hdf5s/indexes/full_train.h5"
    }
    assert all(len(data) <= most_bytes for data in files.values())
    assert len(load(target / "hdf5s/indexes/full_train.h5")) == 4
    export_all(tmp_path, "panns")
    assert set(files_of(target)) == INDEXES | WAVEFORMS
    clips = stored_clips(tmp_path)
    lost = [ClipLost(clip.key, 0, 1, "gone") for clip in clips if clip.segment.split != "eval"]
    await make_data_set(tmp_path, Sounding(count=0), segments=[clips[0].segment], more=lost)
    export_all(tmp_path, "panns")
    assert set(files_of(target)) == {"hdf5s/indexes/eval.h5", "hdf5s/waveforms/eval.h5"}


async def test_indexes_are_vouched_for(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    with opened(tmp_path, "panns") as export:
        agenda = prepare(export)
        make_todo(export, agenda)
        assert set(complete(export, agenda).written) == INDEXES


@pytest.mark.parametrize(
    ("split", "is_train"),
    [
        ("balanced_train", True),
        ("unbalanced_train", True),
        ("strong_train", True),
        ("full_train", True),
        ("train", True),
        ("train-2", True),
        ("train_clean", True),
        ("my.train", True),
        ("constrained_eval", False),
        ("trainer", False),
        ("constrain", False),
        ("strain_eval", False),
        ("eval", False),
    ],
)
async def test_the_full_index_is_of_the_splits_that_train_is_a_word_of(
    split: str, is_train: bool, tmp_path: Path
) -> None:
    await make_data_set(tmp_path, Sounding(count=1, splits=(split,)))
    target = export_all(tmp_path, "panns").place.target
    full = target / "hdf5s/indexes/full_train.h5"
    assert full.exists() is is_train
    if is_train:
        assert len(load(full)) == 1


async def test_a_split_with_the_name_of_the_full_index_has_an_index_of_its_own(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=4, splits=("balanced_train", "full_train")))
    target = export_all(tmp_path, "panns").place.target
    assert len(load(target / "hdf5s/indexes/full_train/full_train_part00.h5")) == 2
    assert len(load(target / "hdf5s/indexes/full_train.h5")) == 4


async def test_a_size_that_holds_no_clip_is_refused(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    with pytest.raises(UsageError, match="--max-shard-size is too small"):
        export_all(tmp_path, "panns", terms=Terms(max_shard_bytes=ROW_BYTES))


async def test_the_bytes_told_beforehand_are_enough(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    with opened(tmp_path, "panns") as export:
        told = sum(export.exporter.clip_bytes(export.table, export.terms))
    written = sum(map(len, files_of(export_all(tmp_path, "panns").place.target).values()))
    assert written <= told <= 1.02 * written


def test_unbalanced_train_has_parts_of_50000_rows() -> None:
    stretch = Stretch("unbalanced_train", 7, 120_001)
    shards = list(slabs(stretch, panns._files(stretch, Terms()), 125))
    rows: dict[str, int] = {}
    for shard in shards:
        rows[shard.file] = rows.get(shard.file, 0) + shard.count
    name = "hdf5s/waveforms/unbalanced_train/unbalanced_train_part0{}.h5"
    assert rows == {name.format(0): 50_000, name.format(1): 50_000, name.format(2): 20_001}


@given(
    st.sampled_from(["eval", "unbalanced_train"]),
    st.integers(0, 3000),
    st.none() | st.integers(700_000, 400_000_000),
)
def test_shards_take_every_clip_once_and_fill_their_files_from_the_first_row_on(
    split: str, count: int, most_bytes: int | None
) -> None:
    stretch = Stretch(split, 5, count)
    shards = list(slabs(stretch, panns._files(stretch, Terms(max_shard_bytes=most_bytes)), 125))
    filled: dict[str, int] = {}
    first = 5
    for shard in shards:
        assert (shard.first, shard.row) == (first, filled.get(shard.file, 0))
        assert 0 < shard.count <= 125
        first += shard.count
        filled[shard.file] = shard.row + shard.count
    assert first == 5 + count
    assert len({shard.name for shard in shards}) == len(shards)
    assert all(rows * ROW_BYTES < (most_bytes or 1 << 62) for rows in filled.values())


async def test_an_export_for_another_folder_is_found_there(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    export_all(tmp_path, "panns", terms=Terms(root="/data/panns"))
    with h5py.File(target_of(tmp_path) / "hdf5s/indexes/eval.h5", "r") as index:
        assert set(index["hdf5_path"][:].tolist()) == {b"/data/panns/hdf5s/waveforms/eval.h5"}


async def test_labels_outside_of_the_527_have_no_bit(tmp_path: Path) -> None:
    (segment,) = await make_data_set(tmp_path / "first", Sounding(count=1))
    odd = replace(segment, labels=("/m/0174k2", "/m/09x0r"))
    await make_data_set(tmp_path, Sounding(count=1), segments=[odd])
    export_all(tmp_path, "panns")
    ((_, item),) = _items(tmp_path, "eval")
    assert np.flatnonzero(item.target).tolist() == [0]


async def test_several_clips_of_a_video_are_refused(tmp_path: Path) -> None:
    (segment,) = await make_data_set(tmp_path / "first", Sounding(count=1))
    other = replace(segment, span=replace(segment.span, start_ms=0))
    await make_data_set(tmp_path, Sounding(count=2), segments=[segment, other])
    with pytest.raises(UsageError, match="names clips by their videos"):
        export_all(tmp_path, "panns")
