"""Segment keys without an object per key: two flat arrays, about 16 bytes a key for two million.

Only a 64-bit hash of each key is kept (XXH3: as fast as Python's own, and the same in every process, so that
the table can be stored). The chance that two of two million keys share one is one in ten million.
"""

from __future__ import annotations

from array import array

from xxhash import xxh3_64_intdigest

ABSENT = -1
hash_of = xxh3_64_intdigest
_SMALLEST = 1 << 10


class KeyTable:
    """Gives each key a slot: 0, 1, 2 … in the order of arrival; open addressing with linear probing."""

    def __init__(self) -> None:
        self.hashes = array("Q")
        self._places = zeros("I", _SMALLEST)

    @classmethod
    def restored(cls, hashes: array[int], places: array[int] | None) -> KeyTable:
        """Take over a stored table; raises ``ValueError`` for what cannot be one, or would hang a search.

        Without ``places`` it takes half the memory until the first search, and a second to make them then.
        """
        if places is not None:
            _require_sound(places, len(hashes))
        table = cls()
        table.hashes, table._places = hashes, places or array("I")
        return table

    def columns(self) -> dict[str, array[int]]:
        """Answer what ``restored`` takes."""
        return {"hashes": self.hashes, "places": self._places or self._place_all()}

    def __len__(self) -> int:
        return len(self.hashes)

    def reserve(self, count: int) -> None:
        """Make room for ``count`` keys at once, which saves growing step by step."""
        size = _SMALLEST
        while count * 4 > size * 3:
            size *= 2
        if size > len(self._places):
            self._resize(size)

    def find(self, key: str) -> int:
        """Return the key's slot, or ``ABSENT``."""
        return self.find_hash(hash_of(key))

    def find_hash(self, wanted: int) -> int:
        """Return the slot of the key with this hash, or ``ABSENT``."""
        places, hashes = self._places or self._place_all(), self.hashes
        mask = len(places) - 1
        place = wanted & mask
        while slot := places[place]:
            if hashes[slot - 1] == wanted:
                return slot - 1
            place = (place + 1) & mask
        return ABSENT

    def add(self, key: str | bytes, guess: int = ABSENT) -> int:
        """Return the key's slot, a new one if need be; a right ``guess`` saves the search."""
        wanted = hash_of(key)
        hashes = self.hashes
        if guess >= 0 and hashes[guess] == wanted:
            return guess
        places = self._places or self._place_all()
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

    def _place_all(self) -> array[int]:
        self.reserve(len(self.hashes) + 1)
        return self._places

    def _resize(self, size: int) -> None:
        places = zeros("I", size)
        mask = size - 1
        for slot, known in enumerate(self.hashes, start=1):
            place = known & mask
            while places[place]:
                place = (place + 1) & mask
            places[place] = slot
        self._places = places


def _require_sound(places: array[int], keys: int) -> None:
    size = len(places)
    if size < _SMALLEST or size & (size - 1) or max(places) > keys:
        raise ValueError("places")
    if keys * 4 > size * 3 + 4 or size - places.count(0) != keys:
        raise ValueError("places")  # a table that is fuller than it knows would never grow


def zeros(typecode: str, count: int) -> array[int]:
    """Make an array of zeros."""
    return array(typecode, [0]) * count
