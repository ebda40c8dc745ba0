"""Counts what a run does, for the screen; the facts themselves are the ledger's."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from asyncdl.core.events import AttemptFailed, ClipStored, GaveUp, SegmentEvent
from asyncdl.core.progress import InFlight, RecentFailure, Stage

_RECENT = 8


@dataclass(slots=True)
class _Entry:
    stage: Stage
    attempt: int
    since_s: float


class Tally:
    """Who is in flight since when, and what this run has stored and failed."""

    def __init__(self) -> None:
        self._in_flight: dict[str, _Entry] = {}
        self.recent: deque[RecentFailure] = deque(maxlen=_RECENT)
        self.stored = 0
        self.failed = 0
        self.retried = 0
        self.listeners: list[Callable[[SegmentEvent], None]] = []

    @property
    def is_changed(self) -> bool:
        """Whether this run has written down anything about a segment."""
        return bool(self.stored or self.failed or self.retried)

    def enter(self, key: str, stage: Stage, attempt: int) -> None:
        """Tell that a segment has come to a stage; its age counts from the attempt's begin."""
        entry = self._in_flight.get(key)
        if entry is None:
            self._in_flight[key] = _Entry(stage, attempt, asyncio.get_running_loop().time())
        else:
            entry.stage = stage

    def leave(self, key: str) -> None:
        """Tell that a segment is no longer in flight."""
        self._in_flight.pop(key, None)

    def tell(self, event: SegmentEvent) -> None:
        """Count a fact that has become durable, and pass it on."""
        for listener in self.listeners:
            listener(event)
        match event:
            case ClipStored():
                self.stored += 1
            case GaveUp():
                self.failed += 1
                self._remember(event, is_final=True)
            case AttemptFailed():
                self.retried += 1
                self._remember(event, is_final=False)
            case _:
                pass

    def in_flight(self) -> tuple[InFlight, ...]:
        """Answer what is under way, oldest first."""
        now_s = asyncio.get_running_loop().time()
        return tuple(
            InFlight(key, entry.stage, entry.attempt, now_s - entry.since_s)
            for key, entry in self._in_flight.items()
        )

    def _remember(self, event: AttemptFailed | GaveUp, *, is_final: bool) -> None:
        line = " ".join(event.failure.text.split())[:200]
        self.recent.appendleft(RecentFailure(event.key, event.failure.kind.value, line, is_final))
