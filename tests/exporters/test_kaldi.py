"""Kaldi data folders, checked as ``validate_data_dir.sh`` checks them."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from asyncdl.core.model import Segment, Span
from asyncdl.errors import UsageError
from asyncdl.exporters import load_exporter
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.steps import prepare
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
FILES = {"wav.scp", "text", "utt2spk", "spk2utt", "reco2dur"}


def load(folder: Path) -> dict[str, dict[str, str]]:
    """Read all files of a data folder: each sorted by bytes, with the same ids."""
    tables = {}
    for path in folder.iterdir():
        lines = path.read_bytes().splitlines()
        assert lines == sorted(lines), path
        rows = [line.decode().partition(" ") for line in lines]
        tables[path.name] = {name: value for name, _, value in rows}
        assert len(tables[path.name]) == len(lines)
    assert set(tables) == FILES
    ids = {tuple(table) for table in tables.values()}
    assert len(ids) == 1
    return tables


async def test_a_folder_per_split_points_at_the_clips_by_ids_sorted_by_bytes(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    target = export_all(tmp_path, "kaldi").place.target
    for split in ("eval", "balanced_train"):
        tables = load(target / split)
        clips = {f"Y{one.segment.ytid}": one for one in stored_clips(tmp_path) if one.segment.split == split}
        assert [*tables["text"]] == sorted(clips)
        for name, clip in clips.items():
            assert tables["wav.scp"][name] == str(tmp_path / clip.path)
            assert tables["text"][name] == " ".join(clip.segment.labels)
            assert tables["utt2spk"][name] == tables["spk2utt"][name] == name
            assert float(tables["reco2dur"][name]) == soundfile.info(tmp_path / clip.path).duration


async def test_files_at_a_rate_are_what_kaldi_reads(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=4, rate=11_025))
    target = export_all(tmp_path, "kaldi", terms=Terms(wav=16_000)).place.target
    tables = load(target / "eval")
    assert len(tables["wav.scp"]) == 2
    for name, path in tables["wav.scp"].items():
        info = soundfile.info(path)
        assert (info.format, info.samplerate, info.channels, info.subtype) == ("WAV", 16_000, 1, "PCM_16")
        assert float(tables["reco2dur"][name]) == pytest.approx(info.frames / 16_000, abs=5e-7)


async def test_ids_of_one_video_s_clips_sort_by_bytes_and_a_clip_without_labels_has_its_line(
    tmp_path: Path,
) -> None:
    spans = [(9_000, 9_250), (10_000, 10_250), (1_000, 1_250)]
    segments = [Segment("_sameVideo0", Span(*span), "eval") for span in spans]
    await make_data_set(tmp_path, segments=segments)
    tables = load(export_all(tmp_path, "kaldi").place.target / "eval")
    assert tables["text"] == {
        "Y_sameVideo0_10000_10250": "",
        "Y_sameVideo0_1000_1250": "",
        "Y_sameVideo0_9000_9250": "",
    }
    for name, path in tables["wav.scp"].items():
        assert Path(path).stem == name.removeprefix("Y")


async def test_a_label_forges_neither_a_line_nor_another_label(tmp_path: Path) -> None:
    labels = ("/m/09x0r", "dog\nYforged /m/04rlf", "playing\u2028the piano", "\x1b[2J")
    await make_data_set(tmp_path, segments=[Segment("abcdefghijk", Span(0, 250), "eval", labels)])
    tables = load(export_all(tmp_path, "kaldi").place.target / "eval")
    assert tables["text"] == {"Yabcdefghijk": "/m/09x0r dog_Yforged_/m/04rlf playing_the_piano"}


async def test_a_folder_that_no_list_can_hold_is_refused_before_sound_is_made(tmp_path: Path) -> None:
    await make_data_set(tmp_path / "my\ndata", SMALL)
    with (
        opened(tmp_path / "my\ndata", "kaldi", terms=Terms(wav=8000)) as export,
        pytest.raises(UsageError, match="no list can hold"),
    ):
        prepare(export)


async def test_a_clip_that_is_gone_has_no_line(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    gone = stored_clips(tmp_path)[0]
    (tmp_path / gone.path).unlink()
    for terms in (Terms(), Terms(wav=8000)):
        finish = export_all(tmp_path, "kaldi", terms=terms)
        assert [*finish.left_out] == [gone.key]
        assert [*load(finish.place.target / "eval")["text"]] == [f"Y{stored_clips(tmp_path)[1].segment.ytid}"]


async def test_two_exports_are_equal_and_a_killed_one_goes_on_to_the_same(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    terms = Terms(root="/data/kaldi", wav=8000)
    whole = export_all(tmp_path, "kaldi", tmp_path / "one", terms).place.target
    with opened(tmp_path, "kaldi", tmp_path / "two", terms) as export:
        make_todo(export, prepare(export), most=1)
    with opened(tmp_path, "kaldi", tmp_path / "two", terms) as export:
        agenda = prepare(export)
        assert make_todo(export, agenda) == 1
        complete(export, agenda)
    assert files_of(whole) == files_of(tmp_path / "two")
    assert all(one.startswith("/data/kaldi/wav/eval/") for one in load(whole / "eval")["wav.scp"].values())


@pytest.mark.parametrize("wav", [None, 8000])
async def test_a_moved_export_is_found_again(tmp_path: Path, wav: int | None) -> None:
    await make_data_set(tmp_path / "old", SMALL)
    export_all(tmp_path / "old", "kaldi", terms=Terms(wav=wav))
    target = (tmp_path / "old").rename(tmp_path / "a new") / "exports" / "kaldi"
    reanchor = load_exporter("kaldi").reanchor
    assert reanchor is not None
    assert reanchor(target, target) == 4
    for split in ("eval", "balanced_train"):
        assert all(Path(path).is_file() for path in load(target / split)["wav.scp"].values())
    with pytest.raises(UsageError, match="holds no list"):
        reanchor(tmp_path, target)


async def test_the_bound_on_disk_holds(tmp_path: Path) -> None:
    await make_data_set(tmp_path, SMALL)
    for terms in (Terms(), Terms(wav=16_000)):
        with opened(tmp_path, "kaldi", terms=terms) as export:
            bound = sum(export.exporter.clip_bytes(export.table, terms))
        files = files_of(export_all(tmp_path, "kaldi", terms=terms).place.target)
        assert sum(map(len, files.values())) <= bound
