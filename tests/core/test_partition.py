"""Shares of the input."""

from __future__ import annotations

import pytest

from asyncdl.core.partition import WHOLE, Partition, parse_label


def test_a_label_is_read_back() -> None:
    assert Partition(2, 8).label == "2of8"
    assert not WHOLE.label
    for partition in (WHOLE, Partition(2, 8), Partition(100, 100)):
        assert parse_label(partition.label) == partition


@pytest.mark.parametrize(
    "label", ["1of1", "0of4", "5of4", "01of4", "1of", "of4", "1of4 ", "1of4\n", "x", "\u0661of4"]
)
def test_what_is_no_label_is_none(label: str) -> None:
    assert parse_label(label) is None


@pytest.mark.parametrize(("index", "count"), [(0, 4), (5, 4), (-1, -1), (1, 0)])
def test_there_is_no_share_outside_the_cut(index: int, count: int) -> None:
    with pytest.raises(ValueError, match="no partition"):
        Partition(index, count)
