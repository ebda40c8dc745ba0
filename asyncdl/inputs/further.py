"""Rows of one segment that stand apart in a table, brought to the first of them within bounded memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Generic, TypeVar

from asyncdl.core.keytable import KeyTable
from asyncdl.errors import UsageError

MOST_BYTES_A_SEGMENT = 128 * 1024
"""What the rows of one segment may hold together: a journal's record has an end."""

_MOST_BYTES = 96 * 1024 * 1024
_ROW_BYTES = 200  # what a row takes beside its text

Item = TypeVar("Item")
Pair = TypeVar("Pair")


class Further(Generic[Item]):
    """Filled in a first reading, asked in a second one.

    12 bytes a segment, and the rows that stand apart. Raises ``UsageError`` where those are too many.
    """

    def __init__(self, list_name: str) -> None:
        self._list_name = list_name
        self._keys = KeyTable()
        self._first_lines = array("I")
        self._by_first: dict[int, list[tuple[int, Item]]] = {}
        self._moved: set[int] = set()
        self._held_bytes = 0

    def __len__(self) -> int:
        return len(self._first_lines)

    def first_of(self, key: str | bytes, line: int) -> int:
        """Answer the line on which a key came first, ``line`` itself for a new one."""
        slot = self._keys.add(key)
        if slot == len(self._first_lines):
            self._first_lines.append(line)
        return self._first_lines[slot]

    def move(self, first: int, line: int, item: Item, size_bytes: int) -> None:
        """Keep a row for the line that it belongs to."""
        self._by_first.setdefault(first, []).append((line, item))
        self._moved.add(line)
        self._held_bytes += size_bytes + _ROW_BYTES
        if self._held_bytes > _MOST_BYTES:
            raise UsageError(
                f"In {self._list_name} too many rows of one segment stand far apart (line {line} is of the "
                f"segment on line {first})",
                mend="Sort the list by its id column, with its header first, and give that.",
            )

    def has(self, line: int) -> bool:
        """Whether other rows belong to this line."""
        return line in self._by_first

    def of(self, line: int) -> list[tuple[int, Item]]:
        """Take the rows that belong to a line, each with its own line."""
        return self._by_first.pop(line, [])

    def is_moved(self, line: int) -> bool:
        """Whether a line belongs to one above it."""
        return line in self._moved


def as_far_as_it_goes(lines: Iterator[Pair]) -> Iterator[Pair]:
    """Yield until a list breaks off: who reads it for its rows tells why."""
    try:
        yield from lines
    except UsageError:
        return
