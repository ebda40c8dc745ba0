"""How much disk is left alone."""

from __future__ import annotations

import pytest

from asyncdl.cli.way import size_bytes
from asyncdl.errors import UsageError


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("500M", 500_000_000), ("2g", 2 * 10**9), ("1.5 TB", 15 * 10**11), ("64kb", 64_000), ("7", 7)],
)
def test_sizes_are_read_by_powers_of_ten(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "-1", "much", "1.M", "1e9", "5 MM", "\u0665M"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--min-free"):
        size_bytes(text)
