"""How the dashboard's changing sections share the height of a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.core.progress import Snapshot
from asyncdl.ui.failures import by_count
from asyncdl.ui.identity_text import are_worth_showing

MAX_FLIGHT_ROWS = 20
MAX_IDENTITY_ROWS = 8
_MAX_KIND_ROWS = 8
_MAX_RECENT_ROWS = 6
_OTHERS = 8  # rows that a high terminal leaves to the sections below
_TALL = 18
_LEAST_FLIGHT = 3  # rows of the other sections that identities do not take away
_LEAST_KINDS = 2
_LEAST_RECENT = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """How many rows each changing section gets, headings not counted; 0 leaves the section out."""

    flight: int
    identities: int
    kinds: int
    recent: int
    is_tall: bool


def layout(height: int, snapshot: Snapshot) -> Layout:
    """Share the rows below the five fixed ones, one more being left free for the cursor."""
    is_tall = height >= _TALL
    extra = 2 if is_tall else 1  # a heading, and a blank line above it where there is room
    room = max(height - 6, 0)
    wanted = min(max(snapshot.concurrency, len(snapshot.in_flight)), MAX_FLIGHT_ROWS)
    below = _least_below(snapshot, extra)
    identities = _identity_rows(room - min(wanted, _LEAST_FLIGHT) - below - 2 * extra, snapshot)
    room -= identities + extra if identities else 0
    is_cramped = room < 2 * (extra + 2)
    share = room if is_cramped else max(room // 2, room - _OTHERS)
    share = min(share, room - below) if identities else share  # what they took is not taken from below
    flight = min(wanted, max(share - extra, 0))
    room -= flight + extra if flight else 0
    kinds = min(len(by_count(snapshot.failed)), _MAX_KIND_ROWS, max(room // 2 - extra, 0))
    room -= kinds + extra if kinds else 0
    recent = min(_MAX_RECENT_ROWS, max(room - extra, 0))
    return Layout(flight, identities, kinds, recent, is_tall)


def _identity_rows(room: int, snapshot: Snapshot) -> int:
    """Take what the others can spare; of many, one row alone could name none."""
    if not are_worth_showing(snapshot.identities):
        return 0
    count = len(snapshot.identities)
    rows = min(count, MAX_IDENTITY_ROWS, room)
    return rows if rows >= min(count, 2) else 0


def _least_below(snapshot: Snapshot, extra: int) -> int:
    """Sum up what the sections of failures need to say anything."""
    sections = (
        min(len(by_count(snapshot.failed)), _LEAST_KINDS),
        min(len(snapshot.recent_failures), _LEAST_RECENT),
    )
    return sum(rows + extra for rows in sections if rows)
