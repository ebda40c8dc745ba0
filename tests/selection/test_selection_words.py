"""What a user says of a selection, and the test that it comes to."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.keytable import KeyTable
from asyncdl.core.model import Segment, Span
from asyncdl.core.selection import Group, SelectionSettings, Wanted

MIDS = [f"/m/{letter}" for letter in "abcdef"]
some_mids = st.frozensets(st.sampled_from(MIDS), max_size=4)
ids = st.sampled_from([f"Video00000{n}" for n in range(4)])
segments = st.builds(
    lambda ytid, length, mids: Segment(ytid, Span(1000, 1000 + length), "eval", tuple(sorted(mids))),
    ids,
    st.integers(1, 10_000),
    some_mids,
)


@given(
    segments,
    st.lists(some_mids, max_size=3),
    st.lists(some_mids, max_size=2),
    some_mids,
    st.integers(0, 9000),
    st.none() | st.sets(ids),
    st.none() | st.sets(ids),
)
def test_a_segment_is_wanted_when_every_condition_holds(
    segment: Segment,
    groups: list[frozenset[str]],
    all_of: list[frozenset[str]],
    none_of: frozenset[str],
    least_ms: int,
    only: set[str] | None,
    excluded: set[str] | None,
) -> None:
    wanted = Wanted(
        tuple(Group(f"group {n}", mids) for n, mids in enumerate(groups)),
        tuple(all_of),
        none_of,
        least_ms,
        _table(only),
        _table(excluded),
    )
    mids = set(segment.labels)
    assert wanted.matches(segment) == all(
        [
            not groups or any(mids & group for group in groups),
            all(mids & needed for needed in all_of),
            not mids & none_of,
            segment.span.duration_ms >= least_ms,
            only is None or segment.ytid in only,
            excluded is None or segment.ytid not in excluded,
        ]
    )
    expected = (
        [f"group {n}" for n, group in enumerate(groups) if mids & group] if groups else [*segment.labels]
    )
    assert list(wanted.names_of(segment.labels)) == expected


def _table(names: set[str] | None) -> KeyTable | None:
    if names is None:
        return None
    table = KeyTable()
    for name in names:
        table.add(name)
    return table


def test_a_key_names_one_segment_of_a_video() -> None:
    here, there = (Segment("Video000001", Span(start, start + 1000), "eval") for start in (0, 5000))
    wanted = Wanted(excluded=_table({here.key}))
    assert (wanted.matches(here), wanted.matches(there)) == (False, True)


texts = st.lists(st.text(max_size=5), max_size=3).map(tuple)
numbers = st.none() | st.integers(1, 1000)


@given(
    st.builds(
        SelectionSettings,
        labels=texts,
        exact=st.booleans(),
        all_of=texts,
        none_of=texts,
        per_label=numbers,
        replace=st.booleans(),
        sample=numbers,
        seed=numbers,
        min_duration_s=st.none() | st.floats(0.5, 20),
        ids=texts,
        exclude=texts,
    )
)
def test_the_journal_brings_back_what_was_said(said: SelectionSettings) -> None:
    assert SelectionSettings.from_options(json.loads(json.dumps(said.to_options()))) == said


@pytest.mark.parametrize("options", [None, 3, [], {"labels": 1, "seed": "x", "per_label": True, "exact": 1}])
def test_a_journal_that_says_nonsense_selects_nothing(options: object) -> None:
    assert SelectionSettings.from_options(options).takes_all


@pytest.mark.parametrize(
    ("said", "limit", "told"),
    [
        (SelectionSettings(exact=True), None, "--exact"),
        (SelectionSettings(per_label=3, sample=3), None, "--per-label and --sample"),
        (SelectionSettings(seed=3), None, "--seed"),
        (SelectionSettings(replace=True), None, "--replace"),
        (SelectionSettings(sample=3), 2, "--limit and --sample"),
        (SelectionSettings(per_label=3), 2, "--limit and --per-label"),
        (SelectionSettings(per_label=3, replace=True), 2, "--limit and --per-label"),
        (SelectionSettings(per_label=0), None, "--per-label: 0"),
        (SelectionSettings(sample=-1), None, "--sample: -1"),
        (SelectionSettings(sample=1, seed=-1), None, "--seed: -1"),
        (SelectionSettings(min_duration_s=float("nan")), None, "--min-duration: nan"),
        (SelectionSettings(min_duration_s=-2.0), None, "--min-duration: -2"),
    ],
)
def test_what_contradicts_itself_is_told(said: SelectionSettings, limit: int | None, told: str) -> None:
    (mistake,) = said.mistakes(limit)
    assert told in mistake


def test_what_can_be_meant_is_not_complained_of() -> None:
    said = SelectionSettings(
        labels=("Dog",), exact=True, per_label=3, replace=True, seed=0, min_duration_s=9.5
    )
    assert said.mistakes() == []
