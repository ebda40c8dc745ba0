"""Keys to slots: dense, in order of arrival, the same for ever."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.keytable import ABSENT, KeyTable


@given(st.lists(st.text(max_size=8)), st.lists(st.text(max_size=8)))
def test_it_answers_like_a_dict(keys: list[str], others: list[str]) -> None:
    table, model = KeyTable(), dict[str, int]()
    for key in keys:
        assert table.add(key) == model.setdefault(key, len(model))
    assert len(table) == len(model)
    for key in keys + others:
        assert table.find(key) == model.get(key, ABSENT)


def test_slots_survive_growing() -> None:
    table = KeyTable()
    keys = [f"--{number:09d}_0_10000" for number in range(20_000)]
    assert [table.add(key) for key in keys] == list(range(20_000))
    assert [table.find(key) for key in keys] == list(range(20_000))


def test_a_stored_table_is_the_same_with_and_without_its_places() -> None:
    table = KeyTable()
    keys = [f"{number:011d}_0_10000" for number in range(5000)]
    for key in keys:
        table.add(key)
    columns = table.columns()
    for places in (columns["places"], None):
        again = KeyTable.restored(columns["hashes"][:], places)
        assert len(again) == 5000
        assert again.add(keys[7], guess=7) == again.add(keys[7], guess=8) == 7
        assert [again.find(key) for key in keys] == list(range(5000))
        assert again.add("new") == 5000
        assert again.find("newer") == ABSENT


def test_places_that_would_hang_a_search_or_lead_outside_are_refused() -> None:
    table = KeyTable()
    table.add("a")
    hashes, places = table.columns().values()
    full = array("I", [1]) * len(places)
    for wrong in (full, places[:-1], array("I"), array("I", [2]) + places[1:]):
        with pytest.raises(ValueError, match="places"):
            KeyTable.restored(hashes, wrong)


def test_room_made_ahead_keeps_what_was_there() -> None:
    table = KeyTable()
    table.add("a")
    table.reserve(100_000)
    assert table.find("a") == 0
    assert table.add("b") == 1
