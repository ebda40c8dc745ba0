"""What a run said of itself outside its data set: each line of ``--log-file`` follows an acknowledgement.

A run tells its log of a fact when ``append`` has returned, never before; so a line that got out before a kill
is a witness that the journal must hold the fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from asyncdl.core.events import AttemptFailed, ClipStored, Event, GaveUp, RowEvent

_LINE = re.compile(r"\S+ (stored|failed|gave up) (\S+) attempt (\d+): .*\n")


class Logged(NamedTuple):
    """A fact as a log tells it: its word, the segment's key, the number of the attempt."""

    word: str
    key: str
    attempt: int


def logged_in(log: Path) -> Iterator[Logged]:
    """Yield the facts of whole lines; a kill may have torn the last one, or come before there was a log."""
    if log.exists():
        for line in log.read_text().splitlines(keepends=True):
            if found := _LINE.fullmatch(line):
                yield Logged(found[1], found[2], int(found[3]))


def as_logged(event: Event | RowEvent) -> Logged | None:
    """Say what a log would tell of an event; None for those that are no matter of an attempt."""
    match event:
        case ClipStored():
            return Logged("stored", event.key, event.attempt)
        case AttemptFailed():
            return Logged("failed", event.key, event.attempt)
        case GaveUp():
            return Logged("gave up", event.key, event.attempt)
        case _:
            return None
