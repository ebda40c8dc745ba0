"""The fold: merge by maxima, whatever the order and however often."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.events import (
    AttemptFailed,
    ClipLost,
    ClipStored,
    Event,
    GaveUp,
    RetryRequested,
    RowEvent,
    RowRejected,
    RowRepeated,
    RowSelected,
    RunStarted,
    SegmentEvent,
    Source,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import AudioFormat, Clip, ClipSpec, Failure, RejectedRow, Row, RowRef, Segment, Span

KEYS = ["aaaaaaaaaaa_0_10000", "--PJHxphWEs_30000_40000", "bbbbbbbbbbb_0_10000"]
KINDS = [FailureKind.NETWORK, FailureKind.REMOVED, FailureKind.UNKNOWN]
CLIP = Clip(1000, "00", 441_000, 44_100, 2, 0, False, "140", 44_100, False, "tools")


def ref_of(key: str) -> RowRef:
    return RowRef(0, KEYS.index(key) + 4)


def row(key: str, ref: RowRef | None = None) -> RowSelected:
    ytid, start, end = key.rsplit("_", 2)
    return RowSelected(Row(ref or ref_of(key), Segment(ytid, Span(int(start), int(end)), "eval")))


def stored(key: str, round_: int = 0, size: int = 1000) -> ClipStored:
    return ClipStored(key, ref_of(key), round_, 1, 0, replace(CLIP, size_bytes=size))


def failed(
    key: str, round_: int = 0, kind: FailureKind = FailureKind.NETWORK, text: str = ""
) -> AttemptFailed:
    return AttemptFailed(key, ref_of(key), round_, 1, 0, Failure(kind, "code", text))


def gave_up(key: str, round_: int = 0, kind: FailureKind = FailureKind.REMOVED) -> GaveUp:
    return GaveUp(key, ref_of(key), round_, 1, 0, Failure(kind, "code", ""))


def folded(events: list[Event | RowEvent]) -> Ledger:
    ledger = Ledger()
    for event in events:
        ledger.apply(event)
    return ledger


def state_by_the_book(events: list[SegmentEvent], key: str) -> RowState:
    """Fold anew by the rule as written in words, without any of the ledger's numbers."""
    mine = [event for event in events if event.key == key]
    clip = max((event.round for event in mine if isinstance(event, ClipStored)), default=-1)
    lost = max((event.round for event in mine if isinstance(event, ClipLost)), default=-1)
    asked = max((event.round for event in mine if isinstance(event, RetryRequested)), default=0)
    tries = [
        (event.round, isinstance(event, GaveUp))
        for event in mine
        if isinstance(event, AttemptFailed | GaveUp)
    ]
    if clip > lost:
        return RowState.STORED
    round_, is_final = max(tries, default=(0, False))
    return RowState.GIVEN_UP if is_final and round_ >= max(asked, lost + 1) else RowState.OPEN


# Rounds beyond 127 also make the columns wider on the way.
ROUND = st.integers(0, 3) | st.integers(120, 400)
KEY = st.sampled_from(KEYS)
SEGMENT_EVENT: st.SearchStrategy[SegmentEvent] = st.one_of(
    st.builds(lambda key, round_: stored(key, round_, 1000 + round_), KEY, ROUND),
    st.builds(failed, KEY, ROUND, st.sampled_from(KINDS)),
    # one kind for each round and rank, so that only the merge itself is under test
    st.builds(lambda key, round_: gave_up(key, round_, KINDS[round_ % 3]), KEY, ROUND),
    st.builds(lambda key, round_: RetryRequested(key, round_, 0), KEY, ROUND),
    st.builds(lambda key, round_: ClipLost(key, round_, 0, "gone"), KEY, ROUND),
)


@given(st.lists(SEGMENT_EVENT))
def test_states_and_counts_follow_the_written_rule(events: list[SegmentEvent]) -> None:
    ledger = folded([*events])
    states = {event.key: state_by_the_book(events, event.key) for event in events}
    assert {key: ledger.state_of(key) for key in states} == states
    counts, tally = ledger.counts(), Counter(states.values())
    assert (counts.segments, counts.stored, counts.open, counts.failed_total) == (
        len(states),
        tally[RowState.STORED],
        tally[RowState.OPEN],
        tally[RowState.GIVEN_UP],
    )
    by_kind = Counter(ledger.kind_of(key) for key, state in states.items() if state is RowState.GIVEN_UP)
    assert counts.failed == by_kind


@given(st.lists(SEGMENT_EVENT), st.data())
def test_order_and_repetition_change_nothing(events: list[SegmentEvent], data: st.DataObject) -> None:
    again = data.draw(
        st.permutations(events + data.draw(st.lists(st.sampled_from(events)) if events else st.just([])))
    )
    one, other = folded([*events]), folded([*again])
    assert replace(one.counts(), attempts=0) == replace(other.counts(), attempts=0)
    assert [one.state_of(key) for key in KEYS] == [other.state_of(key) for key in KEYS]
    assert [one.round_of(key) for key in KEYS] == [other.round_of(key) for key in KEYS]


@given(st.lists(SEGMENT_EVENT))
def test_a_new_attempt_in_the_told_round_settles_an_open_segment(events: list[SegmentEvent]) -> None:
    for settle in (stored, gave_up):
        ledger = folded([*events])
        for key in KEYS:
            if ledger.state_of(key) in {RowState.OPEN, None}:
                ledger.apply(settle(key, ledger.round_of(key)))
                assert ledger.state_of(key) is not RowState.OPEN


def test_a_stored_segment_is_not_undone_by_another_workers_failure() -> None:
    assert folded([stored(KEYS[0]), gave_up(KEYS[0], 5)]).state_of(KEYS[0]) is RowState.STORED


def test_a_late_give_up_of_an_old_round_does_not_undo_a_retry() -> None:
    ledger = folded([gave_up(KEYS[0]), RetryRequested(KEYS[0], 1, 0), gave_up(KEYS[0])])
    assert ledger.state_of(KEYS[0]) is RowState.OPEN
    assert ledger.round_of(KEYS[0]) == 1


def test_a_lost_clip_is_fetched_again_in_the_next_round_and_its_bytes_no_longer_count() -> None:
    ledger = folded([stored(KEYS[0]), ClipLost(KEYS[0], 0, 0, "gone")])
    assert ledger.state_of(KEYS[0]) is RowState.OPEN
    assert ledger.counts().stored_bytes == 0
    assert ledger.round_of(KEYS[0]) == 1
    ledger.apply(stored(KEYS[0], 0))
    assert ledger.state_of(KEYS[0]) is RowState.OPEN
    ledger.apply(stored(KEYS[0], 1, 7))
    assert ledger.counts().stored_bytes == 7


def test_of_equal_events_the_later_one_counts() -> None:
    ledger = folded(
        [stored(KEYS[0], 0, 5), stored(KEYS[0], 0, 6), gave_up(KEYS[1]), gave_up(KEYS[1], 0, KINDS[0])]
    )
    assert ledger.counts().stored_bytes == 6
    assert ledger.kind_of(KEYS[1]) is KINDS[0]


def test_each_row_is_told_by_its_place() -> None:
    first, again, bad, unread = RowRef(0, 4), RowRef(1, 9), RowRef(0, 5), RowRef(0, 6)
    ledger = folded(
        [
            row(KEYS[0], first),
            RowRepeated(again, KEYS[0]),
            RowRejected(RejectedRow(bad, "no number", "x")),
        ]
    )
    assert ledger.state_at(first) is RowState.OPEN
    assert ledger.state_at(again) is RowState.REPEATED
    assert ledger.state_at(bad) is RowState.REJECTED
    assert ledger.state_at(unread) is ledger.state_at(RowRef(7, 10**9)) is RowState.UNREAD
    assert ledger.known_lines(first.source) == 2
    assert not ledger.is_settled_line(first.source, first.line)
    ledger.apply(stored(KEYS[0]))
    assert ledger.state_at(first) is RowState.STORED
    assert ledger.is_settled_line(first.source, first.line)


ROW_EVENT: st.SearchStrategy[RowEvent] = st.one_of(
    st.builds(row, KEY, st.builds(RowRef, st.integers(0, 1), st.sampled_from([4, 5, 6]))),
    st.builds(lambda line: RowRejected(RejectedRow(RowRef(2, line), "bad", "")), st.integers(1, 5)),
    st.builds(lambda line: RowRepeated(RowRef(3, line), KEYS[0]), st.integers(1, 5)),
)


@given(st.lists(ROW_EVENT))
def test_every_line_counts_once_however_often_it_was_noted(events: list[RowEvent]) -> None:
    said: dict[RowRef, str] = {}
    consistent: list[RowEvent] = []
    for event in events:
        ref = event.ref if isinstance(event, RowRepeated) else event.row.ref
        word = event.row.segment.key if isinstance(event, RowSelected) else type(event).__name__
        if said.setdefault(ref, word) == word:
            consistent.append(event)
    counts = folded([*consistent, *reversed(consistent)]).counts()
    assert counts.segments + counts.rejected_rows + counts.repeated_rows == len(said)
    assert counts.segments == len(set(said.values()) & set(KEYS))
    assert counts == folded([*reversed(consistent), *consistent]).counts()


def test_a_segment_without_a_row_is_not_known_and_its_row_can_still_come() -> None:
    ledger = folded([stored(KEYS[0])])
    assert not ledger.knows(KEYS[0])
    ledger.apply(row(KEYS[0]))
    assert ledger.knows(KEYS[0])
    assert ledger.state_at(ref_of(KEYS[0])) is RowState.STORED
    assert ledger.counts().repeated_rows == 0


def test_what_was_never_heard_of_has_no_state() -> None:
    ledger = Ledger()
    assert ledger.state_of(KEYS[0]) is None
    assert ledger.kind_of(KEYS[0]) is None
    assert ledger.round_of(KEYS[0]) == 0
    assert not ledger.knows(KEYS[0])
    assert ledger.slot_of(KEYS[0]) == -1


def test_the_first_run_fixes_what_a_clip_is() -> None:
    specs = [ClipSpec(AudioFormat.WAV), ClipSpec(AudioFormat.FLAC)]
    ledger = folded([RunStarted("run", 0, spec, {}, "run", {}) for spec in specs])
    assert ledger.spec == specs[0]


def test_lists_come_back_in_the_order_of_their_numbers() -> None:
    lists = [Source(index, f"list{index}", "eval", f"sha{index}", 10) for index in (1, 0)]
    ledger = folded([SourceAdded(known) for known in lists])
    assert ledger.sources == [lists[1], lists[0]]


def test_unknown_texts_are_kept_once_and_at_most_twenty() -> None:
    ledger = folded([failed(KEYS[0], 0, FailureKind.UNKNOWN, f"text {number % 30}") for number in range(90)])
    assert ledger.unknown_texts == [f"text {number}" for number in range(20)]
    ledger.apply(failed(KEYS[0], 0, FailureKind.NETWORK, "known"))
    assert "known" not in ledger.unknown_texts


@pytest.mark.parametrize("size", [2**32 - 1, 2**32, 2**40])
def test_a_size_beyond_four_gibibytes_is_told_as_that(size: int) -> None:
    assert folded([stored(KEYS[0], 0, size)]).counts().stored_bytes == 2**32 - 1


def test_many_segments_fit() -> None:
    ledger = Ledger()
    for number in range(40_000):
        ledger.row_selected(0, number + 1, f"{number:011d}_0_10000")
        ledger.clip_stored(0, number + 1, f"{number:011d}_0_10000", 0, 2)
    counts = ledger.counts()
    assert (counts.segments, counts.stored, counts.stored_bytes) == (40_000, 40_000, 80_000)
    assert all(ledger.is_settled_line(0, number + 1) for number in range(40_000))
    assert not ledger.is_settled_line(0, 40_001)
