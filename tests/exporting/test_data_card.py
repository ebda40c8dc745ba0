"""The data card and the list of what was left out: they count right, and foreign text steers neither."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.core.events import AttemptFailed, ClipStored, Event, GaveUp, Source, SourceAdded
from asyncdl.core.export import LeftOut
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import Clip, ClipSpec, Failure, Row, RowRef, Segment, Span
from asyncdl.errors import EnvironmentFault
from asyncdl.exporting.card import NAME, OTHER_NAME, card, write_card
from asyncdl.exporting.contract import Exporter
from asyncdl.exporting.finishing import PassedOver
from asyncdl.exporting.left_out import NAME as LEFT_OUT
from asyncdl.exporting.left_out import write_left_out
from asyncdl.exporting.survey import Survey
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import Outcome, iterate_outcomes
from asyncdl.runtime.replay import replay
from support.exports import LABELS, make_data_set
from support.made_formats import TEXT

DAY_MS = 86_400_000
CLIP = Clip(7, "ab" * 32, 48_000 * 1800, 48_000, 2, 0, False, "251", 48_000, False, "yt-dlp 1", "A film")
SPEECH, BARK, NO_CLASS = "/m/09x0r", "/m/05tny_", "/m/0nope"
HOSTILE = "\x1b]0;owned\x07![x](http://e.vil/x.png)|<script>`*_#\x1b[2J\\\n# Head\N{RIGHT-TO-LEFT OVERRIDE}"


def survey_of_all() -> Survey:
    survey = Survey()
    clips = [
        ("eval", (SPEECH, BARK), CLIP),
        ("eval", (SPEECH,), replace(CLIP, padded_samples=4800, format_id="140")),
        ("eval", (SPEECH, NO_CLASS), replace(CLIP, is_silent=True)),
        ("train", (BARK,), replace(CLIP, tool_version="yt-dlp 2")),
    ]
    for number, (split, labels, clip) in enumerate(clips):
        row = row_of(number, split, labels)
        survey.add(row, ClipStored(row.segment.key, row.ref, 0, 1, DAY_MS * (number + 1), clip))
    for number, (split, kind) in enumerate([("eval", "private"), ("eval", "private"), ("train", "removed")]):
        row = row_of(number + 10, split, (SPEECH,))
        survey.add(row, outcome_of(row, FailureKind(kind), is_given_up=True))
    row = row_of(20, "train", (SPEECH,))
    survey.add(row, outcome_of(row, FailureKind.NETWORK, is_given_up=False))
    return survey


def row_of(number: int, split: str, labels: tuple[str, ...]) -> Row:
    return Row(RowRef(0, number), Segment(f"Clip{number:07d}", Span(0, 10_000), split, labels))


def outcome_of(row: Row, kind: FailureKind, *, is_given_up: bool) -> Outcome:
    make = GaveUp if is_given_up else AttemptFailed
    return make(row.segment.key, row.ref, 0, 1, DAY_MS, Failure(kind, "x", "y"))


def ledger_of(*names: str) -> Ledger:
    ledger = Ledger()
    for index, name in enumerate(names):
        ledger.apply(SourceAdded(Source(index, name, "eval", "5a" * 32, 100)))
    return ledger


def told(
    survey: Survey,
    *names: str,
    left_out: tuple[LeftOut, ...] = (),
    exporter: Exporter = TEXT,
    passed_over: Mapping[tuple[str, PassedOver], int] | None = None,
    cut: Mapping[str, int] | None = None,
) -> str:
    found = {one.key: one for one in left_out}
    return "".join(card(exporter, survey, ledger_of(*names), ClipSpec(), found, passed_over or {}, cut or {}))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def section(text: str, heading: str) -> str:
    _, _, behind = text.partition(f"## {heading}")
    return behind.partition("\n## ")[0]


def rows_of(text: str, heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading, by their first cell."""
    lines = [line for line in section(text, heading).splitlines() if line.startswith("|")][2:]
    return {cells(line)[0]: cells(line)[1:] for line in lines}


def test_counts_are_those_of_the_survey_split_by_split() -> None:
    left_out = (LeftOut("k", "eval", "clips/x.flac", "the file is gone"),)
    text = told(survey_of_all(), "eval.csv", left_out=left_out)
    assert rows_of(text, "What is here") == {
        "eval": ["5", "3", "60.0 %", "1.50", "1", "1", "1"],
        "train": ["3", "1", "33.3 %", "0.50", "0", "0", "0"],
    }
    assert "# 3 clips: eval, train\n" in text


def test_what_is_missing_is_told_by_kind() -> None:
    rows = rows_of(told(survey_of_all(), "eval.csv"), "What is missing, and why")
    assert rows == {
        "private": [FailureKind.PRIVATE.meaning, "2", "0"],
        "removed": [FailureKind.REMOVED.meaning, "0", "1"],
        "open": ["not settled yet", "0", "1"],
    }


def test_where_nothing_is_missing_nothing_is_said() -> None:
    survey = Survey()
    row = row_of(1, "eval", (SPEECH,))
    survey.add(row, ClipStored(row.segment.key, row.ref, 0, 1, 1, CLIP))
    text = told(survey, "eval.csv")
    assert "missing" not in text
    assert "## Left out here" not in text


def test_shares_of_each_class_are_of_the_segments_that_wanted_it() -> None:
    rows = rows_of(told(survey_of_all(), "eval.csv"), "Share available per class")
    assert rows == {
        "0": [SPEECH, "Speech", "3 of 5 (60.0 %)", "0 of 2 (0.0 %)"],
        "75": [BARK, "Bark", "1 of 1 (100.0 %)", "1 of 1 (100.0 %)"],
        "none": [NO_CLASS, "", "1 of 1 (100.0 %)", ""],
    }


def test_it_tells_where_the_clips_come_from() -> None:
    text = told(survey_of_all(), "eval_segments.csv", "bal.csv")
    assert f"- list `eval_segments.csv`, SHA-256 `{'5a' * 32}`\n" in text
    assert "- list `bal.csv`" in text
    assert "- fetched from 1970-01-02 to 1970-01-05\n" in text
    assert "- 3 clips by yt-dlp 1\n- 1 clips by yt-dlp 2\n" in text
    assert "- 1 clips from source format 140\n- 3 clips from source format 251\n" in text


async def test_counts_are_the_journals(tmp_path: Path) -> None:
    segments = segments_of_ten()
    failed: list[Event] = [
        GaveUp(segments[8].key, RowRef(0, 12), 0, 1, 1, Failure(FailureKind.PRIVATE, "x", "y"), is_final=True)
    ]
    await make_data_set(tmp_path, segments=segments, more=failed)
    ledger, survey = replay(journal_of(tmp_path)).ledger, Survey()
    for row, outcome in iterate_outcomes(journal_of(tmp_path), ledger):
        survey.add(row, outcome)
    counts = ledger.counts()
    tally = survey.splits["eval"]
    assert (tally.segments, tally.stored, tally.open) == (10, counts.stored, 1)
    text = "".join(card(TEXT, survey, ledger, ClipSpec(), {}, {}, {}))
    assert rows_of(text, "What is here")["eval"][:3] == ["10", "8", "80.0 %"]
    assert rows_of(text, "What is missing, and why")["private"][1] == "1"


def segments_of_ten() -> list[Segment]:
    return [Segment(f"Clip{n:07d}", Span(0, 250), "eval", LABELS[:1]) for n in range(10)]


def test_the_same_data_set_gives_the_same_card() -> None:
    assert told(survey_of_all(), "eval.csv") == told(survey_of_all(), "eval.csv")


def test_of_very_many_clips_that_were_left_out_the_first_are_named() -> None:
    left_out = tuple(LeftOut(f"k{n}", "eval", f"clips/{n}.flac", "the file is gone") for n in range(105))
    named = section(told(survey_of_all(), left_out=left_out), "Left out here")
    assert named.count("the file is gone") == 100
    assert "- and 5 more: `left_out.csv` has all\n" in named


def test_front_matter_stands_at_the_very_top() -> None:
    fronted = replace(TEXT, front_matter=lambda clips: f"---\n{dict(clips)}\n---\n")
    assert told(survey_of_all(), exporter=fronted).startswith("---\n{'eval': 3, 'train': 1}\n---\n")


def test_clips_that_have_no_place_in_the_format_are_told_and_not_counted_as_exported() -> None:
    passed_over = {("eval", PassedOver.NO_CLASS): 2}
    fronted = replace(TEXT, front_matter=lambda clips: f"---\n{dict(clips)}\n---\n")
    text = told(survey_of_all(), exporter=fronted, passed_over=passed_over)
    assert text.startswith("---\n{'eval': 1, 'train': 1}\n---\n")
    assert "# 2 clips: eval, train\n" in text
    told_so = f"- eval: 2 clips, since {PassedOver.NO_CLASS}\n"
    assert f"Not in this format, though stored and whole:\n\n{told_so}" in text
    assert "Not in this format" not in told(survey_of_all())


def test_of_very_many_tools_the_most_frequent_are_named_and_the_rest_counted_together() -> None:
    survey = survey_of_all()
    for number in range(5000):
        clip = replace(CLIP, tool_version=f"tool {number}", format_id=f"f{number}" * 10_000)
        row = row_of(number + 100, "eval", (f"/m/x{number}", SPEECH))
        survey.add(row, ClipStored(row.segment.key, row.ref, 0, 1, DAY_MS, clip))
    assert max(len(survey.tools), len(survey.formats)) <= 1025
    assert max(map(len, survey.formats)) <= 200
    assert len(survey.splits["eval"].wanted_labels) <= 4097
    text = section(told(survey), "Where it comes from")
    assert "- 3 clips by yt-dlp 1\n" in text
    assert len(text) < 40_000
    counts = [int(line.split()[1]) for line in text.splitlines() if " clips by " in line]
    assert sum(counts) == survey.stored == 5004
    assert "- 4903 clips by others, or unknown ones\n" in text
    classes = rows_of(told(survey), "Share available per class")
    assert classes["0"][2] == "5003 of 5005 (99.9 %)"
    others = [line for line in told(survey).splitlines() if "| all others |" in line]
    assert ["907 of 907 (100.0 %)" in line for line in others] == [True]


def test_labels_of_audioset_are_told_whatever_stood_before_them() -> None:
    survey = Survey()
    for number in range(5000):
        survey.add(row_of(number, "eval", (f"/m/x{number}",)), None)
    survey.add(row_of(5000, "eval", (BARK,)), None)
    assert survey.splits["eval"].wanted_labels[BARK] == 1


def test_a_time_that_is_no_date_is_not_told() -> None:
    survey = survey_of_all()
    row = row_of(40, "eval", (SPEECH,))
    survey.add(row, ClipStored(row.segment.key, row.ref, 0, 1, 1 << 60, CLIP))
    assert "- fetched from 1970-01-02 to 1970-01-05\n" in told(survey)
    only = Survey()
    only.add(row, ClipStored(row.segment.key, row.ref, 0, 1, 1 << 60, CLIP))
    assert "- fetched from never to never\n" in told(only)


def test_the_checksum_of_a_list_steers_no_page() -> None:
    ledger = Ledger()
    ledger.apply(SourceAdded(Source(0, "eval.csv", "eval", "x`\n# Head\n![x](http://e.vil)", 100)))
    text = "".join(card(TEXT, survey_of_all(), ledger, ClipSpec(), {}, {}, {}))
    assert "\n# Head" not in text
    assert "`x' # Head ![x](http://e.vil)`" in text


def test_foreign_text_steers_no_page() -> None:
    survey = survey_of_all()
    row = row_of(30, "eval", (HOSTILE,))
    clip = replace(CLIP, format_id=HOSTILE, tool_version=HOSTILE, title=HOSTILE)
    survey.add(row, ClipStored(row.segment.key, row.ref, 0, 1, DAY_MS, clip))
    text = told(survey, HOSTILE, left_out=(LeftOut("k", "eval", "clips/x.flac", HOSTILE),))
    assert all(each.isprintable() or each == "\n" for each in text)
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in text
    assert not re.search(r"^# Head", text, re.MULTILINE)
    bare = re.sub(r"`[^`\n]*`", "", re.sub(r"\\[^\w\s]", "", text))
    for markup in ("![", "](", "<script", "http:", "`"):
        assert markup not in bare, markup
    assert text.count("owned") == 0
    for line in section(text, "Share available per class").splitlines():
        if line.startswith("|"):
            assert len(cells(line.replace("\\\\", ""))) == 5


def chunks() -> Iterator[str]:
    yield from card(TEXT, survey_of_all(), ledger_of("eval.csv"), ClipSpec(), {}, {}, {})


def test_our_own_card_is_replaced(tmp_path: Path) -> None:
    assert write_card(tmp_path, chunks()) == NAME
    first = (tmp_path / NAME).read_bytes()
    assert write_card(tmp_path, chunks()) == NAME
    assert (tmp_path / NAME).read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_somebody_elses_readme_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("# My data\n")
    assert write_card(tmp_path, chunks()) == OTHER_NAME
    assert (tmp_path / NAME).read_text() == "# My data\n"
    assert (tmp_path / OTHER_NAME).read_text().endswith("published it.\n")


def test_a_link_in_the_cards_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("mine")
    (tmp_path / NAME).symlink_to("theirs")
    assert write_card(tmp_path, chunks()) == OTHER_NAME
    (tmp_path / OTHER_NAME).unlink()
    (tmp_path / OTHER_NAME).symlink_to("theirs")
    with pytest.raises(EnvironmentFault, match="in the way"):
        write_card(tmp_path, chunks())
    assert (tmp_path / "theirs").read_text() == "mine"


def test_what_was_left_out_is_listed_one_a_line(tmp_path: Path) -> None:
    reason = 'it says "no",\nand\x1b[2J more'
    left_out = {
        "-a": LeftOut("-a", "eval", "clips/eval/a.flac", "the file is gone"),
        "b": LeftOut("b", "train", "clips/train/b.flac", reason),
    }
    write_left_out(tmp_path, left_out)
    with (tmp_path / LEFT_OUT).open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["key", "split", "path", "reason"],
            ["-a", "eval", "clips/eval/a.flac", "the file is gone"],
            ["b", "train", "clips/train/b.flac", 'it says "no", and more'],
        ]
    write_left_out(tmp_path, {})
    assert not (tmp_path / LEFT_OUT).exists()


def test_what_a_format_had_to_cut_is_told() -> None:
    assert "eval: 3 clips are longer than this format holds" in told(
        survey_of_all(), "eval.csv", cut={"eval": 3}
    )
