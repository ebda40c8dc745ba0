"""Forms with the sound inside: WebDataset tars, Parquet, and lhotse's Shar."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from readers.lists import MOST_16_BIT
from readers.pointing import compare_cut
from readers.tally import EXACT, ONE_STEP, Tally
from readers.truth import SPLITS, DataSet, Truth

_HF_SPLITS = {"eval": "eval", "balanced_train": "bal_train"}


def read_webdataset(target: Path, data: DataSet, tally: Tally) -> None:
    """By the webdataset library's own iterators, and by ``datasets``; sizes as CLAP reads them."""
    keys: list[str] = []
    for split in SPLITS:
        right = {one.ytid: one for one in data.of(split)}
        sizes = json.loads((target / split / "sizes.json").read_text())
        tally.names(sizes, [path.name for path in (target / split).glob("*.tar")], "sizes.json")
        found = list(_samples(target / split, sizes, tally))
        keys += [sample["__key__"] for sample in found]
        tally.names([_ytid(sample["json"]) for sample in found], right, split)
        for sample in found:
            _compare_sample(right[_ytid(sample["json"])], sample, tally)
        _by_datasets(target / split, right, tally)
    tally.equal(len(set(keys)), len(keys), "unique keys of all splits")


def _ytid(text: bytes) -> str:
    return str(json.loads(text)["original_data"]["ytid"])


def _samples(folder: Path, sizes: Mapping[str, int], tally: Tally) -> Iterator[dict[str, Any]]:
    from webdataset import tariterators  # noqa: PLC0415 - an optional library

    for name, size in sizes.items():
        with (folder / name).open("rb") as stream:
            files = tariterators.tar_file_expander([{"url": name, "stream": stream}])
            found = list(tariterators.group_by_keys(files))
        tally.equal(len(found), size, f"samples of {name}")
        yield from found


def _compare_sample(truth: Truth, sample: dict[str, Any], tally: Tally) -> None:
    key = sample["__key__"]
    tally.require(key in {truth.ytid, truth.y_name}, f"key of {truth.ytid}: {key}")
    said = json.loads(sample["json"])
    original = said["original_data"]
    tally.labels(truth, original["class_labels"], truth.mids)
    tally.equal(said["tag"], truth.names, f"tag of {key}")
    tally.equal(original["class_names"], truth.names, f"class names of {key}")
    tally.equal(said["text"], [caption_of(truth.names)], f"text of {key}")
    span = truth.segment.span
    tally.equal((original["start"], original["end"]), (span.start_ms / 1000, span.end_ms / 1000), "times")
    found, rate = soundfile.read(io.BytesIO(sample["flac"]), always_2d=True)
    tally.equal((rate, found.shape[1]), (48_000, 1), f"rate and channels of {key}")
    right = np.clip(truth.mono(48_000), -1, MOST_16_BIT)
    is_own = (truth.clip.sample_rate, truth.clip.channels) == (48_000, 1)
    tally.sound(truth, found[:, 0], right, EXACT if is_own else ONE_STEP)


def caption_of(names: list[str]) -> str:
    """Write a caption in the form of LAION's."""
    *first, last = names
    return f"The sounds of {', '.join(first)} and {last}" if first else f"The sound of {last}"


def _by_datasets(folder: Path, right: Mapping[str, Truth], tally: Tally) -> None:
    import datasets  # noqa: PLC0415 - an optional library, which takes its settings from the environment

    tars = [str(path) for path in folder.glob("*.tar")]
    with tempfile.TemporaryDirectory() as cache:
        loaded = datasets.load_dataset(
            "webdataset", data_files={"train": tars}, split="train", cache_dir=cache
        )
        found = []
        for row in loaded:
            truth = right[row["json"]["original_data"]["ytid"]]
            found.append(truth.ytid)
            wave = np.clip(truth.mono(48_000), -1, MOST_16_BIT)
            tally.sound(truth, np.asarray(row["flac"]["array"]), wave, ONE_STEP)
        tally.names(found, right, f"{folder.name} by datasets")


def read_parquet(target: Path, data: DataSet, tally: Tally) -> None:
    """By ``load_dataset`` of the folder: bytes as stored, and sound as it decodes them."""
    import datasets  # noqa: PLC0415 - an optional library, which takes its settings from the environment

    splits = {"train": "balanced_train", "test": "eval"}
    with tempfile.TemporaryDirectory() as cache:
        tally.equal(datasets.get_dataset_config_names(str(target)), ["balanced"], "configurations")
        loaded = datasets.load_dataset(str(target), cache_dir=cache)
        tally.names(loaded, splits, "splits")
        for name, split in splits.items():
            right = {one.ytid: one for one in data.of(split)}
            rows = loaded[name]
            tally.equal(rows.column_names, ["video_id", "audio", "labels", "human_labels"], "columns")
            tally.names(rows["video_id"], right, split)
            for row, raw in zip(rows, rows.cast_column("audio", datasets.Audio(decode=False)), strict=True):
                _compare_row(right[row["video_id"]], row, raw["audio"], tally)
    for split, folder in _HF_SPLITS.items():
        tally.require((target / "data" / folder / "00.parquet").is_file(), f"data/{folder} of {split}")


def _compare_row(truth: Truth, row: Mapping[str, Any], audio: Mapping[str, Any], tally: Tally) -> None:
    tally.labels(truth, row["labels"], truth.mids)
    tally.equal(row["human_labels"], truth.names, f"human_labels of {truth.ytid}")
    tally.require(audio["bytes"] == truth.path.read_bytes(), f"bytes of {truth.ytid}")
    tally.equal(Path(audio["path"]).name, audio["path"], f"path of {truth.ytid}")
    tally.equal(row["audio"]["sampling_rate"], truth.clip.sample_rate, f"rate of {truth.ytid}")
    found, right = np.asarray(row["audio"]["array"]), truth.sound()
    if found.ndim == 1:  # as datasets mixes it, with librosa
        right = right.mean(axis=1, keepdims=True)
    tally.sound(truth, np.atleast_2d(found).T, right, EXACT)


def read_shar(target: Path, data: DataSet, tally: Tally) -> None:
    """Take cuts and members of the tar in step, as lhotse does; ids have to agree."""
    for split in SPLITS:
        right = {one.ytid: one for one in data.of(split)}
        names = []
        for cuts in sorted((target / split).glob("cuts.*.jsonl.gz")):
            number = cuts.name.split(".")[1]
            with gzip.open(cuts, "rt") as file:
                lines = [json.loads(line) for line in file]
            names += [cut["custom"]["ytid"] for cut in lines]
            with tarfile.open(target / split / f"recording.{number}.tar") as tar:
                members = [(one.name, tar.extractfile(one).read()) for one in tar]  # type: ignore[union-attr]
            tally.equal(len(members), 2 * len(lines), f"members of {number}")
            for at, cut in enumerate(lines):
                _compare_shar(right[cut["custom"]["ytid"]], cut, members[2 * at : 2 * at + 2], tally)
        tally.names(names, right, split)


def _compare_shar(truth: Truth, cut: dict[str, Any], members: list[tuple[str, bytes]], tally: Tally) -> None:
    (sound_name, sound), (json_name, text) = members
    tally.equal((sound_name, json_name), (f"{cut['id']}.flac", f"{cut['id']}.json"), "members")
    tally.equal(json.loads(text)["id"], cut["recording"]["id"], "id in the tar")
    compare_cut(truth, cut, tally, None)
    found, rate = soundfile.read(io.BytesIO(sound), always_2d=True)
    tally.equal(rate, truth.clip.sample_rate, f"rate of {truth.ytid}")
    tally.sound(truth, found, truth.sound(), EXACT)
