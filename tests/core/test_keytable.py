"""Keys to slots: dense, in order of arrival, the same for ever."""

from __future__ import annotations

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


def test_room_made_ahead_keeps_what_was_there() -> None:
    table = KeyTable()
    table.add("a")
    table.reserve(100_000)
    assert table.find("a") == 0
    assert table.add("b") == 1
