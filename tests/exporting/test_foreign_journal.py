"""A journal of a stranger: what it says of clips is refused before work, or forges nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.events import ClipStored
from asyncdl.core.model import Clip, ClipSpec, Row, RowRef, Segment, Span
from asyncdl.core.rows import is_label
from asyncdl.errors import JournalFault
from asyncdl.exporting.foreign import date_of, is_possible, words_of
from asyncdl.exporting.survey import survey_of
from support.fakes import a_clip

CLIP = replace(a_clip(), samples=480_000, sample_rate=48_000, channels=2, padded_samples=0)
SEGMENT = Segment("abcdefghijk", Span(0, 10_000), "eval")
ROW = Row(RowRef(0, 1), SEGMENT)


@given(st.lists(st.text(max_size=20), max_size=5))
def test_whatever_labels_are_their_words_can_be_divided_again(labels: list[str]) -> None:
    words = words_of(labels)
    assert " ".join(words).split() == words
    assert all(word.isprintable() for word in words)


def test_ids_stay_as_they_are_and_each_stands_once() -> None:
    ids = ["/m/09x0r", "/t/dd00088", "/m/09x0r"]
    assert all(map(is_label, ids))
    assert words_of(ids) == ids[:2]


@given(st.integers(0, 1 << 62))
def test_a_time_is_a_date_or_none(at_ms: int) -> None:
    date = date_of(at_ms)
    assert (date is None) == (at_ms >= 253_402_300_800_000)
    assert date is None or date == datetime.fromtimestamp(at_ms // 1000, UTC)


@pytest.mark.parametrize(
    "clip",
    [
        replace(CLIP, samples=1 << 50),
        replace(CLIP, sample_rate=1),
        replace(CLIP, sample_rate=1 << 50, samples=1 << 50),
        replace(CLIP, channels=1 << 40),
        replace(CLIP, size_bytes=1 << 62),
        replace(CLIP, padded_samples=CLIP.samples + 1),
    ],
    ids=lambda clip: f"{clip.samples}-{clip.sample_rate}-{clip.channels}",
)
def test_a_clip_that_cannot_be_is_refused_before_work(clip: Clip, tmp_path: Path) -> None:
    assert is_possible(CLIP)
    assert not is_possible(clip)
    stored = ClipStored(SEGMENT.key, ROW.ref, 0, 1, 0, clip)
    with pytest.raises(JournalFault, match=f"{SEGMENT.key} tells of a clip that cannot be"):
        survey_of([(ROW, stored)], tmp_path, ClipSpec())


def test_more_splits_than_any_data_set_has_are_refused(tmp_path: Path) -> None:
    rows = ((replace(ROW, segment=replace(SEGMENT, split=f"s{number}")), None) for number in range(65_537))
    with pytest.raises(JournalFault, match="65,536 splits"):
        survey_of(rows, tmp_path, ClipSpec())
