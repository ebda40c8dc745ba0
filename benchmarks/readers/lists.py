"""Lists of labels, each with a path or an id: NeMo, metadata, log, AST, and event tables."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import soundfile

from asyncdl.labels import load_labels
from readers.tally import EXACT, ONE_STEP, Tally
from readers.truth import FULL_SCALE, SPLITS, DataSet, Truth, class_indices

MOST_16_BIT = (FULL_SCALE - 1) / FULL_SCALE
_AS_IN_OLD_NAMES = str.maketrans(dict.fromkeys("\"().'", "") | dict.fromkeys(" -,", "_"))


def read_nemo(target: Path, data: DataSet, tally: Tally) -> None:
    """NeMo's rule for paths: those with a folder part are joined to the manifest's folder."""
    lines = [json.loads(line) for line in (target / "manifest.jsonl").read_text().splitlines()]
    right = {str(one.path.relative_to(data.root)): one for one in data.clips}
    tally.names([line["audio_filepath"] for line in lines], right, "manifest")
    for line in lines:
        truth = right[line["audio_filepath"]]
        tally.equal(line["label"].split(), list(truth.mids), f"label of {truth.ytid}")
        tally.labels(truth, line["labels"], truth.mids)
        tally.equal(line["sha256"], truth.clip.sha256, f"sha256 of {truth.ytid}")
        tally.equal(line["duration"], truth.seconds, f"duration of {truth.ytid}")
        tally.equal(line["format_id"], truth.clip.format_id, f"format id of {truth.ytid}")
        as_it_is(truth, target / line["audio_filepath"], tally)


def as_it_is(truth: Truth, path: Path, tally: Tally) -> None:
    """Require the clip's own samples, at its rate and with its channels."""
    found, rate = soundfile.read(path, always_2d=True)
    tally.equal(rate, truth.clip.sample_rate, f"rate of {truth.ytid}")
    tally.sound(truth, found, truth.sound(), EXACT)


def as_wav(truth: Truth, path: Path, hertz: int, tally: Tally) -> None:
    """Require 16-bit mono WAV, or the same in the clip's own file."""
    found, rate = soundfile.read(path, always_2d=True)
    tally.equal((rate, found.shape[1]), (hertz, 1), f"rate and channels of {truth.ytid}")
    tally.equal(soundfile.info(path).subtype, "PCM_16", f"subtype of {truth.ytid}")
    right = np.clip(truth.mono(hertz), -1, MOST_16_BIT)
    tally.sound(truth, found[:, 0], right, ONE_STEP)


def read_metadata(target: Path, data: DataSet, tally: Tally) -> None:
    """Go by the merged file, and require the same records in those of the splits."""
    merged = json.loads((target / "audioset_metadata.json").read_text())
    for split in SPLITS:
        records = json.loads((target / f"audioset_{split}_metadata.json").read_text())
        tally.equal(records, merged[split], f"records of {split} in both files")
        right = {f"id_{one.ytid}": one for one in data.of(split)}
        tally.names(records, right, split)
        for name, record in records.items():
            compare_record(right[name], name, record, tally)
            as_it_is(right[name], target / record["path"], tally)


def compare_record(truth: Truth, name: str, record: dict[str, object], tally: Tally) -> None:
    """Compare with what Fast-Audioset-Download says of a clip."""
    tally.equal(record["id"], name, "id")
    tally.equal(record["url"], f"https://www.youtube.com/watch?v={truth.ytid}", "url")
    tally.equal(record["title"], truth.clip.title, "title")
    tally.equal(record["tags"], list(truth.mids), f"tags of {name}")
    names = [one.translate(_AS_IN_OLD_NAMES).replace("__", "_", 1) for one in truth.names]
    everywhere = [one.translate(_AS_IN_OLD_NAMES).replace("__", "_") for one in truth.names]
    found = record["labels"]
    assert isinstance(found, list)
    tally.labels(truth, found, everywhere if found == everywhere else names)
    tally.equal(record["start"], truth.segment.span.start_ms / 1000, f"start of {name}")
    tally.equal(record["end"], truth.segment.span.end_ms / 1000, f"end of {name}")


def list_rows(path: Path) -> dict[str, list[str]]:
    """Read a list as AudioSet's own: three header lines, then rows with a blank after the comma."""
    lines = path.read_text().splitlines()
    rows = csv.reader((line for line in lines if not line.startswith("# ")), skipinitialspace=True)
    return {row[0]: row[1:] for row in rows}


def read_log(target: Path, data: DataSet, tally: Tally) -> None:
    """Require every row of the lists in exactly one of good, failed and open."""
    for split in SPLITS:
        good = list_rows(target / f"{split}_good.csv")
        right = {one.ytid: one for one in data.of(split)}
        tally.names(good, right, f"good of {split}")
        for ytid, truth in right.items():
            span = truth.segment.span
            times = [float(text) * 1000 for text in good[ytid][:2]]
            tally.equal(times, [span.start_ms, span.end_ms], f"times of {ytid}")
            tally.labels(truth, good[ytid][2].split(","), truth.mids)
            tally.seen.add(ytid)
        others = {
            "failed": [one.ytid for one in (data.cut, *data.gone) if one.split == split],
            "open": [one.ytid for one in data.untried if one.split == split],
        }
        for word, ytids in others.items():
            tally.names(list_rows(target / f"{split}_{word}.csv"), ytids, f"{word} of {split}")
    rejected = list(csv.DictReader((target / "eval_rejected.csv").open(newline="")))
    tally.equal([row["line"] for row in rejected], ["5"], "rejected lines")


def read_ast(target: Path, data: DataSet, tally: Tally) -> None:
    """Find labels in the class table beside, as AST's data set class does; an unknown one stops it."""
    with (target / "class_labels_indices.csv").open(newline="") as table:
        index = {row["mid"]: int(row["index"]) for row in csv.DictReader(table)}
    tally.equal(index, class_indices(), "class table")
    for split in SPLITS:
        items = json.loads((target / f"{split}.json").read_text())["data"]
        weights = (target / f"{split}_weight.csv").read_text().split()
        tally.equal(len(weights), len(items), f"weights of {split}")
        right = {one.ytid: one for one in data.of(split) if one.class_mids}
        tally.names([_ytid_of(item["wav"]) for item in items], right, split)
        for item in items:
            truth = right[_ytid_of(item["wav"])]
            tally.require(Path(item["wav"]).is_absolute(), "a path is not absolute")
            bits = np.zeros(527)
            bits[[index[mid] for mid in item["labels"].split(",")]] = 1
            tally.bits(truth, bits)
            as_wav(truth, Path(item["wav"]), 16_000, tally)


def _ytid_of(path: str) -> str:
    return Path(path).stem[:11]


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_strong(target: Path, data: DataSet, tally: Tally) -> None:
    """Compare events and lengths; file names lead to clips from the data set's folder."""
    named = dict(line.split("\t") for line in (target / "labels.tsv").read_text().splitlines())
    for split in SPLITS:
        truths = {str(one.path.relative_to(data.root)): one for one in data.of(split) if one.events}
        durations = {row["filename"]: row["duration"] for row in _table(target / f"{split}_durations.tsv")}
        tally.names(durations, truths, f"durations of {split}")
        found = _table(target / f"{split}.tsv")
        own = _table(target / f"{split}_segments.tsv")
        for path, truth in truths.items():
            tally.equal(float(durations[path]), truth.seconds, f"duration of {truth.ytid}")
            events = [
                (float(row["onset"]), float(row["offset"]), row["event_label"])
                for row in found
                if row["filename"] == path
            ]
            names = [(start, end, strong_name(mid)) for start, end, mid in truth.events]
            tally.labels(truth, sorted(events), sorted(names))
            tally.require(all(named[mid] == strong_name(mid) for _, _, mid in truth.events), "labels.tsv")
            wanted = (truth.ytid, str(truth.segment.span.start_ms))
            segments = [
                (float(row["start_time_seconds"]), float(row["end_time_seconds"]), row["label"])
                for row in own
                if tuple(row["segment_id"].rsplit("_", 1)) == wanted
            ]
            tally.equal(sorted(segments), sorted(truth.events), f"events of {truth.ytid}")
            as_it_is(truth, data.root / path, tally)


def strong_name(mid: str) -> str:
    """Answer what the strong lists call it."""
    label = load_labels().by_mid[mid]
    return label.strong_name or label.name
