"""How far a run came with so many clips of each label."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """How it stands with a label; ``NOT_REPLACED``: clips are gone, and nobody asked for others."""

    REACHED = "reached"
    CANDIDATES_ENDED = "candidates_ended"
    NOT_REPLACED = "not_replaced"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many of the ``selected`` segments count for a label, of ``candidates`` in the lists."""

    label: str
    name: str
    candidates: int
    selected: int


@dataclass(frozen=True, slots=True)
class LabelReach:
    """One label (or node of ``--label``): of ``candidates`` in the lists, ``wanted`` are to be stored.

    ``stored`` and ``gone`` count candidates of this label; one clip may count for several labels.
    """

    label: str
    name: str
    wanted: int
    candidates: int
    stored: int
    gone: int
    why: Why
