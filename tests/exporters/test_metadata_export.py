"""``metadata``: JSON files in the form of an older tool, read back as that tool's users do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asyncdl.core.model import Segment, Span
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.metadata_json import spelled
from support.exports import Sounding, export_all, files_of, make_data_set, opened, stored_clips
from support.stored_clips import path_of


def read(target: Path, name: str) -> Any:
    return json.loads((target / name).read_bytes())


async def test_each_clip_is_told_in_the_file_of_its_split_and_in_that_of_all(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    target = export_all(tmp_path, "metadata").place.target
    merged = read(target, "audioset_metadata.json")
    assert list(merged) == ["eval", "balanced_train"]
    for split, records in merged.items():
        assert records == read(target, f"audioset_{split}_metadata.json")
    records = {record["key"]: record for split in merged.values() for record in split.values()}
    clips = stored_clips(tmp_path)
    assert list(records) == [clip.key for clip in clips]
    for clip in clips:
        record = records[clip.key]
        assert record["id"] == f"id_{clip.segment.ytid}"
        assert (target / record["path"]).resolve() == path_of(tmp_path, clip.segment).resolve()
        assert record["url"].endswith(f"v={clip.segment.ytid}")
        assert record["title"] == clip.clip.title
        assert record["tags"] == list(clip.segment.labels)
        assert (record["start"], record["end"], record["duration"]) == (30.0, 30.25, 0.25)
        assert (record["sample_rate"], record["sha256"]) == (44_100, clip.clip.sha256)


async def test_two_clips_of_one_video_have_two_records(tmp_path: Path) -> None:
    twice = [Segment("-sameVideo0", Span(start, start + 250), "eval", ("/m/09x0r",)) for start in (0, 250)]
    await make_data_set(tmp_path, segments=twice)
    records = read(export_all(tmp_path, "metadata").place.target, "audioset_eval_metadata.json")
    assert list(records) == ["id_-sameVideo0_0_250", "id_-sameVideo0_250_500"]
    assert {name: record["id"] for name, record in records.items()} == {name: name for name in records}


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("Male speech, man speaking", "Male_speech_man_speaking"),
        ("Dial-up, modem", "Dial_up_modem"),
        ("Vehicle horn, car horn, honking", "Vehicle_horn_car_horn_honking"),
        ("Pant (dog)", "Pant_dog"),
        ("Child's play.", "Childs_play"),
    ],
)
def test_labels_are_spelled_as_the_tool_spells_them(name: str, spelling: str) -> None:
    assert spelled(name) == spelling


async def test_labels_keep_their_official_names_beside(tmp_path: Path) -> None:
    one = [Segment("_speech0000", Span(0, 250), "eval", ("/m/05zppz", "/m/nobodys"))]
    await make_data_set(tmp_path, segments=one)
    records = read(export_all(tmp_path, "metadata").place.target, "audioset_eval_metadata.json")
    assert records["id__speech0000"]["labels"] == ["Male_speech_man_speaking", "/m/nobodys"]
    assert records["id__speech0000"]["names"] == ["Male speech, man speaking", "/m/nobodys"]


async def test_a_clip_whose_file_is_gone_is_told_nowhere(tmp_path: Path) -> None:
    segments = await make_data_set(tmp_path)
    path_of(tmp_path, segments[0]).unlink()
    finish = export_all(tmp_path, "metadata")
    assert list(finish.left_out) == [segments[0].key]
    assert not any(segments[0].ytid.encode() in data for data in files_of(finish.place.target).values())


async def test_the_chosen_splits_alone_are_written_and_twice_the_same(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    terms = Terms(splits=("eval",))
    first = files_of(export_all(tmp_path, "metadata", terms=terms).place.target)
    assert list(first) == ["audioset_eval_metadata.json", "audioset_metadata.json"]
    assert files_of(export_all(tmp_path, "metadata", terms=terms).place.target) == first


async def test_a_data_set_without_clips_gives_an_empty_object(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=0), segments=[Segment("_unfetched0", Span(0, 250), "eval")])
    assert read(export_all(tmp_path, "metadata").place.target, "audioset_metadata.json") == {}


async def test_the_dry_run_names_no_less_than_is_written(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    with opened(tmp_path, "metadata") as export:
        told = sum(export.exporter.clip_bytes(export.table, export.terms))
    written = files_of(export_all(tmp_path, "metadata").place.target)
    assert 0 < sum(map(len, written.values())) <= told
