"""How many segments bear each label, and how many anything below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from asyncdl.labels.table import Labels


class LabelTally:
    """Counts segments by mid: ``own`` for a label itself, ``within`` for its subtree, each segment once.

    Labels that the table does not know are counted in ``own`` alone.
    """

    def __init__(self, labels: Labels) -> None:
        self.segments = 0
        self.own: Counter[str] = Counter()
        self.within: Counter[str] = Counter()
        self._lineages = {label.mid: labels.lineage(label.mid) for label in labels}

    def add(self, mids: Iterable[str], segments: int = 1) -> None:
        """Count segments that all bear these labels."""
        reached: set[str] = set()
        for mid in set(mids):
            self.own[mid] += segments
            reached |= self._lineages.get(mid, frozenset())
        for mid in reached:
            self.within[mid] += segments
        self.segments += segments

    @property
    def unknown(self) -> frozenset[str]:
        """Mids that were counted and that the table does not hold."""
        return frozenset(self.own.keys() - self._lineages.keys())
