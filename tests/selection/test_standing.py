"""The columns of a choice say of each segment what the ledger says of it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from asyncdl.app.standing import standing
from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.events import AttemptFailed, ClipLost, ClipStored, GaveUp, RetryRequested, SegmentEvent
from asyncdl.core.keytable import hash_of
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import RowRef
from support.fakes import a_clip, a_segment

KEYS = [a_segment(number).key for number in range(6)]
REF = RowRef(0, 1)
PRIVATE = failure(Code.PRIVATE, "private")


def _event(key: str, what: int, round_: int) -> SegmentEvent:
    match what:
        case 0:
            return ClipStored(key, REF, round_, 1, 0, a_clip())
        case 1:
            return ClipLost(key, round_, 0, "gone")
        case 2:
            return GaveUp(key, REF, round_, 1, 0, PRIVATE)
        case 3:
            return AttemptFailed(key, REF, round_, 1, 0, PRIVATE)
        case _:
            return RetryRequested(key, round_, 0)


events = st.builds(
    _event, st.sampled_from(KEYS), st.integers(0, 4), st.integers(0, 2) | st.integers(127, 128)
)


@given(st.lists(events, max_size=20), st.lists(st.sampled_from(KEYS), unique=True))
def test_columns_agree_with_the_ledger(told: list[SegmentEvent], asked: list[str]) -> None:
    ledger = Ledger()
    for event in told:
        ledger.apply(event)
    found = standing(ledger, np.array([hash_of(key) for key in asked], dtype=np.uint64))
    states = [ledger.state_of(key) for key in asked]
    assert found.known.tolist() == [state is not None for state in states]
    assert found.stored.tolist() == [state is RowState.STORED for state in states]
    assert found.gone.tolist() == [state is RowState.GIVEN_UP for state in states]
