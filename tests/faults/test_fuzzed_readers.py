"""Readers under hostile bytes, a bounded number; ``tests/fuzz/run.py`` goes on for as long as wanted."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.fuzz_targets import SEEDS, TARGETS

_WORDS = [
    *(b"", b"\0", b"\xff" * 8, b'"', b",", b"\n", b"{}", b"9" * 20),
    *(b"\xd9\xa1", b"\x1b[2J", b"../", b"nan", b"\xbb"),
]


@pytest.mark.parametrize("target", TARGETS)
def test_inputs_of_the_real_forms_are_read(target: str) -> None:
    for seed in SEEDS[target]:
        TARGETS[target](seed)


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.data())
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_bent_only_documented_answers_come(target: str, data: st.DataObject) -> None:
    content = data.draw(st.sampled_from(SEEDS[target]) | st.binary(max_size=200))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(content)))
        end = min(len(content), start + data.draw(st.integers(0, 9)))
        new = data.draw(st.sampled_from(_WORDS) | st.binary(max_size=8))
        content = content[:start] + new + content[end:]
    TARGETS[target](content)
