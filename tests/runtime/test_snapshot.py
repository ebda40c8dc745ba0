"""The snapshot: a replay gives the same with it, and whatever is wrong with it, it is missed by nobody."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncdl.core.encoding import decode, encode
from asyncdl.core.events import (
    AttemptFailed,
    ClipLost,
    ClipStored,
    DamageSettled,
    Event,
    GaveUp,
    PaceLearned,
    RetryRequested,
    RowEvent,
    RowRejected,
    RowRepeated,
    RowSelected,
    RowsNoted,
    RunStarted,
    Source,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import AudioFormat, ClipSpec, Failure, RejectedRow, Row, RowRef, Segment, Span
from asyncdl.core.records import pack, seal
from asyncdl.core.row_encoding import gathered, note_of
from asyncdl.core.scan import RecordScan
from asyncdl.errors import DiskFull, ExitCode
from asyncdl.runtime import snapshot_program
from asyncdl.runtime.replay import Replayed, replay
from asyncdl.runtime.run_folder import open_run_file, run_file_names
from asyncdl.runtime.snapshot import MOST_LEFT_BYTES, SNAPSHOT, load_head, load_snapshot, write_snapshot
from asyncdl.runtime.standing import standing_of, uncovered_bytes
from support.fakes import a_clip
from support.recording_files import failing

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


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A journal of one run with its snapshot."""
    folder = tmp_path / "journal"
    folder.mkdir()
    rows: list[RowEvent] = [RowSelected(row) for row in ROWS]
    a_run(1, rows, [SourceAdded(SOURCE), *map(stored, range(5))]).write(folder)
    replayed = replay(folder)
    write_snapshot(folder, replayed.ledger, replayed.positions)
    return folder


def test_what_is_covered_is_not_read_again(folder: Path) -> None:
    assert replay(folder).uncovered_bytes == 0
    assert uncovered_bytes(folder) == 0
    (folder / SNAPSHOT).unlink()
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert replay(folder).uncovered_bytes == uncovered_bytes(folder) == size


def test_any_flipped_bit_and_any_cut_only_cost_a_full_replay(folder: Path) -> None:
    path, names = folder / SNAPSHOT, [name for name in os.listdir(folder) if name != SNAPSHOT]
    content, right = path.read_bytes(), told(replay(folder, with_snapshot=False))
    places = [*range(0, 2000, 7), *range(2000, len(content), 4999)]
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        assert load_snapshot(folder, names) is None, place
    for size in places:
        path.write_bytes(content[:size])
        assert load_snapshot(folder, names) is None
        assert load_head(folder, names) is None
    assert told(replay(folder)) == right
    path.write_bytes(content)
    assert load_snapshot(folder, names) is not None


def test_a_flipped_bit_of_a_column_does_not_show_in_the_head_and_not_in_the_replay(folder: Path) -> None:
    path = folder / SNAPSHOT
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert standing_of(folder).counts == replay(folder).ledger.counts()


def _cut(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def _rewrite(folder: Path) -> None:
    path = folder / "000001-ab.jsonl"
    size = path.stat().st_size
    a_run(1, [], [stored(number, 1) for number in range(5)]).write(folder)
    with path.open("ab") as file:
        file.write(b"\n" * max(0, size - path.stat().st_size))


CHANGES: dict[str, Callable[[Path], None]] = {
    "the run file was cut": lambda folder: _cut(folder, "000001-ab.jsonl"),
    "the rows file was cut": lambda folder: _cut(folder, "000001-ab.rows.jsonl"),
    "the rows file is gone": lambda folder: (folder / "000001-ab.rows.jsonl").unlink(),
    "the run file is gone": lambda folder: (folder / "000001-ab.jsonl").unlink(),
    "the run file is another one": _rewrite,
    "an older run has come from elsewhere": lambda folder: a_run(0, [], [stored(5)]).write(folder),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_snapshot_of_other_files_is_ignored(folder: Path, change: str) -> None:
    CHANGES[change](folder)
    assert load_snapshot(folder, [name for name in os.listdir(folder) if name != SNAPSHOT]) is None
    assert told(replay(folder)) == told(replay(folder, with_snapshot=False))


@pytest.mark.parametrize("version", [b"asyncdl snapshot 2", b"asyncdl snapshot 0"])
def test_another_version_is_ignored(folder: Path, version: bytes) -> None:
    path = folder / SNAPSHOT
    path.write_bytes(path.read_bytes().replace(b"asyncdl snapshot 1", version))
    assert replay(folder).uncovered_bytes


@pytest.mark.parametrize("thing", ["pipe", "link", "folder", "nothing"])
def test_anything_but_a_plain_file_in_its_place_is_ignored_without_waiting(folder: Path, thing: str) -> None:
    path, content = folder / SNAPSHOT, (folder / SNAPSHOT).read_bytes()
    path.unlink()
    (folder / "copy").write_bytes(content)
    make: dict[str, Callable[[], None]] = {
        "pipe": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to(folder / "copy"),
        "folder": path.mkdir,
        "nothing": lambda: None,
    }
    make[thing]()
    assert replay(folder).uncovered_bytes
    assert standing_of(folder).counts.stored == 5


def test_damage_that_nobody_settled_gets_no_snapshot_and_the_old_one_is_not_believed(folder: Path) -> None:
    (folder / SNAPSHOT).unlink()
    path = folder / "000001-ab.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], *lines[5:]]))
    assert snapshot_program.main(folder) == ExitCode.JOURNAL
    assert not (folder / SNAPSHOT).exists()
    standing = standing_of(folder)
    assert standing.fault is not None
    assert standing.counts.stored == 4


def test_a_run_that_found_nothing_to_do_is_told_without_the_columns(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_run(2, [], [PaceLearned("x", 0, {"requests": 1})]).write(folder)
    monkeypatch.setattr(Ledger, "restore", lambda *_: pytest.fail("the columns were loaded"))
    assert standing_of(folder).counts.stored == 5
    assert standing_of(folder).facts.paces == {"x": {"requests": 1}}


def test_the_program_brings_it_up_to_date(folder: Path) -> None:
    a_run(2, [], [stored(5)]).write(folder)
    assert uncovered_bytes(folder)
    assert snapshot_program.main(folder) == 0
    assert uncovered_bytes(folder) == 0
    assert standing_of(folder).counts.stored == 6


def test_a_snapshot_that_cannot_be_written_leaves_the_old_one(folder: Path) -> None:
    content, replayed = (folder / SNAPSHOT).read_bytes(), replay(folder)
    with pytest.raises(DiskFull):
        write_snapshot(folder, replayed.ledger, replayed.positions, failing("write", 2, 28))
    assert (folder / SNAPSHOT).read_bytes() == content
    assert sorted(os.listdir(folder)) == ["000001-ab.jsonl", "000001-ab.rows.jsonl", SNAPSHOT]


def test_who_has_folded_much_writes_one_and_who_has_not_does_not(folder: Path) -> None:
    (folder / SNAPSHOT).unlink()
    replayed = replay(folder)
    replayed.keep_snapshot()
    assert not (folder / SNAPSHOT).exists()
    replace(replayed, uncovered_bytes=MOST_LEFT_BYTES + 1).keep_snapshot()
    assert replay(folder).uncovered_bytes == 0


def test_a_snapshot_of_another_order_of_bytes_or_other_kinds_is_ignored(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from asyncdl.core import snapshot  # noqa: PLC0415 - its private table is under test

    monkeypatch.setitem(snapshot._MEANING, "order", "big" if sys.byteorder == "little" else "little")
    assert replay(folder).uncovered_bytes


def test_the_spec_of_the_first_run_and_the_options_of_the_last_are_kept(folder: Path) -> None:
    a_run(2, [], [RunStarted("b", 0, ClipSpec(AudioFormat.WAV), {"concurrency": 9}, "", {})]).write(folder)
    assert snapshot_program.main(folder) == 0
    facts = standing_of(folder).facts
    assert (facts.spec, facts.options) == (ClipSpec(), {"concurrency": 9})
