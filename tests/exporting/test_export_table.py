"""The table of clips: its order, its stretches, what it costs, and what it gives back."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.core.events import AttemptFailed, ClipStored
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Clip, ClipSpec, Failure, Row, RowRef, Segment, Span
from asyncdl.exporting.survey import survey_of
from asyncdl.exporting.table import Table, TableWriter

CLIP = Clip(7, "ab" * 32, 441, 44_100, 2, 0, False, "140", 48_000, False, "yt-dlp 1", "A film")


def row_of(number: int, split: str = "eval", start_ms: int = 0, ytid: str = "") -> Row:
    segment = Segment(ytid or f"Clip{number:07d}", Span(start_ms, start_ms + 10_000), split, ("/m/09x0r",))
    return Row(RowRef(0, number + 4), segment)


def stored(row: Row, clip: Clip = CLIP) -> ClipStored:
    return ClipStored(row.segment.key, row.ref, 0, 1, 1_700_000_000_000, clip)


def made(folder: Path, rows: Iterable[Row], seed: int | None = None) -> Table:
    writer = TableWriter(folder, "flac")
    for row in rows:
        writer.add(row, stored(row))
    return writer.finish(seed)


def keys_of(folder: Path, rows: Iterable[Row], seed: int | None = None) -> list[str]:
    with made(folder, rows, seed) as table:
        return [clip.key for clip in table.clips()]


def keys(rows: Sequence[Row]) -> list[str]:
    return [row.segment.key for row in rows]


def test_without_a_seed_clips_stand_as_in_the_lists(tmp_path: Path) -> None:
    rows = [row_of(number) for number in (5, 3, 9, 1)]
    assert keys_of(tmp_path, rows) == keys(rows)


def test_a_seed_shuffles_and_the_same_seed_does_so_again(tmp_path: Path) -> None:
    rows = [row_of(number) for number in range(60)]
    first, again, other = (keys_of(tmp_path, rows, seed) for seed in (1, 1, 2))
    assert first == again
    assert sorted(first) == sorted(other) == keys(rows)
    assert len({tuple(first), tuple(other), tuple(keys(rows))}) == 3


@pytest.mark.parametrize("seed", [0, 1, -1, 1 << 70])
def test_more_clips_come_in_between_and_turn_round_no_others(seed: int, tmp_path: Path) -> None:
    rows = [row_of(number) for number in range(60)]
    few = keys_of(tmp_path, rows[::3], seed)
    every = keys_of(tmp_path, [*reversed(rows)], seed)
    assert [key for key in every if key in set(few)] == few


def test_splits_are_stretches_in_the_order_in_which_they_were_met(tmp_path: Path) -> None:
    rows = [row_of(number, split) for number, split in enumerate(["train", "eval", "train", "eval", "train"])]
    for seed in (None, 7):
        with made(tmp_path, rows, seed) as table:
            assert [(one.split, one.first, one.count) for one in table.stretches] == [
                ("train", 0, 3),
                ("eval", 3, 2),
            ]
            splits = [clip.segment.split for clip in table.clips()]
            assert splits == ["train"] * 3 + ["eval"] * 2
            assert {clip.key for clip in table.clips_of("eval")} == set(keys([rows[1], rows[3]]))
            assert list(table.clips_of("no such split")) == []


def test_a_clip_comes_back_as_its_row_and_record_tell_it(tmp_path: Path) -> None:
    row = row_of(3)
    row = replace(row, segment=replace(row.segment, columns=(("caption", "Wind, \N{SNOWMAN}\nand rain"),)))
    with made(tmp_path, [row_of(1), row]) as table:
        (clip,) = table.clips(1)
        assert (clip.segment, clip.clip, clip.ref) == (row.segment, CLIP, row.ref)
        assert clip.at_ms == 1_700_000_000_000
        assert clip.path.startswith("clips/eval/")
        assert clip.path.endswith(f"/{row.segment.key}.flac")
        assert clip.duration_s == pytest.approx(0.01)


def test_numbers_of_each_clip_follow_the_order_of_the_export(tmp_path: Path) -> None:
    writer = TableWriter(tmp_path, "flac")
    for number in range(20):
        row = row_of(number)
        writer.add(row, stored(row, replace(CLIP, size_bytes=number, samples=44_100 * number + 1)))
    with writer.finish(3) as table:
        clips = list(table.clips())
        assert [clip.clip.size_bytes for clip in clips] == table.sizes.tolist()
        assert [-(-clip.clip.samples * 1000 // 44_100) for clip in clips] == table.durations_ms.tolist()
        assert [len(line) for line in table.lines(0, 20)] == table.row_bytes.tolist()
        assert [clip.key for clip in table.clips(5, 3)] == [clip.key for clip in clips[5:8]]


def test_clips_are_named_by_video_until_one_has_two(tmp_path: Path) -> None:
    alone = [row_of(1, ytid="abcdefghij_"), row_of(2, ytid="-bcdefghijk")]
    with made(tmp_path, alone) as table:
        assert table.is_one_per_video
        assert [table.name_of(clip) for clip in table.clips()] == ["abcdefghij_", "-bcdefghijk"]
    with made(tmp_path, [*alone, row_of(3, start_ms=20_000, ytid="abcdefghij_")]) as table:
        assert not table.is_one_per_video
        assert [table.name_of(clip) for clip in table.clips()] == [clip.key for clip in table.clips()]


def test_a_table_of_nothing_is_empty(tmp_path: Path) -> None:
    with made(tmp_path, [], 1) as table:
        assert (len(table), table.stretches, list(table.clips())) == (0, (), [])
        assert len(table.row_bytes) == 0


def test_only_chosen_splits_are_in_the_table_and_only_stored_clips(tmp_path: Path) -> None:
    rows = [row_of(number, "eval" if number % 2 else "train") for number in range(8)]
    failed = AttemptFailed(
        rows[1].segment.key, rows[1].ref, 0, 1, 1, Failure(FailureKind.TIMED_OUT, "x", "y")
    )
    outcomes = [(row, failed if row is rows[1] else stored(row)) for row in rows]
    table, survey = survey_of(outcomes, tmp_path, ClipSpec(), splits=["eval"])
    with table:
        assert [clip.key for clip in table.clips()] == keys([rows[3], rows[5], rows[7]])
    assert list(survey.splits) == ["eval"]
    assert (survey.splits["eval"].segments, survey.splits["eval"].open) == (4, 1)


def test_another_process_opens_the_same_table(tmp_path: Path) -> None:
    with made(tmp_path, [row_of(number) for number in range(5)], 1) as table, Table(tmp_path) as again:
        assert list(table.lines(0, 5)) == list(again.lines(0, 5))


def test_a_clip_costs_few_bytes_of_memory_however_much_is_told_of_it(tmp_path: Path) -> None:
    rows = [row_of(number) for number in range(2000)]
    wordy = stored(rows[0], replace(CLIP, title="t" * 1000))
    made(tmp_path, rows[:2], 0).close()  # what is loaded on first use
    tracemalloc.start()
    try:
        writer = TableWriter(tmp_path, "flac")
        for row in rows:
            writer.add(row, wordy)
        with writer.finish(0) as table:
            _, peak_bytes = tracemalloc.get_traced_memory()
            assert table.row_bytes.min() > 1000
    finally:
        tracemalloc.stop()
    assert peak_bytes < 300 * len(rows)
