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
        places[place] = len(hashes)
        if len(hashes) * 4 > len(places) * 3:
            self._grow()
        return len(hashes) - 1

    def holds(self, slot: int, key: str) -> bool:
        """Whether ``slot`` is the key's; cheaper than ``find`` for who has a good guess."""
        return 0 <= slot < len(self._hashes) and self._hashes[slot] == hash(key)

    def _grow(self) -> None:
        places = _zeros(2 * len(self._places))
        mask = len(places) - 1
        for slot, known in enumerate(self._hashes, start=1):
            place = known & mask
            while places[place]:
                place = (place + 1) & mask
            places[place] = slot
        self._places = places


def _zeros(count: int) -> array[int]:
    return array("I", bytes(4 * count))
