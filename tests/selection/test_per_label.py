"""So many of each label, or a sample: the same for the same seed, never more than somebody needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.choosing import Candidates, PerLabel, lots, sample
from support.choices import candidates_of

LABELS = 6
label_sets = st.lists(st.lists(st.integers(0, LABELS - 1), unique=True, max_size=4), max_size=60)
wanted = st.integers(1, 12)
seeds = st.integers(0, 2**63 - 1)


def counts(candidates: Candidates, picked: Sequence[int]) -> list[int]:
    found = [0] * LABELS
    for candidate in picked:
        for label in candidates.labels_of(candidate):
            found[label] += 1
    return found


def available(candidates: Candidates) -> list[int]:
    return counts(candidates, range(len(candidates)))


@given(label_sets, wanted, seeds)
def test_every_label_gets_its_number_or_all_there_are(sets: list[list[int]], number: int, seed: int) -> None:
    candidates = candidates_of(sets, LABELS)
    chosen = PerLabel(candidates, number, seed)
    picked = chosen.first()
    assert len(set(picked)) == len(picked)
    found = counts(candidates, picked)
    assert found == chosen.have.tolist()
    assert all(have >= min(number, there) for have, there in zip(found, available(candidates), strict=True))


@given(label_sets, wanted, seeds)
def test_no_label_overflows_but_by_clips_that_another_label_needed(
    sets: list[list[int]], number: int, seed: int
) -> None:
    candidates = candidates_of(sets, LABELS)
    picked = PerLabel(candidates, number, seed).first()
    have = [0] * LABELS
    for candidate in picked:
        labels = candidates.labels_of(candidate)
        assert any(have[label] < number for label in labels)
        for label in labels:
            have[label] += 1
    there = available(candidates)
    rarest = min((label for label in range(LABELS) if there[label]), key=there.__getitem__, default=None)
    if rarest is not None:
        assert have[rarest] >= min(number, there[rarest])


@given(label_sets, wanted, seeds, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_that_of_losses_matters(
    sets: list[list[int]], number: int, seed: int, rng: np.random.Generator
) -> None:
    candidates = candidates_of(sets, LABELS)
    order = list(range(len(sets)))
    rng.shuffle(order)
    shuffled = candidates_of([sets[n] for n in order], LABELS)
    shuffled = Candidates(candidates.hashes[order], shuffled.starts, shuffled.labels, LABELS)
    here, there = PerLabel(candidates, number, seed), PerLabel(shuffled, number, seed)
    picked = here.first()
    assert set(picked) == {order[n] for n in there.first()}
    gone = picked[::2]
    place = {candidate: n for n, candidate in enumerate(order)}
    assert set(here.gone(gone)) == {order[n] for n in there.gone([place[n] for n in reversed(gone)])}


@given(label_sets, wanted, seeds, st.integers(0, 2**32))
def test_replacing_ends_with_enough_living_clips_or_without_candidates(
    sets: list[list[int]], number: int, seed: int, fates: int
) -> None:
    candidates = candidates_of(sets, LABELS)
    rng = np.random.default_rng(fates)
    is_dead = rng.random(len(sets)) < 0.4
    chosen = PerLabel(candidates, number, seed)
    wave, picked = chosen.first(), list[int]()
    while wave:
        picked += wave
        assert len(set(picked)) == len(picked)
        wave = chosen.gone([candidate for candidate in wave if is_dead[candidate]])
    alive = [candidate for candidate in picked if not is_dead[candidate]]
    there = counts(candidates, [n for n in range(len(sets)) if not is_dead[n]])
    assert all(
        have >= min(number, living) for have, living in zip(counts(candidates, alive), there, strict=True)
    )


def test_two_seeds_choose_different_clips_and_one_seed_the_same() -> None:
    candidates = candidates_of([[0]] * 200, 1)
    first = PerLabel(candidates, 10, 1).first()
    assert PerLabel(candidates, 10, 1).first() == first
    assert set(PerLabel(candidates, 10, 2).first()) != set(first)


def test_a_clip_of_a_full_label_comes_last() -> None:
    """Label 1 has enough by the clips of label 0, so label 2 takes those that are its own."""
    sets = [[0, 1]] * 3 + [[1, 2]] * 50 + [[2]] * 3
    chosen = PerLabel(candidates_of(sets, 3), 3, 0)
    assert sorted(chosen.first()) == [0, 1, 2, 53, 54, 55]


@given(st.integers(0, 80), st.integers(1, 90), seeds)
def test_a_sample_has_its_size_and_does_not_depend_on_the_order(there: int, number: int, seed: int) -> None:
    hashes = candidates_of([[]] * there, 1).hashes
    chosen = sample(hashes, number, seed)
    assert len(chosen) == min(number, there)
    assert np.all(np.diff(chosen) > 0)
    assert set(hashes[chosen].tolist()) == set(hashes[::-1][sample(hashes[::-1], number, seed)].tolist())


@given(seeds)
def test_no_two_candidates_share_a_lot(seed: int) -> None:
    drawn = lots(np.arange(5000, dtype=np.uint64), seed)
    assert len(set(drawn.tolist())) == 5000


def test_lots_are_even() -> None:
    drawn = lots(np.arange(100_000, dtype=np.uint64), 3) >> np.uint64(60)
    assert np.all(np.abs(np.bincount(drawn.astype(np.int64)) - 6250) < 400)
