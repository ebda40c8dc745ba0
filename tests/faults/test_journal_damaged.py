"""Fault: bytes of the journal are changed or gone, anywhere. Nothing may count as stored falsely."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncdl.app.opening import Surroundings
from asyncdl.app.repairing import repair
from asyncdl.core import layout
from asyncdl.core.events import ClipLost, ClipStored, Event, RowSelected, RunEnded, SourceAdded
from asyncdl.core.model import ClipSpec, Row, RowRef
from asyncdl.errors import ExitCode, JournalFault
from asyncdl.runtime.dataset import open_for_writing
from asyncdl.runtime.examining import examine
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes
from asyncdl.runtime.replay import replay
from asyncdl.runtime.run_folder import run_file_names
from asyncdl.ui.choose import ScreenMode
from support.datasets import SOURCE, header
from support.fakes import a_clip, a_segment
from support.histories import sealed

SEGMENTS = [a_segment(number) for number in range(4)]
ROWS = [Row(RowRef(0, line), segment) for line, segment in enumerate(SEGMENTS, 4)]


@dataclass
class Truth:
    """Clips that really are stored and lost, and the events that tell of it."""

    root: Path
    rounds: dict[int, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def path(self, number: int) -> Path:
        return self.root / layout.clip_path(SEGMENTS[number], ClipSpec().extension)

    def step(self, number: int, content: bytes | None) -> None:
        """Store a clip, or lose the one that is stored: by other bytes, or by its removal."""
        round_, path, key = self.rounds.get(number, 0), self.path(number), SEGMENTS[number].key
        if content is None:
            if path.exists():
                path.unlink()
                self.events.append(ClipLost(key, round_, 0, "missing"))
                self.rounds[number] = round_ + 1
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        clip = replace(a_clip(len(content)), sha256=hashlib.sha256(content).hexdigest())
        self.events.append(ClipStored(key, ROWS[number].ref, round_, 1, 0, clip))


STEPS = st.lists(
    st.tuples(st.integers(0, len(SEGMENTS) - 1), st.none() | st.sampled_from([b"one", b"two", b"three"])),
    min_size=1,
    max_size=14,
)


@st.composite
def damages(draw: st.DrawFn, content: bytes) -> bytes:
    """Flip a bit, or take out or blank a stretch that ends before the last line: what ends a file is torn."""
    last_line = content.rfind(b"\n", 0, -1) + 1
    if not last_line:  # an earlier damage has left one line at most
        return content
    place = draw(st.integers(0, last_line - 1))
    if draw(st.booleans()):
        flipped = content[place] ^ 1 << draw(st.integers(0, 7))
        return content[:place] + bytes([flipped]) + content[place + 1 :]
    end = draw(st.integers(place + 1, last_line))
    middle = draw(st.sampled_from([b"", bytes(end - place)]))
    return content[:place] + middle + content[end:]


@settings(max_examples=25, deadline=None)
@given(STEPS, st.integers(1, 3), st.data())
def test_after_a_repair_runs_go_on_and_every_clip_that_counts_is_whole(
    steps: list[tuple[int, bytes | None]], runs: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        truth = Truth(root)
        for number, content in steps:
            truth.step(number, content)
        write_runs(root, truth.events, runs)
        for _ in range(data.draw(st.integers(1, 2))):
            chosen = data.draw(st.sampled_from(run_file_names(journal_of(root))))
            path = journal_of(root) / chosen
            path.write_bytes(data.draw(damages(path.read_bytes())))
        mend_and_judge(root)


def mend_and_judge(root: Path) -> None:
    """Repair where there is damage; then a writer may open it, and nothing counts falsely."""
    found = examine(journal_of(root))
    names = run_file_names(journal_of(root))
    assert all(loss.damage.file in names and loss.damage.records > 0 for loss in found.losses)
    if not found.is_whole:
        if found.replayed.ledger.spec is None:
            with pytest.raises(JournalFault, match="what a clip of this data set is"):
                asyncio.run(repair(root, Surroundings(ScreenMode.QUIET), jobs=1))
            return
        report = asyncio.run(repair(root, Surroundings(ScreenMode.QUIET), jobs=1))
        assert (report.is_settled, report.exit_code) == (True, ExitCode.DONE)
        assert examine(journal_of(root)).is_whole
    open_for_writing(root, "run-9").close()
    judge(root)


def judge(root: Path) -> None:
    ledger = replay(journal_of(root)).ledger
    for row, outcome in iterate_outcomes(journal_of(root), ledger):
        if isinstance(outcome, ClipStored):
            path = root / layout.clip_path(row.segment, ClipSpec().extension)
            assert hashlib.sha256(path.read_bytes()).hexdigest() == outcome.clip.sha256, row


def write_runs(root: Path, events: Sequence[Event], runs: int) -> None:
    """Deal the events out to run files, in order, each record acknowledged before the next."""
    folder = journal_of(root)
    folder.mkdir()
    share = -(-len(events) // runs)
    for seq in range(1, runs + 1):
        own = events[(seq - 1) * share : seq * share]
        first = [SourceAdded(SOURCE)] if seq == 1 else []
        path = folder / f"{seq:06d}-ab.jsonl"
        path.write_bytes(sealed([header(), *first, *own, RunEnded(1, "finished")]))
        if seq == 1:
            rows = sealed([*map(RowSelected, ROWS), RunEnded(1, "finished")])
            path.with_suffix(".rows.jsonl").write_bytes(rows)


def test_without_the_repair_a_lost_record_of_a_loss_does_count_as_stored(tmp_path: Path) -> None:
    """The check above can fail: this is what the repair is for."""
    truth = Truth(tmp_path)
    truth.step(0, b"one")
    truth.step(0, None)
    write_runs(tmp_path, truth.events, 1)
    path = journal_of(tmp_path) / "000001-ab.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"e":"lost"' not in line))
    with pytest.raises(FileNotFoundError):
        judge(tmp_path)
    mend_and_judge(tmp_path)
