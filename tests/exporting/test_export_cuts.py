"""Cutting the clips of an export into shards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.export import Sizes, StoredClip, cuts_by_size, even_cuts, plain_name
from asyncdl.core.model import Clip, RowRef, Segment, Span

Cuts = list[tuple[int, int]]
SIZES = st.lists(st.integers(0, 1000), max_size=200)


def covers(cuts: Cuts, count: int) -> bool:
    """Whether the stretches follow each other and hold everything, and none is empty."""
    ends = [0, *(first + length for first, length in cuts)]
    return [first for first, _ in cuts] == ends[:-1] and ends[-1] == count and all(n for _, n in cuts)


@given(count=st.integers(0, 10_000), most=st.integers(1, 3000))
def test_as_few_stretches_as_will_do_that_differ_by_one_at_most(count: int, most: int) -> None:
    cuts = even_cuts(count, most)
    lengths = [length for _, length in cuts]
    assert covers(cuts, count)
    assert len(cuts) == -(-count // most)
    assert max(lengths, default=0) <= most
    assert max(lengths, default=0) - min(lengths, default=0) <= 1


def array(sizes: list[int]) -> Sizes:
    return np.array(sizes, np.int64)


def test_even_cuts_leave_no_small_rest() -> None:
    assert even_cuts(10, 4) == [(0, 3), (3, 3), (6, 4)]


@given(sizes=SIZES, most_count=st.integers(1, 50), spare=st.integers(0, 5000))
def test_no_stretch_has_more_clips_or_bytes_than_allowed(
    sizes: list[int], most_count: int, spare: int
) -> None:
    most_bytes = max(sizes, default=0) + spare + 1
    cuts = cuts_by_size(array(sizes), most_count, most_bytes)
    lengths = [length for _, length in cuts]
    assert covers(cuts, len(sizes))
    assert all(sum(sizes[first : first + length]) <= most_bytes for first, length in cuts)
    assert max(lengths, default=0) <= most_count
    assert max(lengths, default=0) - min(lengths, default=0) <= 1


@given(sizes=SIZES, most=st.integers(1, 50))
def test_where_bytes_are_no_matter_the_cuts_are_the_even_ones(sizes: list[int], most: int) -> None:
    assert cuts_by_size(array(sizes), most, sum(sizes) + 1) == even_cuts(len(sizes), most)


def test_a_limit_that_every_clip_fills_gives_each_a_shard() -> None:
    assert cuts_by_size(array([10, 10, 10]), 100, 10) == [(0, 1), (1, 1), (2, 1)]


def test_a_clip_that_is_larger_than_a_shard_may_be_is_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match="one clip alone takes 11 bytes"):
        cuts_by_size(array([3, 11]), 100, 10)


def test_a_clip_goes_by_its_video_only_where_that_names_one() -> None:
    clip = Clip(1, "00", 1, 44_100, 1, 0, False, "140", None, False, "yt-dlp")
    stored = StoredClip(Segment("-abcdefghij", Span(1000, 2000), "eval"), clip, "a", RowRef(0, 4), 0)
    assert plain_name(stored, is_one_per_video=True) == "-abcdefghij"
    assert plain_name(stored, is_one_per_video=False) == "-abcdefghij_1000_2000"
