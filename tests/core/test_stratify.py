"""Train, valid and test: every clip in one of them, no video in two, each label with its share in each."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.keytable import hash_of
from asyncdl.core.stratify import Part, SplitSettings, Videos, split

LABELS = 5
clips_of_videos = st.lists(
    st.lists(st.sets(st.integers(0, LABELS - 1), max_size=4), min_size=1, max_size=3), max_size=60
)
single_labels = st.lists(st.integers(0, LABELS - 1), max_size=150)
rates = st.floats(0.01, 0.99)
seeds = st.integers(0, 2**63 - 1)
Clips = list[list[set[int]]]


def videos_of(clips: Clips, order: list[int] | None = None) -> Videos:
    """Videos by the labels of their clips; each keeps its hash wherever ``order`` puts it."""
    places = list(range(len(clips))) if order is None else order
    pairs = [
        (place, label)
        for place, video in enumerate(places)
        for labels in clips[video]
        for label in sorted(labels)
    ]
    return Videos(
        hashes=np.array([hash_of(f"video {video}") for video in places], dtype=np.uint64),
        clips=np.array([len(clips[video]) for video in places], dtype=np.int32),
        bearers=np.array([place for place, _ in pairs], dtype=np.int32),
        labels=np.array([label for _, label in pairs], dtype=np.int32),
        label_count=LABELS,
    )


@given(clips_of_videos, rates, seeds)
def test_every_video_gets_one_of_the_three_parts(clips: Clips, rate: float, seed: int) -> None:
    parts = split(videos_of(clips), SplitSettings(rate, seed)).tolist()
    assert len(parts) == len(clips)
    assert set(parts) <= set(Part)


@given(single_labels, rates, seeds)
def test_a_label_is_less_than_one_clip_away_from_its_share(labels: list[int], rate: float, seed: int) -> None:
    parts = split(videos_of([[{label}] for label in labels]), SplitSettings(rate, seed)).tolist()
    found = Counter(zip(labels, parts, strict=True))
    for label, count in Counter(labels).items():
        for part, share in zip(Part, (1 - rate, rate / 2, rate / 2), strict=True):
            assert abs(found[label, part] - share * count) < 1 + 1e-9


@given(clips_of_videos, rates, seeds, st.randoms(use_true_random=False))
def test_the_order_of_videos_does_not_matter(
    clips: Clips, rate: float, seed: int, rng: np.random.Generator
) -> None:
    order = list(range(len(clips)))
    rng.shuffle(order)
    here = split(videos_of(clips), SplitSettings(rate, seed))
    there = split(videos_of(clips, order), SplitSettings(rate, seed))
    assert here[order].tolist() == there.tolist()


def test_another_seed_splits_otherwise() -> None:
    videos = videos_of([[{0}] for _ in range(40)])
    assert len({split(videos, SplitSettings(0.5, seed)).tobytes() for seed in range(5)}) == 5


@pytest.mark.parametrize("clips", [[[set[int]()]] * 100, [[{n % LABELS}] for n in range(100)]])
def test_without_labels_and_with_them_the_parts_have_their_sizes(clips: Clips) -> None:
    assert Counter(split(videos_of(clips), SplitSettings(0.2)).tolist()) == {0: 80, 1: 10, 2: 10}


def test_labels_too_rare_for_a_whole_clip_are_held_out_in_their_share_together() -> None:
    clips = [[{label}] for label in range(200)]
    videos = videos_of(clips)
    videos = Videos(videos.hashes, videos.clips, videos.bearers, videos.labels, 200)
    assert Counter(split(videos, SplitSettings(0.2)).tolist()) == {0: 160, 1: 20, 2: 20}


@given(st.lists(st.integers(1, 20), min_size=LABELS, max_size=LABELS), seeds)
def test_what_can_be_split_exactly_is_split_exactly(tens: list[int], seed: int) -> None:
    labels = [label for label, count in enumerate(tens) for _ in range(10 * count)]
    parts = split(videos_of([[{label}] for label in labels]), SplitSettings(0.2, seed)).tolist()
    found = Counter(zip(labels, parts, strict=True))
    for label, count in enumerate(tens):
        assert [found[label, part] for part in Part] == [8 * count, count, count]
