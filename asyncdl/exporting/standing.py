"""Where each selected segment stands as seen from an export: good, failed, or open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from asyncdl.core.events import AttemptFailed, ClipStored, GaveUp
from asyncdl.core.export import LeftOut
from asyncdl.core.model import Failure, Row
from asyncdl.exporting.finishing import Finish
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import Outcome, iterate_outcomes


class Standing(StrEnum):
    """``GOOD``: in the export; ``FAILED``: given up or left out; ``OPEN``: to be tried yet, or again."""

    GOOD = "good"
    FAILED = "failed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A row of a list, what is recorded last of its segment, and why its clip was left out, if it was."""

    row: Row
    standing: Standing
    outcome: Outcome | None
    left_out: LeftOut | None

    @property
    def failure(self) -> Failure | None:
        """The last failure, where no clip was stored after it."""
        return self.outcome.failure if isinstance(self.outcome, AttemptFailed | GaveUp) else None

    @property
    def reason(self) -> str:
        """Why there is no clip, in the words of whoever said so; empty where nobody did."""
        if self.left_out is not None:
            return self.left_out.reason
        return "" if self.failure is None else self.failure.text


def standing_rows(finish: Finish) -> Iterator[StandingRow]:
    """Yield the rows of the export's splits in the order of the lists, each segment once."""
    chosen = frozenset(finish.terms.splits)
    for row, outcome in iterate_outcomes(journal_of(finish.place.root), finish.ledger):
        if chosen and row.segment.split not in chosen:
            continue
        left_out = finish.left_out.get(row.segment.key)
        yield StandingRow(row, _standing(outcome, left_out), outcome, left_out)


def _standing(outcome: Outcome | None, left_out: LeftOut | None) -> Standing:
    if isinstance(outcome, ClipStored):
        return Standing.GOOD if left_out is None else Standing.FAILED
    return Standing.FAILED if isinstance(outcome, GaveUp) else Standing.OPEN
