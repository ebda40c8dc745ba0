"""Text manifests of speech tools, which point at files: fairseq, Kaldi, and lhotse's cuts."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import soundfile

from readers.lists import as_it_is, as_wav
from readers.tally import Tally
from readers.truth import SPLITS, DataSet, Truth, class_indices

Read = Callable[[Path, DataSet, Tally], None]


def sound_at(hertz: int | None) -> Callable[[Truth, Path, Tally], None]:
    """Choose what is expected of files that a manifest points at."""
    return as_it_is if hertz is None else lambda truth, path, tally: as_wav(truth, path, hertz, tally)


def fairseq_reader(hertz: int | None) -> Read:
    """Make a reader that splits lines at white space and finds labels by mid, as EAT does."""

    def read(target: Path, data: DataSet, tally: Tally) -> None:
        with (target / "label_descriptors.csv").open(newline="") as table:
            index = {mid: int(number) for number, mid, _ in csv.reader(table)}
        tally.equal(index, class_indices(), "label_descriptors.csv")
        for split in SPLITS:
            root, *lines = (target / f"{split}.tsv").read_text().splitlines()
            labels = [line.split() for line in (target / f"{split}.lbl").read_text().splitlines()]
            right = {one.y_name: one for one in data.of(split)}
            tally.equal(len(lines), len(labels), f"lines of {split}")
            there = {name for name in right if right[name].class_mids}
            tally.names([line[0] for line in labels], there, split)
            for line, (name, mids) in zip(lines, labels, strict=True):
                path, frames = line.split()
                truth = right[name]
                tally.require(Path(path).stem[:11] == truth.ytid, f"{name} and {path} stand side by side")
                tally.labels(truth, [index[mid] for mid in mids.split(",")], _indices(truth.class_mids))
                tally.equal(int(frames), soundfile.info(Path(root, path)).frames, f"frames of {name}")
                sound_at(hertz)(truth, Path(root, path), tally)

    return read


def _indices(mids: Iterable[str]) -> list[int]:
    return [class_indices()[mid] for mid in mids]


def kaldi_reader(hertz: int | None) -> Read:
    """Make a reader of a data folder, which has to be sorted by bytes."""

    def read(target: Path, data: DataSet, tally: Tally) -> None:
        for split in SPLITS:
            tables = {
                name: _kaldi_table(target / split / name, tally)
                for name in ("wav.scp", "text", "utt2spk", "spk2utt", "reco2dur")
            }
            right = {one.y_name: one for one in data.of(split)}
            for name, table in tables.items():
                tally.names(table, right, f"{split}/{name}")
            for name, truth in right.items():
                tally.equal(tables["utt2spk"][name], name, "utt2spk")
                tally.equal(tables["spk2utt"][name], name, "spk2utt")
                tally.labels(truth, tables["text"][name].split(), truth.mids)
                path = Path(tables["wav.scp"][name])
                sound_at(hertz)(truth, path, tally)
                tally.equal(float(tables["reco2dur"][name]), soundfile.info(path).duration, "reco2dur")

    return read


def _kaldi_table(path: Path, tally: Tally) -> dict[str, str]:
    lines = path.read_bytes().splitlines()
    tally.require(lines == sorted(lines), f"{path.name} is not sorted by bytes")
    return dict(line.decode().split(" ", 1) for line in lines)


def lhotse_reader(hertz: int | None) -> Read:
    """Make a reader of cuts, each a JSON line with a recording inside."""

    def read(target: Path, data: DataSet, tally: Tally) -> None:
        for split in SPLITS:
            with gzip.open(target / split / "cuts.jsonl.gz", "rt") as file:
                cuts = [json.loads(line) for line in file]
            right = {one.ytid: one for one in data.of(split)}
            tally.names([cut["custom"]["ytid"] for cut in cuts], right, split)
            for cut in cuts:
                truth = right[cut["custom"]["ytid"]]
                compare_cut(truth, cut, tally, hertz)
                (source,) = cut["recording"]["sources"]
                tally.equal(source["type"], "file", "type of the source")
                sound_at(hertz)(truth, Path(source["source"]), tally)

    return read


def compare_cut(truth: Truth, cut: dict[str, object], tally: Tally, hertz: int | None) -> None:
    """Compare what lhotse's own readers ask of a cut and its recording."""
    recording, custom = cut["recording"], cut["custom"]
    assert isinstance(recording, dict)
    assert isinstance(custom, dict)
    channels = 1 if hertz else truth.clip.channels
    rate = hertz or truth.clip.sample_rate
    tally.equal(cut["type"], "MonoCut" if channels == 1 else "MultiCut", f"type of {truth.ytid}")
    tally.equal(cut["channel"], 0 if channels == 1 else list(range(channels)), f"channel of {truth.ytid}")
    tally.equal((cut["start"], cut["duration"]), (0.0, recording["duration"]), f"span of {truth.ytid}")
    tally.equal(recording["sampling_rate"], rate, f"rate of {truth.ytid}")
    tally.equal(recording["num_samples"], round(truth.seconds * rate), f"samples of {truth.ytid}")
    tally.equal(recording["channel_ids"], list(range(channels)), f"channels of {truth.ytid}")
    tally.labels(truth, custom["labels"], truth.mids)
