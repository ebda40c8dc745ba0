"""``asyncdl diff``: what two labs share, lack, and hold with other sound."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asyncdl.core import layout
from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.events import ClipLost, Event, GaveUp, RetryRequested
from asyncdl.core.model import RowRef, Segment, Span
from support.bench import Ended
from support.datasets import write_run
from support.exports import Sounding, export_all, make_data_set, segments_of, sound
from support.stored_clips import clip_of, stored

Command = Callable[..., Ended]

SOUNDING = Sounding(count=8, seconds=0.05)
A = segments_of(SOUNDING)
KEYS = [segment.key for segment in A]
EXTRA = Segment("-OnlyInB--_", Span(0, 50), "eval", ("/m/09x0r",))
RELABELLED = replace(A[3], labels=("/m/0bt9lr",))


def _gave_up(segment: Segment, line: int, code: Code) -> GaveUp:
    return GaveUp(segment.key, RowRef(0, line), 0, 1, 0, failure(code, "said so"))


async def _replace_clip(root: Path, number: int, change: float, level: float) -> None:
    """Store another clip of a segment, in a later round."""
    path = root / layout.clip_path(A[number], "flac")
    samples = sound(SOUNDING, number)
    samples[7, 0] += round(change * 32768)
    soundfile.write(path, samples, SOUNDING.rate, format="FLAC", subtype="PCM_16", compression_level=level)
    clip = clip_of(path, SOUNDING.samples, SOUNDING.rate, SOUNDING.channels)
    await write_run(root, [], [replace(stored(A[number], number + 4, clip), round=1)])


@pytest.fixture
async def labs(here: Path) -> Path:
    """Two data sets. B has one clip of other bytes, one of other samples, other labels once, and one more;
    of two it knows why they are gone, one is still to be had, and one is not in its lists."""
    await make_data_set(here / "a", SOUNDING)
    gone: list[Event] = [_gave_up(A[4], 9, Code.REMOVED), _gave_up(A[5], 10, Code.PRIVATE)]
    held = [A[0], A[1], A[2], RELABELLED, EXTRA]
    fewer = replace(SOUNDING, count=len(held))
    await make_data_set(here / "b", fewer, segments=[*held, A[4], A[5], A[6]], more=gone)
    await _replace_clip(here / "b", 1, 0.0, 0.0)
    await _replace_clip(here / "b", 2, 0.25, 0.5)
    return here


def _told(command: Command, *arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = command("diff", *arguments, "--json").json()
    return told


async def test_two_folders_are_told_apart_per_split_and_in_all(labs: Path, command: Command) -> None:
    told = _told(command, "a", "b")
    assert told["all"] == {
        "same": 2,
        "other_sound": 2,
        "unknown_sound": 0,
        "only_a": 4,
        "only_b": 1,
        "neither": 0,
        "other_labels": 1,
        "other_split": 0,
    }
    assert {name: words["only_a"] for name, words in told["splits"].items()} == {
        "eval": 0,
        "balanced_train": 4,
    }
    assert told["equal"] is False
    assert (told["a"]["clips"], told["a"]["segments"]) == (8, 8)
    assert (told["b"]["clips"], told["b"]["segments"]) == (5, 8)


async def test_the_journal_that_lacks_a_clip_says_why(labs: Path, command: Command) -> None:
    told = _told(command, "a", "b")
    assert told["only_a_why"] == {"open": 1, "not_in_lists": 1, "removed": 1, "private": 1}
    assert told["only_b_why"] == {"not_in_lists": 1}
    assert [(one["key"], one["why"]) for one in told["only_a"]] == [
        (KEYS[4], "removed"),
        (KEYS[5], "private"),
        (KEYS[6], "open"),
        (KEYS[7], "not_in_lists"),
    ]
    assert told["only_b"] == [{"key": EXTRA.key, "split": "eval", "why": "not_in_lists"}]
    assert [one["key"] for one in told["other_sound"]] == [KEYS[1], KEYS[2]]
    assert [one["key"] for one in told["other_labels"]] == [KEYS[3]]


async def test_what_is_to_be_tried_again_or_was_lost_is_open(labs: Path, command: Command) -> None:
    again: list[Event] = [RetryRequested(KEYS[4], 1, 0), ClipLost(KEYS[0], 0, 0, "gone")]
    await write_run(labs / "b", [], again)
    told = _told(command, "a", "b")
    assert told["only_a_why"] == {"open": 3, "not_in_lists": 1, "private": 1}


async def test_the_other_way_round_the_same_is_said(labs: Path, command: Command) -> None:
    told, turned = _told(command, "a", "b"), _told(command, "b", "a")
    swap = {"only_a": "only_b", "only_b": "only_a"}
    assert {swap.get(word, word): count for word, count in turned["all"].items()} == told["all"]
    assert turned["only_b_why"] == told["only_a_why"]


@pytest.mark.parametrize(
    ("listing", "keys"),
    [
        ("same", [KEYS[0], KEYS[3]]),
        ("other-sound", [KEYS[1], KEYS[2]]),
        ("unknown-sound", []),
        ("only-a", KEYS[4:]),
        ("only-b", [EXTRA.key]),
        ("other-labels", [KEYS[3]]),
    ],
)
async def test_keys_are_printed_one_a_line_for_pipes(
    labs: Path, command: Command, listing: str, keys: list[str]
) -> None:
    ended = command("diff", "a", "b", "--list", listing)
    assert (ended.code, ended.stdout.splitlines(), ended.stderr) == (0, keys, "")


async def test_people_get_a_table_the_reasons_and_the_first_segments(labs: Path, command: Command) -> None:
    lines = command("diff", "a", "b").stdout.splitlines()
    assert lines[0] == "A  a  data set  8 clips"
    assert [line.split() for line in lines if line.startswith("  all ")] == [["all", "2", "2", "4", "1", "1"]]
    assert "Only in A: 4" in lines
    assert any(line.split()[:2] == ["1", "private"] for line in lines)
    assert f"  {', '.join(KEYS[4:7])}, … (--list only-a names all)" in lines


async def test_decoding_tells_other_bytes_from_other_samples(labs: Path, command: Command) -> None:
    told = _told(command, "a", "b", "--decode")
    assert told["heard"]["counts"] == {"other_samples": 1, "same_samples": 1}
    assert told["heard"]["max_difference"] == 0.25
    same, other = told["decoded"]
    assert (same["key"], same["heard"], same["max_difference"]) == (KEYS[1], "same_samples", 0.0)
    assert (other["key"], other["heard"], other["max_difference"]) == (KEYS[2], "other_samples", 0.25)
    expected = 0.25 / np.sqrt(SOUNDING.samples * SOUNDING.channels)
    assert other["rms_difference"] == pytest.approx(expected)
    text = command("diff", "a", "b", "--decode").stdout
    assert "1  the same samples in other bytes, as another encoder writes them" in text
    assert "largest difference 0.25 of full scale" in text


async def test_a_clip_that_cannot_be_read_is_told_with_its_side(labs: Path, command: Command) -> None:
    (labs / "b" / layout.clip_path(A[1], "flac")).unlink()
    (labs / "a" / layout.clip_path(A[2], "flac")).write_bytes(b"another file")
    told = _told(command, "a", "b", "--decode")
    assert told["heard"]["counts"] == {"unread": 2}
    assert [one["reason"] for one in told["decoded"]] == [
        "B: the file is gone",
        "A: the file is not the one that was recorded",
    ]


async def test_clips_of_another_rate_are_not_compared_sample_by_sample(here: Path, command: Command) -> None:
    one = replace(SOUNDING, count=1)
    await make_data_set(here / "a", one, segments=A[:1])
    await make_data_set(here / "b", replace(one, rate=48_000, channels=1), segments=A[:1])
    told = _told(command, "a", "b", "--decode")
    assert [(one["heard"], one["reason"]) for one in told["decoded"]] == [
        ("other_shape", "44100 Hz, 2205 x 2 and 48000 Hz, 2400 x 1")
    ]


async def test_the_exit_code_tells_of_a_difference_only_where_it_is_asked(
    labs: Path, command: Command
) -> None:
    assert command("diff", "a", "b").code == 0
    assert command("diff", "a", "b", "--exit-code").code == 3
    assert command("diff", "a", "a", "--exit-code").code == 0
    assert "No difference" in command("diff", "a", "a").stdout


async def test_other_bytes_of_equal_samples_are_no_difference_once_they_are_decoded(
    here: Path, command: Command
) -> None:
    for name in ("a", "b"):
        await make_data_set(here / name, SOUNDING)
    await _replace_clip(here / "b", 1, 0.0, 0.0)
    assert command("diff", "a", "b", "--exit-code").code == 3
    assert command("diff", "a", "b", "--exit-code", "--decode").code == 0


async def test_a_published_manifest_says_the_same_of_clips_and_no_reasons(
    labs: Path, command: Command
) -> None:
    export_all(labs / "b", "nemo")
    (labs / "b.jsonl.gz").write_bytes(gzip.compress((labs / "b" / "manifest.jsonl").read_bytes()))
    of_folder, of_manifest = _told(command, "a", "b"), _told(command, "a", "b.jsonl.gz")
    assert of_manifest["all"] == of_folder["all"]
    assert of_manifest["only_a_why"] == {"not_told": 4}
    assert (of_manifest["b"]["is_manifest"], of_manifest["b"]["segments"]) == (True, None)


async def test_a_folder_without_a_journal_is_read_by_its_manifest(labs: Path, command: Command) -> None:
    export_all(labs / "a", "nemo")
    shutil.copytree(labs / "a", labs / "copy", ignore=shutil.ignore_patterns("journal"))
    assert _told(command, "a", "copy")["equal"] is True


async def test_a_manifest_of_an_older_asyncdl_tells_no_sound(labs: Path, command: Command) -> None:
    export_all(labs / "a", "nemo")
    lines = [json.loads(line) for line in (labs / "a" / "manifest.jsonl").read_text().splitlines()]
    older = [{name: told for name, told in line.items() if name != "sha256"} for line in lines]
    (labs / "older.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in older))
    told = _told(command, "a", "older.jsonl")
    assert (told["all"]["unknown_sound"], told["equal"]) == (8, False)
    assert "unknown sound" in command("diff", "a", "older.jsonl").stdout


async def test_a_segment_that_a_manifest_names_again_is_told_with_its_lines(
    labs: Path, command: Command
) -> None:
    export_all(labs / "a", "nemo")
    text = (labs / "a" / "manifest.jsonl").read_text()
    (labs / "twice.jsonl").write_text(text + text.splitlines(keepends=True)[0])
    told = _told(command, "a", "twice.jsonl")
    assert (told["b"]["repeated_lines"], told["b"]["clips"], told["equal"]) == (1, 8, True)
    assert (
        "name a segment again; the first one counts (lines 9)" in command("diff", "a", "twice.jsonl").stdout
    )


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "it is no JSON object"),
        ("", "it is no JSON object"),
        ('{"ytid": "../../x"}', "None is no time in seconds"),
        ('{"audio_filepath": "/etc/passwd"}', "'passwd' is no key of a segment"),
        (f'{{"note": "{"x" * (2 << 20)}"}}', "it is longer than 1 MiB"),
    ],
)
async def test_a_broken_line_of_a_manifest_is_named_by_its_number(
    labs: Path, command: Command, line: str, why: str
) -> None:
    export_all(labs / "a", "nemo")
    text = (labs / "a" / "manifest.jsonl").read_text()
    (labs / "broken.jsonl").write_text(f"{text}{line}\n{text}")
    ended = command("diff", "a", "broken.jsonl")
    assert (ended.code, ended.stdout) == (2, "")
    assert f"broken.jsonl line 9 tells of no clip: {why}." in ended.stderr


async def test_what_is_neither_folder_nor_manifest_ends_with_2(labs: Path, command: Command) -> None:
    (labs / "empty").mkdir()
    os.mkfifo(labs / "pipe")
    for name in ("empty", "pipe", "nowhere"):
        ended = command("diff", "a", name)
        assert (ended.code, ended.stdout) == (2, "")
        assert name in ended.stderr


async def test_only_folders_are_decoded_and_keys_stand_alone(labs: Path, command: Command) -> None:
    export_all(labs / "a", "nemo")
    ended = command("diff", "a", "a/manifest.jsonl", "--decode")
    assert (ended.code, "--decode needs the clips" in ended.stderr) == (2, True)
    assert command("diff", "a", "b", "--list", "same", "--json").code == 2


async def test_a_damaged_journal_is_compared_as_far_as_it_goes_and_told(labs: Path, command: Command) -> None:
    events, record = next(
        (path, line)
        for path in sorted((labs / "b" / "journal").iterdir())
        for line in path.read_bytes().splitlines()
        if b'"stored"' in line and KEYS[0].encode() in line
    )
    events.write_bytes(events.read_bytes().replace(record, record.replace(b"stored", b"st0red")))
    ended = command("diff", "a", "b", "--json")
    assert ended.code == 5
    assert ended.json()["only_a_why"]["open"] == 2
    assert "the journal is damaged" in ended.stderr


async def test_segments_in_the_lists_that_neither_side_holds_are_counted(
    here: Path, command: Command
) -> None:
    for name in ("a", "b"):
        await make_data_set(here / name, replace(SOUNDING, count=7), segments=A)
    told = _told(command, "a", "b")
    assert (told["all"]["neither"], told["all"]["same"], told["equal"]) == (1, 7, True)
    assert "In the lists, held by neither: 1" in command("diff", "a", "b").stdout


@pytest.mark.parametrize("value", ["5A" * 32, "no hash"])
async def test_a_journal_whose_sums_are_no_sums_tells_no_sound(
    here: Path, command: Command, value: str
) -> None:
    for name in ("a", "b"):
        await make_data_set(here / name, replace(SOUNDING, count=1), segments=A[:1])
    clip = replace(clip_of(here / "b" / layout.clip_path(A[0], "flac")), sha256=value)
    await write_run(here / "b", [], [replace(stored(A[0], 4, clip), round=1)])
    assert _told(command, "a", "b")["all"]["unknown_sound"] == 1
