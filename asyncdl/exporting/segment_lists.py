"""Segments written as AudioSet writes its weak lists, so that they can be given to any program as a list."""

from __future__ import annotations

from dataclasses import dataclass, field

from asyncdl import __version__
from asyncdl.core.keytable import KeyTable
from asyncdl.core.model import Segment
from asyncdl.core.rows import is_label


@dataclass(slots=True)
class ListHead:
    """Counts what a list holds, for the three lines at its top; eight to sixteen bytes per video."""

    segments: int = 0
    positive_labels: int = 0
    ytids: KeyTable = field(default_factory=KeyTable)
    labels: KeyTable = field(default_factory=KeyTable)

    def add(self, segment: Segment) -> None:
        """Count one row."""
        mids = mids_of(segment)
        self.segments += 1
        self.ytids.add(segment.ytid)
        self.positive_labels += len(mids)
        for mid in mids:
            self.labels.add(mid)

    def lines(self, told: str) -> bytes:
        """Write the head; ``told`` says in a few words what the list is."""
        return (
            f"# Segments csv written by asyncdl {__version__}: {told}\n"
            f"# num_ytids={len(self.ytids)}, num_segs={self.segments}, "
            f"num_unique_labels={len(self.labels)}, num_positive_labels={self.positive_labels}\n"
            "# YTID, start_seconds, end_seconds, positive_labels\n"
        ).encode()


def mids_of(segment: Segment) -> tuple[str, ...]:
    """Labels that AudioSet's form can hold: ids, and no other text."""
    return tuple(filter(is_label, segment.labels))


def usual_line(segment: Segment) -> bytes:
    """Write a row as the official lists have it: ``--4gqARaEJE, 0.000, 10.000, "/m/068hy,/m/07q6cd_"``."""
    start, end = (seconds_text(ms) for ms in (segment.span.start_ms, segment.span.end_ms))
    return f'{segment.ytid}, {start}, {end}, "{",".join(mids_of(segment))}"\n'.encode()


def seconds_text(time_ms: int) -> str:
    """Write a time with three decimals; no binary fraction comes near it."""
    return f"{time_ms // 1000}.{time_ms % 1000:03d}"
