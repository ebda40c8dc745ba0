"""Snapshots to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from asyncdl.core.progress import InFlight, RecentFailure, Snapshot, Stage

_HALF_WAY: dict[str, Any] = {
    "title": "audioset: eval",
    "elapsed_s": 3_723.0,
    "expected": 1_000,
    "seen": 700,
    "segments": 700,
    "stored": 500,
    "open": 100,
    "failed": {"removed": 60, "network": 40},
    "rejected_rows": 3,
    "repeated_rows": 12,
    "stored_bytes": 1_400_000_000,
    "disk_free_bytes": 120_000_000_000,
    "run_stored": 500,
    "run_failed": 100,
    "run_retried": 7,
    "rate_per_min": 41.23,
    "eta_s": 600.0,
    "concurrency": 3,
    "in_flight": (
        InFlight("--4gqARaEJE_0_10000", Stage.FETCHING, 1, 4.2),
        InFlight("-0RWZT-miFs_420000_430000", Stage.CUTTING, 2, 130.0),
    ),
    "waiting_retry": 2,
    "recent_failures": (
        RecentFailure("0-iDWGCVlBk_5000_15000", "removed", "This video has been removed", is_final=True),
        RecentFailure("0wOqzUkCb0A_30000_40000", "network", "connection reset", is_final=False),
    ),
}


@pytest.fixture(scope="session")
def snapshot_of() -> Callable[..., Snapshot]:
    """A run half way through, with what a test changes about it."""
    return lambda **changes: Snapshot(**{**_HALF_WAY, **changes})
