"""Records that are known to have been on disk and are gone, less those whose loss has been settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from asyncdl.core.events import DamageSettled


@dataclass(frozen=True, slots=True)
class Damage:
    """Acknowledged records ``first`` up to and with ``last`` are gone behind byte ``offset`` of a run file.

    A file that is gone as a whole is damage of its first record.
    """

    file: str
    offset: int
    first: int
    last: int

    @property
    def records(self) -> int:
        """How many."""
        return self.last - self.first + 1


def unsettled(damage: Iterable[Damage], settled: Sequence[DamageSettled]) -> Iterator[Damage]:
    """Yield what is left of each stretch of damage: records that no repair has known of."""
    for whole in damage:
        inside = (one for one in settled if one.file == whole.file and one.first <= whole.last)
        first = whole.first
        for start, end in sorted((one.first, one.last) for one in inside):
            if first < start:
                yield replace(whole, first=first, last=start - 1)
            first = max(first, end + 1)
        if first <= whole.last:
            yield replace(whole, first=first)
