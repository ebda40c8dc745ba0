"""What a screen is told: values only, made by the scheduler, read by ``ui``."""

from __future__ import annotations

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
class Snapshot:
    """The run at one moment.

    ``expected`` is how many segments this run will have seen at its end, None while the lists have not been
    read far enough to know; ``segments`` … ``stored`` count the whole data set, ``run_…`` this run alone.
    ``eta_s`` is None while it cannot be told honestly.
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
    note: str = ""
    is_over: bool = False
