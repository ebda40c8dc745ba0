"""Which lost records still count as damage."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.damage import Damage, unsettled
from asyncdl.core.events import DamageSettled

STRETCH = st.tuples(st.integers(1, 12), st.integers(0, 5)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(STRETCH, st.lists(STRETCH), st.lists(STRETCH))
def test_exactly_the_records_that_no_repair_has_named_are_left(
    lost: tuple[int, int], settled: list[tuple[int, int]], elsewhere: list[tuple[int, int]]
) -> None:
    told = [DamageSettled("a", *one, 0) for one in settled] + [
        DamageSettled("b", *one, 0) for one in elsewhere
    ]
    left = list(unsettled([Damage("a", 7, *lost)], told))
    wanted = set(range(lost[0], lost[1] + 1)) - {n for first, last in settled for n in range(first, last + 1)}
    assert [n for one in left for n in range(one.first, one.last + 1)] == sorted(wanted)
    assert all((one.file, one.offset) == ("a", 7) and one.records > 0 for one in left)
