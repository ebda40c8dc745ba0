"""Event tables, read as DCASE's loaders and psds_eval read them, and as asyncdl reads a strong list."""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.events import Source
from asyncdl.core.export import StoredClip
from asyncdl.core.model import Row, RowRef, Segment, Span
from asyncdl.core.strong_rows import EVENTS
from asyncdl.errors import UsageError
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.finishing import PassedOver
from asyncdl.exporting.sound_events import events_of
from asyncdl.exporting.steps import prepare
from asyncdl.inputs.audioset_strong import READER
from support.exports import Sounding, export_all, files_of, make_data_set, opened, stored_clips
from support.fakes import a_clip

LIST = Source(index=0, name="strong.tsv", split="strong_eval", sha256="", size_bytes=0)
HEAD = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel"
DUCK, MUSIC, TONE = "/m/09ddx", "/m/04rlf", "/t/dd000138"
ROWS = [
    "-x_y_z1234Q_30000\t2.627\t7.237\t/m/04rlf",
    "-x_y_z1234Q_30000\t0.88\t10.000\t/m/09ddx",
    "abcdefghijk_0\t0.123456\t1.5\t/m/04rlf",
    "-x_y_z1234Q_30000\t0.880\t10\t/m/09ddx",
    "-x_y_z1234Q_30000\t0.88\t1.000\t/m/unknown1",
]


def rows_in(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def segments_in(folder: Path, rows: Sequence[str]) -> list[Segment]:
    """Read rows as a run does."""
    path = folder / "strong.tsv"
    path.write_text("\n".join([HEAD, *rows, ""]))
    found = READER.rows(path, LIST, lambda _line: False)
    return [row.segment for row in found if isinstance(row, Row)]


async def make_strong(root: Path, *more: Segment) -> None:
    root.mkdir(exist_ok=True)
    segments = [*segments_in(root, ROWS), *more]
    await make_data_set(root, Sounding(count=len(segments)), segments=segments)


async def test_loaders_find_files_with_events_by_onset_and_names(tmp_path: Path) -> None:
    await make_strong(tmp_path)
    target = export_all(tmp_path, "strong").place.target
    found = defaultdict(list)
    for row in rows_in(target / "strong_eval.tsv"):
        found[row["filename"]].append((row["onset"], row["offset"], row["event_label"]))
    by_ytid = {Path(name).stem[:11]: events for name, events in found.items()}
    assert by_ytid == {
        "-x_y_z1234Q": [
            ("0.880", "1.000", "/m/unknown1"),
            ("0.880", "10.000", "Ducks, geese, waterfowl"),  # "Duck" in the weak lists
            ("2.627", "7.237", "Music"),
        ],
        "abcdefghijk": [("0.123456", "1.500", "Music")],
    }
    durations = {
        row["filename"]: float(row["duration"]) for row in rows_in(target / "strong_eval_durations.tsv")
    }
    assert [*durations] == [*found] == [clip.path for clip in stored_clips(tmp_path)]
    for name, duration in durations.items():
        assert soundfile.info(tmp_path / name).duration == duration


async def test_the_original_form_is_a_list_that_says_the_same(tmp_path: Path) -> None:
    await make_strong(tmp_path)
    text = (export_all(tmp_path, "strong").place.target / "strong_eval_segments.tsv").read_text()
    head, *rows = text.splitlines()
    assert head == HEAD
    assert rows[0] == "-x_y_z1234Q_30000\t0.880\t1.000\t/m/unknown1"
    again = segments_in(tmp_path, rows)
    assert [one.key for one in again] == [clip.key for clip in stored_clips(tmp_path)]
    for clip, segment in zip(stored_clips(tmp_path), again, strict=True):
        assert sorted(json.loads(dict(segment.columns)[EVENTS])) == [
            list(one) for one in events_of(clip) or ()
        ]


async def test_labels_are_the_whole_vocabulary_then_what_else_occurs(tmp_path: Path) -> None:
    tone = Segment("briefTone_1", Span(0, 250), "other", (TONE,), ((EVENTS, f'[[0.0, 0.2, "{TONE}"]]'),))
    await make_strong(tmp_path, tone)
    target = export_all(tmp_path, "strong").place.target
    labels = [line.split("\t") for line in (target / "labels.tsv").read_text().splitlines()]
    assert len(labels) == len({name for _, name in labels}) == 456 + 2
    assert [mid for mid, _ in labels[:456]] == sorted(mid for mid, _ in labels[:456])
    names = dict(labels)
    assert (names[DUCK], names["/m/unknown1"]) == ("Ducks, geese, waterfowl", "/m/unknown1")
    assert names[TONE] == TONE, "its name is that of another label"
    used = {
        row["event_label"] for split in ("strong_eval", "other") for row in rows_in(target / f"{split}.tsv")
    }
    assert used <= set(names.values())


async def test_clips_that_are_gone_have_no_rows_and_weak_splits_no_files(tmp_path: Path) -> None:
    await make_strong(tmp_path, Segment("weaklyTold1", Span(0, 250), "eval", (MUSIC,)))
    (tmp_path / stored_clips(tmp_path)[0].path).unlink()
    finish = export_all(tmp_path, "strong")
    assert len(finish.left_out) == 1
    assert finish.passed_over == {("eval", PassedOver.NO_EVENTS): 1}
    names = ["strong_eval.tsv", "strong_eval_durations.tsv", "strong_eval_segments.tsv"]
    assert sorted(files_of(finish.place.target)) == ["labels.tsv", *names]
    for name in names:
        text = (finish.place.target / name).read_text()
        assert "abcdefghijk" in text
        assert "-x_y_z1234Q" not in text


async def test_a_clip_of_a_framed_list_without_a_sound_has_a_duration_alone(tmp_path: Path) -> None:
    empty = Segment("allAbsent_1", Span(0, 250), "strong_eval", (), ((EVENTS, "[]"),))
    await make_strong(tmp_path, empty)
    target = export_all(tmp_path, "strong").place.target
    assert "allAbsent_1" in (target / "strong_eval_durations.tsv").read_text()
    assert "allAbsent_1" not in (target / "strong_eval.tsv").read_text()


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("labels", "labels.tsv"),
        ("strong_eval_durations", "split strong_eval_durations and of split strong_eval"),
    ],
)
async def test_a_split_whose_table_would_be_another_file_is_refused(
    split: str, names: str, tmp_path: Path
) -> None:
    await make_strong(tmp_path, Segment("allAbsent_1", Span(0, 250), split, (), ((EVENTS, "[]"),)))
    with pytest.raises(UsageError, match=names):
        export_all(tmp_path, "strong")
    export_all(tmp_path, "strong", terms=Terms(splits=("strong_eval",)))


async def test_a_data_set_without_events_is_told_which_lists_have_them(tmp_path: Path) -> None:
    await make_data_set(tmp_path, Sounding(count=2))
    with pytest.raises(UsageError, match="strong_eval"):
        export_all(tmp_path, "strong")


async def test_two_exports_are_equal_and_the_bound_on_disk_holds(tmp_path: Path) -> None:
    await make_strong(tmp_path)
    with opened(tmp_path, "strong", tmp_path / "one") as export:
        bound = sum(export.exporter.clip_bytes(export.table, export.terms))
        complete(export, prepare(export))
    assert files_of(tmp_path / "one") == files_of(export_all(tmp_path, "strong").place.target)
    tables = {name: data for name, data in files_of(tmp_path / "one").items() if name != "labels.tsv"}
    assert sum(map(len, tables.values())) <= bound


def clip_with(text: str) -> StoredClip:
    segment = Segment("abcdefghijk", Span(0, 10_000), "eval", (), ((EVENTS, text),))
    return StoredClip(segment, a_clip(), "clips/a.flac", RowRef(0, 1), 0)


@pytest.mark.parametrize(
    "text",
    [
        *("3", "", "a dog", "{}", "[1]", "[" * 5000),
        *("[[0, 1]]", "[[0, 1, 2]]", '[["0", 1, "/m/0a"]]', '[[0, 1, "a\\tb"]]', '[[0, 1, "/m/0a"], 4]'),
        *('[[2, 1, "/m/0a"]]', '[[-1, 1, "/m/0a"]]', '[[NaN, 1, "/m/0a"]]', '[[0, 1e300, "/m/0a"]]'),
    ],
)
def test_a_column_of_that_name_in_another_table_is_no_list_of_events(text: str) -> None:
    assert events_of(clip_with(text)) is None


@given(st.integers(0, 9_999_999), st.integers(1, 9_999_999))
def test_times_are_those_of_the_list_to_the_microsecond(start_us: int, length_us: int) -> None:
    from asyncdl.exporters.strong import _s  # noqa: PLC0415 - a private part, looked at here alone

    for time_us in (start_us, start_us + length_us):
        whole, fraction = divmod(time_us, 1_000_000)
        text = f"{whole}.{fraction:06d}"
        assert _s(float(text)) == text.removesuffix("000")


@pytest.fixture
def genuine() -> Path:
    folder = os.environ.get("ASYNCDL_TEST_DATA")
    if folder is None:
        pytest.skip("ASYNCDL_TEST_DATA does not name the folder of AudioSet's own files")
    return Path(folder)


async def test_rows_and_labels_of_the_genuine_list_come_out_as_they_went_in(
    tmp_path: Path, genuine: Path
) -> None:
    path = genuine / "audioset_eval_strong.partial.tsv"
    rows = islice(READER.rows(path, LIST, lambda _line: False), 20)
    segments = [row.segment for row in rows if isinstance(row, Row)]
    await make_data_set(tmp_path, Sounding(count=20), segments=segments)
    target = export_all(tmp_path, "strong").place.target
    clips = {f"{one.ytid}_{one.span.start_ms}" for one in segments}
    wanted = {line for line in path.read_text().splitlines() if line.partition("\t")[0] in clips}
    assert len(clips) == 20
    assert {*(target / "strong_eval_segments.tsv").read_text().splitlines()[1:]} == wanted
    assert (target / "labels.tsv").read_bytes() == (genuine / "mid_to_display_name.tsv").read_bytes()
