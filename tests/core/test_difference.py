"""What two data sets share and lack, against the same said by dictionaries."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.difference import Difference, Verdict, compare, sound_distance, total
from asyncdl.core.holdings import (
    MOST_SPLITS,
    NOT_IN_LISTS,
    OPEN,
    STATE_NAMES,
    STORED,
    UNKNOWN,
    HoldingsWriter,
    SplitCodes,
    given_up,
    sound_of,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Segment, Span

SPLITS = ("eval", "balanced_train")


@dataclass(frozen=True)
class Held:
    """A segment of one side; ``sound`` 0 is not known, labels None are not told."""

    number: int
    split: str
    state: int
    sound: int
    labels: tuple[str, ...] | None

    @property
    def segment(self) -> Segment:
        return Segment(f"-{self.number:09d}_", Span(self.number, 10_000), self.split, self.labels or ())


held = st.builds(
    Held,
    number=st.integers(0, 12),
    split=st.sampled_from(SPLITS),
    state=st.sampled_from([STORED, STORED, OPEN, given_up(FailureKind.PRIVATE)]),
    sound=st.integers(0, 2),
    labels=st.sampled_from([None, (), ("/m/a",), ("/m/a", "/m/b"), ("/m/b", "/m/a", "/m/a")]),
)


def _sound(number: int) -> int:
    return sound_of(hashlib.sha256(bytes([number])).hexdigest()) if number else UNKNOWN


def _difference(a: list[Held], b: list[Held]) -> Difference:
    splits = SplitCodes()
    sides = []
    for side in (a, b):
        writer = HoldingsWriter(splits)
        for one in side:
            writer.add(one.segment, one.state, _sound(one.sound), knows_labels=one.labels is not None)
        sides.append(writer.finish(NOT_IN_LISTS))
    return compare(sides[0], sides[1], splits.names)


def _firsts(side: list[Held]) -> dict[int, Held]:
    found: dict[int, Held] = {}
    for one in side:
        found.setdefault(one.number, one)
    return found


def _verdict(mine: Held | None, theirs: Held | None) -> Verdict:
    has_a, has_b = (one is not None and one.state == STORED for one in (mine, theirs))
    if has_a != has_b:
        return Verdict.ONLY_A if has_a else Verdict.ONLY_B
    if mine is None or theirs is None or not has_a:
        return Verdict.NEITHER
    if not mine.sound or not theirs.sound:
        return Verdict.UNKNOWN_SOUND
    return Verdict.SAME if mine.sound == theirs.sound else Verdict.OTHER_SOUND


@given(st.lists(held, max_size=20), st.lists(held, max_size=20))
def test_each_segment_is_told_as_two_dictionaries_tell_it(a: list[Held], b: list[Held]) -> None:
    found, mine, theirs = _difference(a, b), _firsts(a), _firsts(b)
    expected = []
    for number in [*mine, *(number for number in theirs if number not in mine)]:
        at_a, at_b = mine.get(number), theirs.get(number)
        verdict = _verdict(at_a, at_b)
        holder = at_b if verdict is Verdict.ONLY_B or at_a is None else at_a
        lacking = at_b if at_a is not None and at_a.state == STORED else at_a
        assert holder is not None
        reason = STATE_NAMES[NOT_IN_LISTS if lacking is None else lacking.state]
        expected.append((verdict, holder.segment.key, holder.split, reason))
    told = [
        (verdict, *one)
        for verdict, one in zip(
            found.verdicts.tolist(), found.segments(np.ones(len(found.verdicts), np.bool_)), strict=True
        )
    ]
    assert told == expected
    counted = Counter((split, Verdict(verdict).word) for verdict, _, split, _ in expected)
    assert counted == Counter(
        {
            (split, verdict.word): words[verdict.word]
            for split, words in found.counts().items()
            for verdict in Verdict
            if words[verdict.word]
        }
    )


@given(st.lists(held, max_size=20), st.lists(held, max_size=20))
def test_labels_differ_where_the_sets_do_and_both_are_told(a: list[Held], b: list[Held]) -> None:
    found, mine, theirs = _difference(a, b), _firsts(a), _firsts(b)
    expected = {
        mine[number].segment.key
        for number in mine.keys() & theirs.keys()
        if mine[number].state == theirs[number].state == STORED
        and (labels := mine[number].labels) is not None
        and (others := theirs[number].labels) is not None
        and set(labels) != set(others)
    }
    assert {key for key, _, _ in found.segments(found.has_other_labels)} == expected
    assert total(found.counts())["other_labels"] == len(expected)


@given(st.lists(held, max_size=20))
def test_a_side_against_itself_has_no_difference(side: list[Held]) -> None:
    told = total(_difference(side, side).counts())
    assert not any(told[word] for word in ("other_sound", "only_a", "only_b", "other_labels", "other_split"))


def test_a_segment_that_stands_twice_counts_by_its_first_line() -> None:
    first, again = Held(1, "eval", STORED, 1, ()), Held(1, "eval", STORED, 2, ())
    found = _difference([Held(5, "eval", STORED, 1, ()), first, again, again], [first])
    assert found.repeats_a.tolist() == [2, 3]
    assert len(found.repeats_b) == 0
    assert total(found.counts())["same"] == 1


def test_the_side_that_lacks_a_clip_says_why() -> None:
    a = [Held(number, "eval", STORED, 1, ()) for number in range(4)]
    b = [Held(0, "eval", given_up(FailureKind.REMOVED), 0, ()), Held(1, "eval", OPEN, 0, ())]
    assert _difference(a, b).why(Verdict.ONLY_A) == {"not_in_lists": 2, "open": 1, "removed": 1}


def test_as_many_segments_as_several_chunks_are_found() -> None:
    writer_a, writer_b = HoldingsWriter(splits := SplitCodes()), HoldingsWriter(splits)
    for number in range(40_000):
        segment = Held(number % 10_000, "eval", STORED, 1, ()).segment
        (writer_a if number < 10_000 else writer_b).add(segment, STORED, _sound(1))
    found = compare(writer_a.finish(NOT_IN_LISTS), writer_b.finish(NOT_IN_LISTS), splits.names)
    assert total(found.counts())["same"] == 10_000
    assert len(found.repeats_b) == 20_000


def test_more_splits_than_any_data_set_has_are_refused() -> None:
    splits = SplitCodes()
    for number in range(MOST_SPLITS):
        splits.code_of(str(number))
    assert splits.code_of("7") == 7
    with pytest.raises(ValueError, match="more than 4,096 splits"):
        splits.code_of("one more")


@pytest.mark.parametrize("text", ["", "5a" * 31, "5A" * 32, "0x" * 32, "5a" * 32 + "\n"])
def test_what_is_no_sha256_is_an_unknown_sound(text: str) -> None:
    assert sound_of(text) == UNKNOWN


def test_a_sha256_that_begins_with_zeros_is_a_known_sound() -> None:
    assert sound_of("0" * 64) != UNKNOWN


def test_the_distance_of_two_sounds_is_their_largest_and_root_mean_square_difference() -> None:
    silence, other = np.zeros((4, 2), np.float32), np.zeros((4, 2), np.float32)
    other[0, 0], other[3, 1] = -0.5, 0.25
    largest, rms = sound_distance(silence, other)
    assert largest == 0.5
    assert rms**2 == pytest.approx((0.25 + 0.0625) / 8)
    assert sound_distance(other, other) == (0.0, 0.0)
    assert sound_distance(silence[:0], other[:0]) == (0.0, 0.0)
