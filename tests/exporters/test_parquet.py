"""Parquet files, read back by ``pyarrow`` and by Hugging Face's loader."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asyncdl.core.export import StoredClip
from asyncdl.core.model import Segment, Span
from asyncdl.errors import UsageError
from asyncdl.exporters import parquet
from asyncdl.exporters.parquet import EXPORTER
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.hf_configs import configs_of
from asyncdl.exporting.steps import prepare
from asyncdl.labels import load_labels
from support.exports import Sounding, export_all, files_of, make_data_set, make_todo, opened, stored_clips

pa = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
pq = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")

AUDIOSET = Sounding(count=9, splits=("balanced_train", "unbalanced_train", "eval"))
TEXT = {"dtype": "string", "_type": "Value"}
TEXTS = {"feature": TEXT, "_type": "Sequence"}
STRINGS = pa.list_(pa.string())
COLUMNS = [
    ("video_id", pa.string()),
    ("audio", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    ("labels", STRINGS),
    ("human_labels", STRINGS),
]
Row = dict[str, Any]


def rows_of(target: Path) -> list[Row]:
    """All rows, file by file in the order of their names."""
    return [
        row for path in sorted(target.glob("data/*/*.parquet")) for row in pq.read_table(path).to_pylist()
    ]


def with_readme(finish: Finish) -> Path:
    """Put the configurations where the loader looks for them."""
    assert EXPORTER.front_matter is not None
    absent = Counter(clip.split for clip in finish.left_out.values())
    counts = {stretch.split: stretch.count - absent[stretch.split] for stretch in finish.table.stretches}
    (finish.place.target / "README.md").write_text(f"{EXPORTER.front_matter(counts)}\n# Clips\n")
    return finish.place.target


def assert_same(root: Path, rows: Mapping[str, Row], clips: list[StoredClip]) -> None:
    """Compare rows by video with clips: names, labels, and sound sample by sample."""
    assert set(rows) == {clip.segment.ytid for clip in clips}
    names = load_labels().by_mid
    for clip in clips:
        row = rows[clip.segment.ytid]
        assert row["labels"] == list(clip.segment.labels)
        assert row["human_labels"] == [names[mid].name for mid in clip.segment.labels]
        assert row["audio"]["path"] == f"{clip.segment.ytid}.flac"
        sound, rate = soundfile.read(io.BytesIO(row["audio"]["bytes"]), dtype="int16")
        want, want_rate = soundfile.read(root / clip.path, dtype="int16")
        assert rate == want_rate
        np.testing.assert_array_equal(sound, want)


def clips_of(root: Path, *splits: str) -> list[StoredClip]:
    return [clip for clip in stored_clips(root) if clip.segment.split in splits]


async def test_the_published_columns_hold_the_files_of_the_clips(tmp_path: Path) -> None:
    await make_data_set(tmp_path, AUDIOSET)
    target = export_all(tmp_path, "parquet").place.target
    paths = [f"data/{split}/00.parquet" for split in ("bal_train", "eval", "unbal_train")]
    assert sorted(files_of(target)) == paths
    for path in paths:
        schema = pq.read_schema(target / path)
        assert schema.equals(pa.schema(COLUMNS))
        told = json.loads(schema.metadata[b"huggingface"])
        assert told == {
            "info": {
                "features": {
                    "video_id": TEXT,
                    "audio": {"_type": "Audio"},
                    "labels": TEXTS,
                    "human_labels": TEXTS,
                }
            }
        }
    rows = {row["video_id"]: row for row in rows_of(target)}
    assert_same(tmp_path, rows, stored_clips(tmp_path))
    for clip in stored_clips(tmp_path):
        assert rows[clip.segment.ytid]["audio"]["bytes"] == (tmp_path / clip.path).read_bytes()


async def test_row_groups_are_small_plain_and_in_the_order_of_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parquet._GROUP_ROWS == 100
    monkeypatch.setattr(parquet, "_GROUP_ROWS", 3)
    await make_data_set(tmp_path, Sounding(count=8, seconds=0.01, splits=("own",)))
    target = export_all(tmp_path, "parquet").place.target
    file = pq.ParquetFile(target / "data/own/00.parquet")
    groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
    assert [group.num_rows for group in groups] == [3, 3, 2]
    column = groups[0].column(1)
    assert (column.path_in_schema, column.compression) == ("audio.bytes", "UNCOMPRESSED")
    assert not column.has_dictionary_page
    assert [row["video_id"] for row in rows_of(target)] == [
        clip.segment.ytid for clip in stored_clips(tmp_path)
    ]
    monkeypatch.setattr(parquet, "_GROUP_BYTES", 1)
    other = export_all(tmp_path, "parquet", tmp_path / "other").place.target
    assert pq.ParquetFile(other / "data/own/00.parquet").num_row_groups == 8


async def test_hugging_faces_loader_takes_each_configuration(tmp_path: Path, hugging_face: Any) -> None:
    await make_data_set(tmp_path, AUDIOSET)
    target = with_readme(export_all(tmp_path, "parquet"))
    trains = {
        "balanced": ["balanced_train"],
        "unbalanced": ["unbalanced_train"],
        "full": ["balanced_train", "unbalanced_train"],
    }
    assert hugging_face.datasets.get_dataset_config_names(str(target)) == list(trains)
    audio = hugging_face.datasets.Audio
    for name, splits in trains.items():
        found = hugging_face.load(str(target), name)
        assert sorted(found) == ["test", "train"]
        for part, told in (("train", splits), ("test", ["eval"])):
            assert found[part].features["audio"] == audio()
            rows = found[part].cast_column("audio", audio(decode=False))
            assert_same(tmp_path, {row["video_id"]: row for row in rows}, clips_of(tmp_path, *told))
    assert hugging_face.load(str(target))["train"].num_rows == 3


async def test_hugging_faces_loader_decodes_a_row(tmp_path: Path, hugging_face: Any) -> None:
    pytest.importorskip("librosa", reason="datasets 3 decodes with librosa")
    await make_data_set(tmp_path, Sounding(count=2))
    target = with_readme(export_all(tmp_path, "parquet"))
    (clip,) = clips_of(tmp_path, "eval")
    sound = hugging_face.load(str(target))["test"][0]["audio"]
    assert (sound["path"], sound["sampling_rate"]) == (f"{clip.segment.ytid}.flac", clip.clip.sample_rate)
    want, _ = soundfile.read(tmp_path / clip.path)
    np.testing.assert_allclose(sound["array"], want.mean(axis=1), rtol=0, atol=1e-7)


async def test_times_tell_the_clips_of_a_video_apart(tmp_path: Path, hugging_face: Any) -> None:
    spans = [Span(start, start + 250) for start in (0, 125, 61_100)]
    segments = [Segment("-_abcdefg_-", span, "own_eval", ("/m/09x0r",)) for span in spans]
    await make_data_set(tmp_path, Sounding(count=3), segments=segments)
    target = with_readme(export_all(tmp_path, "parquet"))
    found = hugging_face.load(str(target))["test"]
    assert found.column_names == [*(name for name, _ in COLUMNS), "start_ms", "end_ms"]
    rows = found.cast_column("audio", hugging_face.datasets.Audio(decode=False))
    assert [(row["start_ms"], row["end_ms"]) for row in rows] == [(0, 250), (125, 375), (61_100, 61_350)]
    assert [row["audio"]["path"] for row in rows] == [f"{segment.key}.flac" for segment in segments]


async def test_no_shard_is_larger_than_asked_for(tmp_path: Path) -> None:
    """The labels' names take several times what the ids take in the list."""
    labels = tuple(label.mid for label in load_labels().classes)
    segments = [
        Segment(f"abcdefgh{number:03}", Span(0, 250), "eval", labels[: number * 40]) for number in range(12)
    ]
    await make_data_set(tmp_path, Sounding(count=12, seconds=0.02), segments=segments)
    with opened(tmp_path, "parquet") as export:
        largest = int(max(EXPORTER.clip_bytes(export.table, Terms())))
    for most in (largest + 10_000, 3 * largest, 100 * largest):
        terms = Terms(max_shard_bytes=most)
        with opened(tmp_path, "parquet", tmp_path / str(most), terms) as export:
            agenda, bounds = prepare(export), EXPORTER.clip_bytes(export.table, terms)
            make_todo(export, agenda)
            target = complete(export, agenda).place.target
        for shard in agenda.shards:
            planned = sum(bounds[shard.first : shard.first + shard.count]) + parquet._FILE_BYTES
            assert (target / shard.file).stat().st_size <= planned <= most
        assert [row["video_id"] for row in rows_of(target)] == [segment.ytid for segment in segments]


@pytest.mark.parametrize("label", [*load_labels().by_mid.values()][::40], ids=lambda label: label.mid)
def test_a_label_takes_no_more_than_planned(label: Any) -> None:
    assert len(label.mid) + len(label.name) + 10 <= parquet._ROW_GROWTH * (len(label.mid) + 3)


async def test_the_names_of_files_sort_by_their_numbers(tmp_path: Path) -> None:
    assert parquet.SHARD_BYTES == 500_000_000
    await make_data_set(tmp_path, Sounding(count=101, seconds=0.001, splits=("own",)))
    with opened(tmp_path, "parquet") as export:
        (shard,) = prepare(export).shards
    assert shard.file == "data/own/00.parquet"
    with opened(tmp_path, "parquet", terms=Terms(max_shard_bytes=13_000)) as export:
        files = [shard.file for shard in prepare(export).shards]
    assert files == sorted(files) == [f"data/own/{number:03}.parquet" for number in range(101)]


async def test_a_size_that_no_clip_fits_in_is_refused(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    with pytest.raises(UsageError, match="--max-shard-size is too small"):
        export_all(tmp_path, "parquet", terms=Terms(max_shard_bytes=20_000))


async def test_a_clip_larger_than_a_shard_is_none_the_less_exported_where_no_size_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_data_set(tmp_path, Sounding(count=3, splits=("eval",)))
    monkeypatch.setattr(parquet, "SHARD_BYTES", 20_000)
    target = export_all(tmp_path, "parquet").place.target
    assert len(rows_of(target)) == len(list(target.glob("data/eval/*.parquet"))) == 3


async def test_a_clip_that_no_cell_can_hold_is_left_out_and_takes_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (1 << 30) < parquet._MOST_BYTES < (1 << 31)
    await make_data_set(tmp_path, Sounding(count=3, splits=("eval",)))
    *small, large = sorted(stored_clips(tmp_path), key=lambda clip: clip.clip.size_bytes)
    monkeypatch.setattr(parquet, "_MOST_BYTES", large.clip.size_bytes - 1)
    with opened(tmp_path, "parquet") as export:
        assert min(EXPORTER.clip_bytes(export.table, Terms())) < large.clip.size_bytes // 2
    finish = export_all(tmp_path, "parquet")
    (one,) = finish.left_out.values()
    assert (one.key, one.is_lasting) == (large.key, True)
    assert "than a row can hold" in one.reason
    ytids = {row["video_id"] for row in rows_of(finish.place.target)}
    assert ytids == {clip.segment.ytid for clip in small}


async def test_a_clip_that_is_broken_has_no_row(tmp_path: Path, hugging_face: Any) -> None:
    """A split that has none left is no configuration: the loader cannot take one without rows."""
    await make_data_set(tmp_path, Sounding(count=4, splits=("balanced_train", "eval")))
    broken, *_ = clips_of(tmp_path, "balanced_train")
    for clip in (broken, *clips_of(tmp_path, "eval")):
        (tmp_path / clip.path).write_bytes(b"fLaC and nothing more")
    finish = export_all(tmp_path, "parquet")
    assert len(finish.left_out) == 3
    target = with_readme(finish)
    found = hugging_face.load(str(target))
    assert list(found) == ["train"]
    assert found["train"]["video_id"] == [clips_of(tmp_path, "balanced_train")[1].segment.ytid]
    assert pq.read_table(target / "data/eval/00.parquet").num_rows == 0


async def test_a_killed_export_goes_on_and_two_exports_are_the_same_bytes(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    terms = Terms(max_shard_bytes=70_000)
    with opened(tmp_path, "parquet", terms=terms) as export:
        agenda = prepare(export)
        assert make_todo(export, agenda, most=3) == 3
        done = {path: path.stat().st_mtime_ns for path in export.place.target.glob("data/*/*.parquet")}
    assert len(done) == 3
    with opened(tmp_path, "parquet", terms=terms) as export:
        agenda = prepare(export)
        assert make_todo(export, agenda) == len(agenda.shards) - 3 > 0
        target = complete(export, agenda).place.target
    assert {path: path.stat().st_mtime_ns for path in done} == done
    other = export_all(tmp_path, "parquet", tmp_path / "other", terms).place.target
    assert files_of(other) == files_of(target)


@pytest.mark.parametrize(
    ("splits", "folders"),
    [
        (["balanced_train", "eval", "own"], ["bal_train", "eval", "own"]),
        (["balanced_train_segments", "eval_segments"], ["bal_train", "eval"]),
        (["eval_segments", "eval"], ["eval_segments", "eval"]),
        (["bal_train", "balanced_train"], ["bal_train", "balanced_train"]),
    ],
)
def test_splits_of_audioset_have_their_published_names_unless_two_would_share_one(
    splits: list[str], folders: list[str]
) -> None:
    assert list(parquet._folders(splits).values()) == folders


@pytest.mark.parametrize(
    ("folders", "configs"),
    [
        (["bal_train", "eval"], {"balanced": {"train": ["bal_train"], "test": ["eval"]}}),
        (["unbal_train"], {"unbalanced": {"train": ["unbal_train"]}}),
        (["eval"], {"eval": {"test": ["eval"]}}),
        (
            ["bal_train", "unbal_train", "strong_eval"],
            {
                "balanced": {"train": ["bal_train"]},
                "unbalanced": {"train": ["unbal_train"]},
                "full": {"train": ["bal_train", "unbal_train"]},
                "strong_eval": {"test": ["strong_eval"]},
            },
        ),
        (
            ["my.val", "default", "full", "full_", "1e3"],
            {
                "my.val": {"validation": ["my.val"]},
                "default_": {"train": ["default"]},
                "full__": {"train": ["full"]},
                "full_": {"train": ["full_"]},
                "1e3": {"train": ["1e3"]},
            },
        ),
    ],
)
def test_configurations_are_those_whose_splits_are_there(
    folders: list[str], configs: dict[str, dict[str, list[str]]]
) -> None:
    yaml = pytest.importorskip("yaml", reason="comes with datasets")
    told = yaml.safe_load(configs_of(folders))["configs"]
    assert [config["config_name"] for config in told] == list(configs)
    assert [config.get("default", False) for config in told] == [True, *[False] * (len(told) - 1)]
    for config in told:
        files = {one["split"]: one["path"] for one in config["data_files"]}
        want = configs[config["config_name"]]
        assert files == {part: [f"data/{name}/*.parquet" for name in names] for part, names in want.items()}


def test_a_split_without_clips_is_no_configuration() -> None:
    assert EXPORTER.front_matter is not None
    assert "eval" not in EXPORTER.front_matter({"balanced_train": 3, "eval": 0})
