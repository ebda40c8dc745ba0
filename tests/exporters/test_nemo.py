"""The manifest as a NeMo loader takes it: JSON lines, a string label, paths beside the manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asyncdl.app.ending import end_well
from asyncdl.app.opening import Opened
from asyncdl.core import layout
from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.events import ClipLost, ClipStored, Event, GaveUp, RowEvent, RowSelected
from asyncdl.core.model import AudioFormat, ClipSpec, Row, RowRef, Segment, Span
from asyncdl.errors import UsageError
from asyncdl.exporters import nemo
from asyncdl.exporting.contract import Terms
from asyncdl.runtime.cutter import Cutter
from asyncdl.runtime.dataset import open_for_writing
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.journal import RunJournal
from asyncdl.runtime.replay import replay
from support.datasets import header, rows_of, write_run
from support.exports import AT_MS, Sounding, export_all, files_of, make_data_set, opened
from support.fakes import FakeFetcher, a_clip, a_segment, some_exits
from support.sources import FFMPEG

RATE = 8000
PROVENANCE = (
    "sha256",
    "format_id",
    "source_rate",
    "yt_dlp_version",
    "ffmpeg_version",
    "date",
    "padded_samples",
)


@dataclass(frozen=True)
class Utterance:
    """What a loader keeps of a line."""

    audio_file: Path
    duration: float
    label: str


def load(manifest: Path) -> list[Utterance]:
    """Read a manifest by a NeMo loader's rules.

    Blank lines are refused, ``audio_filepath``, ``duration`` and ``label`` must be there, and a path that
    is not absolute and not there as it stands is joined to the manifest's folder.
    """
    utterances = []
    for line in manifest.read_text(encoding="utf-8").split("\n")[:-1]:
        item = json.loads(line)
        path, duration, label = item["audio_filepath"], item["duration"], item["label"]
        assert isinstance(label, str)
        assert isinstance(duration, float)
        found = Path(path)
        if not found.is_absolute() and not found.is_file():
            found = manifest.parent / found
        utterances.append(Utterance(found, duration, label))
    return utterances


def lines_of(root: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (root / layout.MANIFEST).read_text().splitlines()]


def _stored(number: int, segment: Segment | None = None, samples: int = 10 * RATE) -> ClipStored:
    clip = replace(a_clip(), samples=samples, sample_rate=RATE, channels=1)
    return ClipStored((segment or a_segment(number)).key, RowRef(0, number), 0, 1, 0, clip)


def _write_clip(root: Path, segment: Segment, samples: int = 10 * RATE) -> None:
    path = root / layout.clip_path(segment, "flac")
    path.parent.mkdir(parents=True)
    soundfile.write(path, np.zeros(samples, np.int16), RATE)


async def _data_set(root: Path, segments: Sequence[Segment], events: Sequence[Event]) -> int:
    """Write a data set and its manifest; answer the number of clips told."""
    await write_run(root, rows_of(segments), events)
    return nemo.write(root, replay(journal_of(root)).ledger, ClipSpec())


async def test_a_loader_finds_every_clip_with_its_label_and_the_files_own_length(tmp_path: Path) -> None:
    lengths = [10 * RATE, 2 * RATE + 1]
    for number, samples in enumerate(lengths):
        _write_clip(tmp_path, a_segment(number), samples)
    events = [_stored(number, samples=samples) for number, samples in enumerate(lengths)]
    assert await _data_set(tmp_path, [a_segment(0), a_segment(1)], events) == 2
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    utterances = load(moved / "manifest.jsonl")
    assert [utterance.label for utterance in utterances] == ["/m/09x0r"] * 2
    for utterance, samples in zip(utterances, lengths, strict=True):
        info = soundfile.info(utterance.audio_file)
        assert info.frames == samples
        assert utterance.duration == info.frames / info.samplerate
    moved.rename(tmp_path)


async def test_several_labels_are_one_string_of_ids_and_a_list(tmp_path: Path) -> None:
    segment = Segment("abcdefghijk", Span(0, 10_000), "eval", ("/m/09x0r", "/t/dd00088"))
    await _data_set(tmp_path, [segment], [_stored(4, segment)])
    (line,) = lines_of(tmp_path)
    assert line["label"] == "/m/09x0r /t/dd00088"
    assert line["labels"] == ["/m/09x0r", "/t/dd00088"]


async def test_names_as_labels_are_one_word_each(tmp_path: Path) -> None:
    segment = Segment("abcdefghijk", Span(0, 10_000), "eval", ("playing the piano", "/m/09x0r\n"))
    await _data_set(tmp_path, [segment], [_stored(4, segment)])
    (line,) = lines_of(tmp_path)
    assert line["label"] == "playing_the_piano /m/09x0r"
    assert line["labels"] == ["playing the piano", "/m/09x0r\n"]


async def test_a_line_tells_where_the_clip_comes_from(tmp_path: Path) -> None:
    segment = Segment("abcdefghijk", Span(61_100, 71_100), "eval", (), (("note", "é"), ("label", "theirs")))
    await _data_set(tmp_path, [segment], [_stored(4, segment)])
    (line,) = lines_of(tmp_path)
    assert (line["ytid"], line["start"], line["end"], line["split"]) == ("abcdefghijk", 61.1, 71.1, "eval")
    assert (line["sample_rate"], line["channels"]) == (RATE, 1)
    assert line["note"] == "é"
    assert line["label"] == ""


def test_padding_is_always_told_and_silence_where_there_is_any() -> None:
    row = Row(RowRef(0, 4), a_segment(4))
    plain = json.loads(nemo.line_of(row, _stored(4), ClipSpec()))
    assert plain["padded_samples"] == 0
    assert not {"short", "silent"} & set(plain)
    odd = replace(_stored(4), clip=replace(a_clip(), padded_samples=7, is_silent=True))
    told = json.loads(nemo.line_of(row, odd, ClipSpec()))
    assert (told["padded_samples"], told["silent"]) == (7, True)


def test_a_line_tells_what_two_labs_compare_their_clips_by() -> None:
    clip = replace(
        a_clip(), sha256="5a" * 32, source_rate=48_000, tool_version="yt-dlp 2026.10.26, ffmpeg 7.1 static"
    )
    line = json.loads(
        nemo.line_of(Row(RowRef(0, 4), a_segment(4)), replace(_stored(4), clip=clip, at_ms=AT_MS), ClipSpec())
    )
    assert {name: line[name] for name in PROVENANCE} == {
        "sha256": "5a" * 32,
        "format_id": "140",
        "source_rate": 48_000,
        "yt_dlp_version": "2026.10.26",
        "ffmpeg_version": "7.1 static",
        "date": "2023-11-14T22:13:20Z",
        "padded_samples": 0,
    }


def test_what_a_record_does_not_know_is_told_as_null() -> None:
    clip = replace(a_clip(), source_rate=None, tool_version="of another form")
    stored = replace(_stored(4), clip=clip, at_ms=1 << 62)
    line = json.loads(nemo.line_of(Row(RowRef(0, 4), a_segment(4)), stored, ClipSpec()))
    assert {name for name in PROVENANCE if line[name] is None} == {
        "source_rate",
        "yt_dlp_version",
        "ffmpeg_version",
        "date",
    }


def test_a_lists_own_columns_do_not_stand_in_for_where_a_clip_comes_from() -> None:
    columns = tuple((name, "theirs") for name in PROVENANCE)
    segment = replace(a_segment(4), columns=columns)
    assert b"theirs" not in nemo.line_of(Row(RowRef(0, 4), segment), _stored(4, segment), ClipSpec())


@pytest.mark.parametrize(
    ("spec", "ending"), [(ClipSpec(AudioFormat.OPUS), ".opus"), (ClipSpec(video=True), ".mp4")]
)
def test_the_files_ending_is_that_of_the_clips(spec: ClipSpec, ending: str) -> None:
    line = json.loads(nemo.line_of(Row(RowRef(0, 4), a_segment(4)), _stored(4), spec))
    assert line["audio_filepath"].endswith(ending)


async def test_only_stored_clips_are_told_and_in_the_order_of_the_list(tmp_path: Path) -> None:
    events: list[Event] = [_stored(number) for number in (5, 3, 1, 2)]
    events.append(GaveUp(a_segment(4).key, RowRef(0, 4), 0, 1, 0, failure(Code.PRIVATE, "Private video")))
    events.append(ClipLost(a_segment(2).key, 0, 0, "gone"))
    assert await _data_set(tmp_path, [a_segment(number) for number in range(1, 7)], events) == 3
    assert [line["ytid"] for line in lines_of(tmp_path)] == [a_segment(number).ytid for number in (1, 3, 5)]


async def test_an_empty_data_set_has_an_empty_manifest(tmp_path: Path) -> None:
    assert nemo.count_lines(tmp_path) == -1
    assert await _data_set(tmp_path, [a_segment(1)], []) == 0
    assert (tmp_path / "manifest.jsonl").read_bytes() == b""
    assert nemo.count_lines(tmp_path) == 0


async def _end_a_run(root: Path, events: Sequence[ClipStored] = (), rows: Sequence[RowEvent] = ()) -> None:
    """Begin a run on a data set, store clips, and end it as every run does."""
    async with AsyncExitStack() as stack:
        data_set = open_for_writing(root, "run")
        stack.callback(data_set.close)
        journal = RunJournal(data_set.journal)
        stack.push_async_callback(journal.close)
        await journal.start(header(), data_set.replayed.last_seq + 1)
        cutter = Cutter(data_set.root, ClipSpec(), FFMPEG)
        opened = Opened(data_set, ClipSpec(), journal, some_exits(FakeFetcher()), False, cutter, None)
        for row in rows:
            journal.note(row)
            opened.ledger.apply(row)
        for event in events:
            await journal.append(event)
            opened.ledger.apply(event)
        await end_well(opened, "finished", is_changed=bool(events), is_broken=False)


def _row(number: int) -> RowSelected:
    return RowSelected(Row(RowRef(0, number), a_segment(number)))


async def test_a_run_that_stores_rewrites_the_manifest_and_one_that_does_not_leaves_it(
    tmp_path: Path,
) -> None:
    await _end_a_run(tmp_path, [_stored(1)], [_row(1)])
    manifest = tmp_path / "manifest.jsonl"
    first = manifest.read_bytes()
    before = manifest.stat()
    await _end_a_run(tmp_path)
    assert (manifest.stat().st_ino, manifest.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    await _end_a_run(tmp_path, [_stored(2)], [_row(2)])
    assert manifest.read_bytes().startswith(first)
    assert nemo.count_lines(tmp_path) == 2


@pytest.mark.parametrize("stale", [None, b"", b"{}\n{}\n{}\n"], ids=["gone", "empty", "too long"])
async def test_a_stale_manifest_is_rewritten_by_a_run_that_has_nothing_to_do(
    tmp_path: Path, stale: bytes | None
) -> None:
    """The run before was killed after its last clip."""
    await _end_a_run(tmp_path, [_stored(1), _stored(2)], [_row(1), _row(2)])
    manifest = tmp_path / "manifest.jsonl"
    whole = manifest.read_bytes()
    manifest.unlink()
    if stale is not None:
        manifest.write_bytes(stale)
    await _end_a_run(tmp_path)
    assert manifest.read_bytes() == whole


SOUNDING = Sounding(count=4)


async def test_an_export_is_the_data_sets_own_manifest_and_the_same_each_time(tmp_path: Path) -> None:
    await make_data_set(tmp_path)
    nemo.write(tmp_path, replay(journal_of(tmp_path)).ledger, ClipSpec())
    by_the_run = (tmp_path / "manifest.jsonl").read_bytes()
    (tmp_path / "manifest.jsonl").write_bytes(b"one of an older asyncdl\n")
    export_all(tmp_path, "nemo")
    assert (tmp_path / "manifest.jsonl").read_bytes() == by_the_run


@pytest.mark.parametrize("place", ["set/exports/nemo", "elsewhere", "set/clips"])
async def test_from_another_folder_a_loader_finds_the_same_clips(tmp_path: Path, place: str) -> None:
    root, target = tmp_path / "set", tmp_path / place
    await make_data_set(root, SOUNDING)
    export_all(root, "nemo", target)
    utterances = load(target / "manifest.jsonl")
    assert len(utterances) == SOUNDING.count
    for utterance in utterances:
        info = soundfile.info(utterance.audio_file)
        assert utterance.duration == info.frames / info.samplerate == SOUNDING.seconds
    for line in (target / "manifest.jsonl").read_text().splitlines():
        assert "/" in json.loads(line)["audio_filepath"]


async def test_a_clip_whose_file_is_gone_has_no_line(tmp_path: Path) -> None:
    gone, *rest = await make_data_set(tmp_path, SOUNDING)
    (tmp_path / layout.clip_path(gone, "flac")).unlink()
    export_all(tmp_path, "nemo")
    assert [line["ytid"] for line in lines_of(tmp_path)] == [segment.ytid for segment in rest]


async def test_one_split_goes_to_another_folder_and_never_into_the_data_sets_own_manifest(
    tmp_path: Path,
) -> None:
    await make_data_set(tmp_path / "set", SOUNDING)
    terms = Terms(splits=("eval",))
    export_all(tmp_path / "set", "nemo", tmp_path / "out", terms)
    assert {line["split"] for line in lines_of(tmp_path / "out")} == {"eval"}
    with pytest.raises(UsageError, match="--split"):
        export_all(tmp_path / "set", "nemo", terms=terms)
    assert "manifest.jsonl" not in files_of(tmp_path / "set")


async def test_the_disk_that_lines_take_is_bounded_before_they_are_written(tmp_path: Path) -> None:
    labels = tuple(f"/m/0{number:05d}" for number in range(80))
    columns = tuple((f"caption{number}", "é" * 100) for number in range(20))
    longest = Segment("Clip0000007", Span(999_989_999, 999_999_999), "s" * 64, labels, columns)
    await make_data_set(tmp_path, Sounding(count=2), segments=[longest, a_segment(7)])
    with opened(tmp_path, "nemo") as export:
        most = list(nemo.EXPORTER.clip_bytes(export.table, export.terms))
    export_all(tmp_path, "nemo")
    sizes = [len(line) for line in (tmp_path / "manifest.jsonl").read_bytes().splitlines(keepends=True)]
    assert all(size <= bound for size, bound in zip(sizes, most, strict=True))
