"""Whatever came after a snapshot: folded onto it, it gives what a full replay gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from asyncdl.core.encoding import decode, encode
from asyncdl.core.events import (
    AttemptFailed,
    ClipLost,
    DamageSettled,
    Event,
    GaveUp,
    PaceLearned,
    RetryRequested,
    RowEvent,
    RowRejected,
    RowRepeated,
    RowSelected,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import Failure, RejectedRow, RowRef
from asyncdl.core.records import pack, seal
from asyncdl.core.scan import RecordScan
from asyncdl.runtime.replay import replay
from asyncdl.runtime.run_folder import open_run_file, run_file_names
from asyncdl.runtime.snapshot import write_snapshot
from asyncdl.runtime.standing import standing_of
from support.snapshots import ROWS, SEGMENTS, SOURCE, Run, a_run, stored, told

NUMBER = st.integers(0, 2)


ROUND = st.sampled_from([0, 0, 0, 1, 2, 130])


FAILURE = st.builds(Failure, st.sampled_from(FailureKind), st.just("code"), st.sampled_from(["a", "b", "c"]))


def _tried(kind: Callable[..., Event]) -> st.SearchStrategy[Event]:
    def make(number: int, round_: int, failure: Failure) -> Event:
        return kind(ROWS[number].segment.key, ROWS[number].ref, round_, 1, 7, failure)

    return st.builds(make, NUMBER, ROUND, FAILURE)


EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(stored, NUMBER, ROUND),
    _tried(AttemptFailed),
    _tried(GaveUp),
    st.builds(lambda number, round_: RetryRequested(SEGMENTS[number].key, round_, 0), NUMBER, ROUND),
    st.builds(lambda number, round_: ClipLost(SEGMENTS[number].key, round_, 0, "gone"), NUMBER, ROUND),
    st.builds(
        lambda who, requests: PaceLearned(who, 0, {"requests": requests}), st.sampled_from("xy"), ROUND
    ),
    st.just(SourceAdded(SOURCE)),
)


ROW: st.SearchStrategy[RowEvent] = st.one_of(
    st.builds(lambda number: RowSelected(ROWS[number]), NUMBER),
    st.just(RowRejected(RejectedRow(RowRef(0, 10), "no number", "x"))),
    st.just(RowRepeated(RowRef(0, 11), SEGMENTS[0].key)),
)


TORN = st.sampled_from([b"", b'{"q":99', b"\0" * 512, b'{"q":99,"d":1,"c":"00000000"}\n'])


def _last_of_a_batch_that_lost_its_first(run: Run) -> bytes:
    count = len(run.events)
    return seal(pack(encode(RetryRequested(SEGMENTS[0].key, 5, 0))), count + 2, count)


@st.composite
def histories(draw: st.DrawFn) -> list[Run]:
    runs: list[Run] = []
    for seq in range(1, draw(st.integers(1, 3)) + 1):
        rows, events = draw(st.lists(ROW, max_size=6)), draw(st.lists(EVENT, max_size=8))
        run = a_run(seq, rows, events, draw(TORN))
        if draw(st.booleans()):
            run = replace(run, torn=_last_of_a_batch_that_lost_its_first(run) + run.torn)
        if len(run.events) > 3 and draw(st.booleans()):
            # A record is gone; the next run, a repair, has settled that.
            gone = draw(st.integers(2, len(run.events) - 2))
            runs.append(replace(run, events=run.events[:gone] + run.events[gone + 1 :]))
            runs.append(a_run(seq + 10, [], [DamageSettled(f"{run.name}.jsonl", gone + 1, gone + 1, 0)]))
        else:
            runs.append(run)
    return sorted(runs, key=lambda run: run.seq)


@settings(max_examples=100, deadline=None)
@given(histories(), st.data())
def test_a_tail_folded_onto_a_snapshot_gives_what_a_full_replay_gives(
    runs: list[Run], data: st.DataObject
) -> None:
    last = data.draw(st.integers(0, len(runs) - 1))
    with TemporaryDirectory() as name:
        folder = Path(name)
        for run in runs[:last]:
            run.write(folder)
        size = len(b"".join(runs[last].events) + runs[last].torn)
        cut = data.draw(st.integers(0, size) | st.just(size))
        runs[last].write(folder, cut=cut)
        before = replay(folder)
        if not before.damage:
            write_snapshot(folder, before.ledger, before.positions)
            again = replay(folder, is_lean=data.draw(st.booleans()))
            assert again.uncovered_bytes == 0
            assert told(again) == told(before)
        for run in runs[last:]:
            run.write(folder)
        whole = replay(folder, with_snapshot=False)
        assert told(replay(folder)) == told(whole)
        assert told(replace(whole, ledger=_by_steps(folder))) == told(whole)
        standing = standing_of(folder)
        assert standing.counts == whole.ledger.counts()
        assert standing.facts.paces == whole.ledger.paces
        assert (standing.fault is None) == (not whole.damage)


def _by_steps(folder: Path) -> Ledger:
    """Fold event by event, without the short cuts of a replay."""
    ledger = Ledger()
    for name in run_file_names(folder):
        with open_run_file(folder / name) as stream:
            for _, fields in RecordScan(stream):
                event = decode(fields)
                assert event is not None
                ledger.apply(event)
    return ledger
