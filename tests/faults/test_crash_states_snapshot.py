"""Each state that a crash may leave of a journal and its snapshot tells what the run files alone tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from support.crash_oracles import JournalOracle
from support.crash_protocols import snapshot_amid
from support.crash_states import try_crashes
from support.crash_trace import Op, Opened, Synced
from support.crash_writing import Traced

# The last record of the first batch begins in the sector after the others.
PADDING = 256


async def traced(folder: Path) -> tuple[list[Op], JournalOracle]:
    data = Traced(folder / "set")
    writing = await snapshot_amid(data, PADDING)
    await writing.journal.close()
    return data.ops, JournalOracle(folder / "scratch", data.clips)


async def test_no_crash_state_makes_a_snapshot_tell_anything_else(tmp_path: Path) -> None:
    ops, oracle = await traced(tmp_path)
    tried = try_crashes(ops, oracle, limit=64)
    assert tried.first is None
    assert tried.states > 100


async def test_a_snapshot_of_records_that_are_not_synced_yet_is_found(tmp_path: Path) -> None:
    ops, oracle = await traced(tmp_path)
    tried = try_crashes(snapshots_unsynced(ops), oracle, stop_at_first=True)
    assert "with snapshot" in str(tried.first)


def snapshots_unsynced(ops: Sequence[Op]) -> list[Op]:
    """Leave out the syncs of run files by who only reads them."""
    reading = {op.handle for op in ops if isinstance(op, Opened) and not op.creates}
    return [
        op
        for op in ops
        if not (isinstance(op, Synced) and op.handle in reading and op.path.endswith(".jsonl"))
    ]
