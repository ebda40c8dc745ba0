"""Runs to take snapshots of, and all that a replay answers in a form that compares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from asyncdl.core.encoding import encode
from asyncdl.core.events import (
    ClipStored,
    Event,
    RowEvent,
    RowSelected,
    RowsNoted,
    RunStarted,
    Source,
)
from asyncdl.core.model import ClipSpec, Row, RowRef, Segment, Span
from asyncdl.core.records import pack, seal
from asyncdl.core.row_encoding import gathered, note_of
from asyncdl.runtime.replayed import Replayed
from support.fakes import a_clip

SEGMENTS = [Segment(f"{number:011d}", Span(0, 10_000), "eval", ("/m/09x0r",)) for number in range(6)]


ROWS = [Row(RowRef(0, line), segment) for line, segment in enumerate(SEGMENTS, 4)]


HEADER = RunStarted("run", 0, ClipSpec(), {"concurrency": 8}, "run", {})


SOURCE = Source(0, "eval.csv", "eval", "5a" * 32, 100)


@dataclass(frozen=True)
class Run:
    """One run's two files, and what a kill left behind them."""

    seq: int
    rows: tuple[bytes, ...]
    events: tuple[bytes, ...]
    torn: bytes = b""

    @property
    def name(self) -> str:
        return f"{self.seq:06d}-ab"

    def write(self, folder: Path, rows: int | None = None, cut: int | None = None) -> None:
        """Write so many records of the rows, and the events up to a byte."""
        noted = b"".join(self.rows[:rows])
        if noted:
            (folder / f"{self.name}.rows.jsonl").write_bytes(noted)
        (folder / f"{self.name}.jsonl").write_bytes((b"".join(self.events) + self.torn)[:cut])


def a_run(seq: int, rows: list[RowEvent], events: list[Event], torn: bytes = b"") -> Run:
    """As a writer leaves it that notes all rows before the first event."""
    packed = [*gathered(note_of(row) if isinstance(row, RowSelected) else pack(encode(row)) for row in rows)]
    voucher: list[Event] = [RowsNoted(len(packed))] if packed else []
    return Run(
        seq, _sealed(packed), _sealed([pack(encode(one)) for one in [HEADER, *voucher, *events]]), torn
    )


def _sealed(packed: list[bytes]) -> tuple[bytes, ...]:
    return tuple(seal(part, q, q - 1) for q, part in enumerate(packed, 1))


def stored(number: int, round_: int = 0) -> ClipStored:
    row = ROWS[number]
    return ClipStored(row.segment.key, row.ref, round_, 1, 7, replace(a_clip(), size_bytes=1000 + round_))


def told(replayed: Replayed) -> dict[str, Any]:
    """Everything that a ledger answers, and what the replay found."""
    ledger = replayed.ledger
    keys = [segment.key for segment in SEGMENTS]
    refs = [RowRef(0, line) for line in range(12)]
    return {
        "counts": ledger.counts(),
        "facts": (ledger.spec, ledger.options, ledger.sources, ledger.paces, ledger.unknown_texts),
        "mended": (ledger.settled, ledger.below_seq),
        "keys": [
            (ledger.state_of(key), ledger.kind_of(key), ledger.round_of(key), ledger.knows(key))
            for key in keys
        ],
        "clips": [
            [ledger.clip_wins(ledger.slot_of(key), round_) for round_ in (0, 1, 2, 130)]
            for key in keys
            if ledger.slot_of(key) >= 0
        ],
        "retry": [ledger.can_be_retried(key) for key in keys],
        "lines": [(ledger.state_at(ref), ledger.is_settled_line(0, ref.line)) for ref in refs],
        "known": ledger.known_lines(0),
        "found": (replayed.damage, replayed.torn, replayed.last_seq, replayed.files),
    }
