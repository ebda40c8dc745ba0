"""Segment keys without an object per key: two flat arrays, about 16 bytes a key for two million.

Only a 64-bit hash of each key is kept. Python's own keyed hash serves: it is fast, and the chance that two
of two million keys share it is one in ten million.
"""

from __future__ import annotations

from array import array

ABSENT = -1
_SMALLEST = 1 << 10


class KeyTable:
    """Gives each key a slot: 0, 1, 2 … in the order of arrival; open addressing with linear probing."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._places = _zeros(_SMALLEST)

    def __len__(self) -> int:
        return len(self._hashes)

    def reserve(self, count: int) -> None:
        """Make room for ``count`` keys at once, which saves growing step by step."""
        size = len(self._places)
        while count * 4 > size * 3:
            size *= 2
        if size > len(self._places):
            self._resize(size)

    def find(self, key: str) -> int:
        """Return the key's slot, or ``ABSENT``."""
        wanted = hash(key)
        places, hashes = self._places, self._hashes
        mask = len(places) - 1
        place = wanted & mask
        while slot := places[place]:
            if hashes[slot - 1] == wanted:
                return slot - 1
            place = (place + 1) & mask
        return ABSENT

    def add(self, key: str) -> int:
        """Return the key's slot, a new one if need be."""
        wanted = hash(key)
        places, hashes = self._places, self._hashes
        mask = len(places) - 1
        place = wanted & mask
        while slot := places[place]:
            if hashes[slot - 1] == wanted:
                return slot - 1
            place = (place + 1) & mask
        hashes.append(wanted)
        places[place] = slot = len(hashes)
        if slot * 4 > mask * 3:
            self._resize(2 * len(places))
        return slot - 1

    def _resize(self, size: int) -> None:
        places = _zeros(size)
        mask = size - 1
        for slot, known in enumerate(self._hashes, start=1):
            place = known & mask
            while places[place]:
                place = (place + 1) & mask
            places[place] = slot
        self._places = places


def _zeros(count: int) -> array[int]:
    return array("I", [0]) * count
