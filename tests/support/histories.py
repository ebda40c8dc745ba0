"""Whole journals made up by hypothesis: several runs, each with rows and with what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import strategies as st

from asyncdl.core.encoding import encode
from asyncdl.core.events import (
    AttemptFailed,
    ClipLost,
    ClipStored,
    Event,
    GaveUp,
    PaceLearned,
    RetryRequested,
    RowEvent,
    RowRejected,
    RowRepeated,
    RowSelected,
    RunEnded,
    SegmentEvent,
    Source,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import Failure, RejectedRow, Row, RowRef
from asyncdl.core.records import pack, seal
from asyncdl.runtime.outcomes import iterate_outcomes, iterate_rejected, iterate_rows
from asyncdl.runtime.replay import replay
from support.datasets import header
from support.fakes import a_clip, a_segment

SEGMENTS = [a_segment(number) for number in range(4)]
KEYS = [segment.key for segment in SEGMENTS]
LINES = 6
SOURCES = [Source(index, f"{name}.csv", name, f"{index}" * 64, 100) for index, name in enumerate("ab")]
_KINDS = [FailureKind.NETWORK, FailureKind.REMOVED, FailureKind.UNKNOWN]
_ROUND = st.integers(0, 3) | st.integers(126, 129)


@dataclass(frozen=True)
class Run:
    """What one writer wrote; its rows file exists where there are rows."""

    rows: tuple[RowEvent, ...]
    events: tuple[Event, ...]


def _row_event(source: int, line: int) -> RowEvent:
    """Say what stands in a line: always the same."""
    ref, number = RowRef(source, line), (source * 3 + line) % (len(SEGMENTS) + 2)
    if number < len(SEGMENTS):
        return RowSelected(Row(ref, SEGMENTS[number]))
    return RowRejected(RejectedRow(ref, "no number", "x")) if line % 2 else RowRepeated(ref, KEYS[0])


def _segment_event(number: int, kind: int, round_: int, detail: int) -> SegmentEvent:
    key, ref = KEYS[number], RowRef(0, number + 1)
    failure = Failure(_KINDS[detail % 3], "code", "text")
    match kind:
        case 0:
            return ClipStored(key, ref, round_, 1, detail, replace(a_clip(1000 + detail)))
        case 1:
            return AttemptFailed(key, ref, round_, detail, 7, failure)
        case 2:
            return GaveUp(key, ref, round_, detail, 7, failure, is_final=detail == 1)
        case 3:
            return RetryRequested(key, round_, 0)
        case _:
            return ClipLost(key, round_, 0, "gone")


SEGMENT_EVENT: st.SearchStrategy[SegmentEvent] = st.builds(
    _segment_event, st.integers(0, len(KEYS) - 1), st.integers(0, 4), _ROUND, st.integers(0, 5)
)
_ROW_EVENT = st.builds(_row_event, st.integers(0, 1), st.integers(1, LINES))
_PACE = st.builds(
    lambda who, load: PaceLearned(who, 0, {"load": load}), st.sampled_from("ab"), st.integers(0, 9)
)
_EVENT: st.SearchStrategy[Event] = SEGMENT_EVENT | _PACE | st.builds(SourceAdded, st.sampled_from(SOURCES))
RUN = st.builds(
    Run,
    st.lists(_ROW_EVENT, max_size=6).map(tuple),
    st.lists(_EVENT, max_size=8).map(tuple),
)
HISTORY: st.SearchStrategy[list[Run]] = st.lists(RUN, min_size=1, max_size=4)


def write_history(folder: Path, history: Sequence[Run]) -> None:
    """Write the runs as their writers would have, each record acknowledged before the next."""
    for seq, run in enumerate(history, 1):
        ended = RunEnded(1, "finished")
        path = folder / f"{seq:06d}-ab.jsonl"
        path.write_bytes(sealed([header(), *run.events, ended]))
        if run.rows:
            path.with_suffix(".rows.jsonl").write_bytes(sealed([*run.rows, ended]))


def sealed(events: Iterable[Event | RowEvent]) -> bytes:
    return b"".join(seal(pack(encode(event)), q, q - 1) for q, event in enumerate(events, 1))


def told(ledger: Ledger) -> dict[str, object]:
    """All that a ledger says of these histories, in a form that compares."""
    lines = [RowRef(source, line) for source in range(2) for line in range(1, LINES + 1)]
    return {
        "counts": ledger.counts(),
        "states": [ledger.state_of(key) for key in KEYS],
        "kinds": [ledger.kind_of(key) for key in KEYS if ledger.state_of(key) is not RowState.STORED],
        "rounds": [ledger.round_of(key) for key in KEYS],
        "again": [ledger.can_be_retried(key) for key in KEYS],
        "known": [ledger.knows(key) for key in KEYS],
        "lines": [ledger.state_at(ref) for ref in lines],
        "run": (ledger.spec, ledger.options, ledger.sources, ledger.paces),
    }


def told_by_folder(folder: Path) -> dict[str, object]:
    """What a folder's journal says, outcomes and rows included."""
    ledger = replay(folder, with_snapshot=False).ledger
    outcomes = {row.segment.key: (row, outcome) for row, outcome in iterate_outcomes(folder, ledger)}
    rejected = sorted(iterate_rejected(folder), key=lambda row: row.ref.line)
    rows = sorted(iterate_rows(folder), key=lambda row: row.segment.key)
    return {**told(ledger), "outcomes": outcomes, "rejected": rejected, "rows": rows}
