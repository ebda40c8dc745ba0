"""Folders and names of the five older tools."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from imageio_ffmpeg import get_ffmpeg_exe

from asyncdl.labels import load_labels
from readers.arrays import LIKE_ENOUGH, NOISE_LIKE_ENOUGH
from readers.lists import MOST_16_BIT, as_it_is, as_wav, compare_record, list_rows
from readers.tally import ONE_STEP, Tally
from readers.truth import SPLITS, DataSet, Truth, class_indices, fitted

ROWS_A_FOLDER = 5000


def read_fast_audioset(target: Path, data: DataSet, tally: Tally) -> None:
    """``wavs/<split>/<row // 5000>/id_<ytid>.m4a``: AAC at 16 kHz, decoded by ffmpeg."""
    merged = json.loads((target / "audioset_metadata.json").read_text())
    for split in SPLITS:
        records = json.loads((target / f"audioset_{split}_metadata.json").read_text())
        tally.equal(records, merged[split], f"records of {split} in both files")
        right = {f"id_{one.ytid}": one for one in data.of(split)}
        tally.names(records, right, split)
        for name, truth in right.items():
            path = f"wavs/{split}/{truth.row // ROWS_A_FOLDER:06}/{name}.m4a"
            tally.equal(records[name]["path"], path, f"path of {name}")
            compare_record(truth, name, records[name], tally)
            least = NOISE_LIKE_ENOUGH if np.abs(truth.mono()).mean() > 0.4 else LIKE_ENOUGH
            found = _decoded(target / str(records[name]["path"]))
            tally.lossy(truth, found, truth.mono(16_000), 16_000, least)
        gone = [one.ytid for one in (data.cut, *data.gone) if one.split == split]
        lines = (target / f"download_{split}_logs.txt").read_text().splitlines()
        tally.names([line.split(" - ")[0].split("v=")[1] for line in lines], gone, f"log of {split}")


def _decoded(path: Path) -> npt.NDArray[np.float32]:
    argv = [get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-ac", "1", "-f", "f32le", "-"]
    found = subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
    return np.frombuffer(found, np.float32)


def read_walnet(target: Path, data: DataSet, tally: Tally) -> None:
    """``<stem>/manifest.json``: paths are joined to its folder, labels found in the table without header."""
    with (target / "class_labels_indices.txt").open(newline="") as table:
        index = {mid: int(number) for number, mid, _ in csv.reader(table)}
    tally.equal(index, class_indices(), "class_labels_indices.txt")
    for split in SPLITS:
        folder = target / f"{split}_segments"
        lines = [json.loads(line) for line in (folder / "manifest.json").read_text().splitlines()]
        right = {_walnet_name(one): one for one in data.of(split)}
        unknown = {mid for line in lines for mid in line["labels"]} - set(index)
        tally.require(not unknown, f"labels that the class table lacks: {sorted(unknown)}")
        tally.names([line["audio_filepath"] for line in lines], right, split)
        for line in lines:
            truth = right[line["audio_filepath"]]
            tally.labels(truth, line["labels"], truth.class_mids)
            tally.equal(line["duration"], truth.seconds, f"duration of {truth.ytid}")
            as_wav(truth, folder / line["audio_filepath"], 44_100, tally)


def _walnet_name(truth: Truth) -> str:
    span = truth.segment.span
    return f"processed/{truth.y_name}_{span.start_ms // 1000}_{span.end_ms // 1000}.wav"


def read_ykinolab(target: Path, data: DataSet, tally: Tally) -> None:
    """``X.csv.split-pos.csv``: a path from its folder, two blanks, and the labels in quotes."""
    for split in SPLITS:
        table = f"{split}_segments.csv"
        lines = (target / f"{table}.split-pos.csv").read_text().splitlines()
        right = {f"./{table}.splits/{one.ytid}.wav": one for one in data.of(split)}
        tally.names([line.split(",  ")[0] for line in lines], right, split)
        for line in lines:
            path, labels = line.split(",  ")
            tally.require(labels[0] == labels[-1] == '"', "labels in quotes")
            tally.labels(right[path], labels.strip('"').split(","), right[path].mids)
            as_it_is(right[path], target / path, tally)


def read_perib(target: Path, data: DataSet, tally: Tally) -> None:
    """``<name>_downloads/<name>_downloads_0/YT_<ytid>.wav``, and lists of good and failed lines."""
    for split in SPLITS:
        name = f"{split}_segments"
        folder = target / f"{name}_downloads/{name}_downloads_0"
        right = {one.ytid: one for one in data.of(split)}
        files = [path.name for path in folder.iterdir()]
        tally.names(files, [f"YT_{ytid}.wav" for ytid in right], f"files of {split}")
        good = list_rows(target / f"logs/{name}_goodlogs/goodLog_0_0.csv")
        tally.names(good, right, f"good of {split}")
        for ytid, truth in right.items():
            tally.labels(truth, good[ytid][2].split(","), truth.mids)
            as_it_is(truth, folder / f"YT_{ytid}.wav", tally)
        gone = [one.ytid for one in (data.cut, *data.gone) if one.split == split]
        failed = list_rows(target / f"logs/{name}_errorlogs/errorLog_0_0.csv")
        tally.names(failed, gone, f"failed of {split}")


def read_audioset_downloader(target: Path, data: DataSet, tally: Tally) -> None:
    """``dataset/<ytid>_<s>.wav`` at 16 kHz, all channels; events of a clip stand in one split."""
    right = {f"{one.ytid}_{one.segment.span.start_ms // 1000}.wav": one for one in data.clips}
    files = [path.name for path in (target / "dataset").iterdir()]
    tally.names(files, right, "dataset")
    for name, truth in right.items():
        _compare_channels(truth, target / "dataset" / name, tally)
    rows = {split: _table(target / f"{split}_strong.tsv") for split in ("train", "valid", "test")}
    where = {row["name"]: split for split, some in rows.items() for row in some}
    tally.equal(
        len(where),
        sum(len({row["name"] for row in some}) for some in rows.values()),
        "clips in one split each",
    )
    everything = [row for some in rows.values() for row in some]
    listed = _table(target / "metadata.tsv")
    for name, truth in right.items():
        if truth.events:
            _compare_events(truth, [row for row in everything if row["name"] == name], tally)
            key = f"{truth.ytid}_{truth.segment.span.start_ms}"
            mids = sorted(row["label"] for row in listed if row["segment_id"] == key)
            tally.equal(mids, sorted(mid for _, _, mid in truth.events), f"metadata.tsv of {truth.ytid}")
            is_train = where[name] == "train"
            tally.equal(is_train, truth.segment.split == "balanced_train", f"split of {truth.ytid}")


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _compare_events(truth: Truth, rows: list[dict[str, str]], tally: Tally) -> None:
    found = sorted((float(row["start_time_seconds"]), float(row["end_time_seconds"])) for row in rows)
    tally.equal(found, sorted((start, end) for start, end, _ in truth.events), f"events of {truth.ytid}")
    names = {name for mid in truth.mids for name in load_labels().by_mid[mid].names}
    tally.labels(truth, sorted({row["label"] for row in rows} - names), [])
    for row in rows:
        duration = float(row["end_time_seconds"]) - float(row["start_time_seconds"])
        tally.require(abs(float(row["duration"]) - duration) < 1e-6, f"duration of {truth.ytid}")


def _compare_channels(truth: Truth, path: Path, tally: Tally) -> None:
    found, rate = soundfile.read(path, always_2d=True)
    tally.equal(rate, 16_000, f"rate of {truth.ytid}")
    made = soxr.resample(truth.sound(), truth.clip.sample_rate, 16_000, quality="HQ")
    count = round(truth.seconds * 16_000)
    right = np.stack([fitted(channel, count) for channel in made.T], axis=1)
    tally.sound(truth, found, np.clip(right, -1, MOST_16_BIT), ONE_STEP)
