"""What a user's words mean: never a part of a word, never a guess between two."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncdl.errors import UsageError
from asyncdl.labels import Label, candidates, load_labels, meant, search
from asyncdl.labels.meaning import words

LABELS = load_labels()
NAMES = [(label, name) for label in LABELS for name in label.names]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("/m/0bt9lr", "Dog"),
        ("Dog", "Dog"),
        (" dog ", "Dog"),
        ("SPEECH", "Speech"),
        ("Fire", "Fire"),
        ("male speech", "Male speech, man speaking"),
        ("synthesizer speech", "Speech synthesizer"),
        ("waterfowl", "Duck"),
        ("Washing machine", "Washing machine"),
    ],
)
def test_a_mid_a_name_or_words_of_one_name_mean_it(text: str, name: str) -> None:
    assert meant(text, LABELS).name == name


@pytest.mark.parametrize(
    ("weak", "strong"),
    [
        ("Bicycle", "Bicycle, tricycle"),
        ("Duck", "Ducks, geese, waterfowl"),
        ("Stream", "Stream, river"),
        ("Field recording", "Unmodified field recording"),
    ],
)
def test_the_name_that_the_strong_lists_use_means_the_same_label(weak: str, strong: str) -> None:
    assert meant(strong, LABELS) is meant(weak, LABELS)
    assert (meant(weak, LABELS).name, meant(weak, LABELS).strong_name) == (weak, strong)


def test_words_that_several_names_have_are_answered_with_these() -> None:
    with pytest.raises(UsageError, match="can be any of") as told:
        meant("music of", LABELS)
    assert "Music of Asia (/m/028sqc)" in str(told.value)
    with pytest.raises(UsageError, match=r"\(/m/.*and \d+ more"):
        meant("sounds", LABELS)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("dgo", "Dog"),
        ("dog barking", "Dog"),
        ("firework", "Fireworks"),
        ("Acoustc guitar", "Acoustic guitar"),
    ],
)
def test_what_is_no_label_is_answered_with_the_nearest(text: str, near: str) -> None:
    with pytest.raises(UsageError, match="There is no label") as told:
        meant(text, LABELS)
    assert near in str(told.value)


@pytest.mark.parametrize("text", ["", "  ", ",", "/m/0bt9l", "/M/0BT9LR", "犬", "dog犬", "%s", "x" * 10_000])
def test_what_means_nothing_is_refused_in_few_words(text: str) -> None:
    with pytest.raises(UsageError) as told:
        meant(text, LABELS)
    assert len(str(told.value)) < 500


def test_no_search_finds_a_part_of_a_word() -> None:
    """All pairs of names of which one is inside the other without being words of it."""
    pairs = 0
    for label, name in NAMES:
        for other, longer in NAMES:
            if name.lower() in longer.lower() and not words(name) <= words(longer):
                pairs += 1
                assert label in search(name, LABELS)
                assert other not in search(name, LABELS) or other is label
    assert pairs > 20


@given(st.sampled_from(NAMES), st.sampled_from([str.lower, str.upper, str.title, str]))
def test_every_name_means_its_label_or_is_said_to_be_ambiguous(
    named: tuple[Label, str], spelled: Callable[[str], str]
) -> None:
    label, name = named
    assert label in candidates(spelled(name), LABELS)


@given(st.data(), st.sampled_from(NAMES))
def test_all_words_of_a_name_find_it_in_any_order(data: st.DataObject, named: tuple[Label, str]) -> None:
    label, name = named
    shuffled = data.draw(st.permutations(sorted(words(name))))
    assert label in search(" ".join(shuffled), LABELS)


@settings(max_examples=25)
@given(st.text(max_size=40))
def test_any_text_means_a_label_or_is_refused(text: str) -> None:
    try:
        found = meant(text, LABELS)
    except UsageError:
        return
    assert found.mid in LABELS.by_mid
