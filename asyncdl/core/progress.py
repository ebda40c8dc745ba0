"""What a screen is told: values only, made by the scheduler, read by ``ui``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where a segment in flight is."""

    WAITING = "waiting"
    FETCHING = "fetching"
    CUTTING = "cutting"
    STORING = "storing"


@dataclass(frozen=True, slots=True)
class InFlight:
    """One segment under way; ``age_s`` since its attempt began."""

    key: str
    stage: Stage
    attempt: int
    age_s: float


@dataclass(frozen=True, slots=True)
class RecentFailure:
    """One failed attempt, newest first on the screen; ``text`` is one printable line."""

    key: str
    kind: str
    text: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class IdentityView:
    """One identity: ``phase`` is running, cooling, probing or benched; ``why`` the sign or fault behind it.

    ``until_s`` is seconds since 1970, None when it waits for nothing; ``allowed_per_h`` is None where
    nothing bounds it, ``last_hour`` counts player and webpage requests.
    """

    name: str
    phase: str
    why: str
    until_s: float | None
    allowed_per_h: float | None
    last_hour: int
    fetched: int
    failed: int
    throttled: int
    held: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The run at one moment.

    ``expected`` is how many segments the data set will hold once this run has read its lists, None while
    they have not been read far enough to know; ``segments`` … ``stored_bytes`` count the whole data set,
    ``run_…`` this run alone. ``rate_per_min`` counts stored clips; ``eta_s`` is None while it cannot be told
    honestly (``core.rate`` makes both).
    """

    title: str
    elapsed_s: float
    expected: int | None
    seen: int
    segments: int
    stored: int
    open: int
    failed: dict[str, int]
    rejected_rows: int
    repeated_rows: int
    stored_bytes: int
    disk_free_bytes: int
    run_stored: int
    run_failed: int
    run_retried: int
    rate_per_min: float
    eta_s: float | None
    concurrency: int
    in_flight: tuple[InFlight, ...]
    waiting_retry: int
    recent_failures: tuple[RecentFailure, ...]
    identities: tuple[IdentityView, ...] = ()
    note: str = ""
    is_over: bool = False

    @property
    def failed_total(self) -> int:
        """Segments given up for this round, of every kind."""
        return sum(self.failed.values())

    @property
    def settled(self) -> int:
        """Segments that need no more work in this round: stored or given up."""
        return self.stored + self.failed_total

    @property
    def total(self) -> int | None:
        """What the bar fills up to, never less than is settled; None while it is not known."""
        return None if self.expected is None else max(self.expected, self.settled)


def keep_places(
    places: Sequence[str | None], in_flight: Sequence[InFlight], rows: int
) -> tuple[InFlight | None, ...]:
    """Give each segment a row that it keeps for as long as it is under way, so that nothing jumps.

    ``places`` are the keys of the last picture, row by row. Free rows go to the oldest newcomers.
    """
    by_key = {each.key: each for each in in_flight}
    kept = [by_key.pop(key, None) if key is not None else None for key in places[:rows]]
    kept += [None] * (rows - len(kept))
    newcomers = iter(sorted(by_key.values(), key=lambda each: -each.age_s))
    return tuple(each if each is not None else next(newcomers, None) for each in kept)
