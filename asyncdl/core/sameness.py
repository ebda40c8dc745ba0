"""Whether two ledgers tell the same of each segment, in whatever order they came to know them."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from asyncdl.core.keytable import ABSENT, KeyTable
from asyncdl.core.ledger import Ledger
from asyncdl.core.slots import HAS_ROW, round_in


def tell_same(one: Ledger, other: Ledger) -> bool:
    """Compare state, round and row by key; failures that a stored clip has outdone may differ."""
    mine, theirs = one.columns(), other.columns()
    keys = KeyTable.restored(theirs["hashes"], theirs["places"])
    if len(mine["hashes"]) != len(keys):
        return False
    for slot, known in enumerate(mine["hashes"]):
        there = keys.find_hash(known)
        if there == ABSENT or _told(mine, slot) != _told(theirs, there):
            return False
    return True


def _told(columns: Mapping[str, array[int]], slot: int) -> tuple[int, ...]:
    clip, failed, floor = columns["clip"][slot], columns["failed"][slot], columns["floor"][slot]
    kind = columns["kinds"][slot]
    if clip & 1:
        return clip, columns["sizes"][slot], kind & HAS_ROW, round_in(failed, floor)
    return clip, failed, floor, kind
