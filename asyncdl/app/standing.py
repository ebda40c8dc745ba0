"""What a data set knows of the rows of a survey, as columns: two million in a second or two."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from asyncdl.core.choosing import Hashes
from asyncdl.core.ledger import Ledger

Truths: TypeAlias = npt.NDArray[np.bool_]

_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class Standing:
    """By row: whether it is a segment of the data set, whether that is stored, and whether it is given up."""

    known: Truths
    stored: Truths
    gone: Truths


def standing(ledger: Ledger, hashes: Hashes) -> Standing:
    """Look up segments by the hashes of their keys, none twice; chunks save memory."""
    found = Standing(*(np.zeros(len(hashes), dtype=np.bool_) for _ in range(3)))
    columns = ledger.columns()
    known = columns["hashes"]
    if not len(known) or not len(hashes):
        return found
    order = np.argsort(hashes).astype(np.int32)
    in_order = hashes[order]
    for first in range(0, len(known), _CHUNK):
        wanted = np.array(known[first : first + _CHUNK], dtype=np.uint64)
        at = np.minimum(np.searchsorted(in_order, wanted), len(hashes) - 1)
        is_here = in_order[at] == wanted
        places = order[at[is_here]]
        clip, failed, floor = (
            _marks(columns[name], first, len(wanted))[is_here] for name in ("clip", "failed", "floor")
        )
        found.known[places] = True
        is_stored = clip & 1 == 1
        found.stored[places] = is_stored
        found.gone[places] = ~is_stored & _is_given_up(failed, floor)
    return found


def _marks(column: array[int], first: int, count: int) -> npt.NDArray[np.int64]:
    return np.array(column[first : first + count], dtype=np.int64)


def _is_given_up(failed: npt.NDArray[np.int64], floor: npt.NDArray[np.int64]) -> Truths:
    """Apply the rule of ``core.slots`` to its marks."""
    has_given_up: Truths = (failed != 0) & (failed & 1 == 0) & ((failed - 1) >> 1 >= floor)
    return has_given_up
