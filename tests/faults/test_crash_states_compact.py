"""Each state that a crash may leave of a journal that is being compacted amounts to the same as before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.crash_oracles import CompactedOracle, JournalOracle
from support.crash_protocols import compacted
from support.crash_states import each_sync_dropped, try_crashes
from support.crash_trace import Op, Unlinked
from support.crash_writing import Traced

LIMIT = 200


@dataclass(frozen=True, slots=True)
class Compacting:
    """A trace; compacting goes from ``start`` to ``end``."""

    ops: list[Op]
    start: int
    end: int
    oracle: CompactedOracle

    def is_found(self, ops: Sequence[Op]) -> bool:
        return bool(try_crashes(ops, self.oracle, limit=LIMIT, since=self.start, stop_at_first=True).bad)


async def compacting(folder: Path) -> Compacting:
    data = Traced(folder / "set")
    marks: list[int] = []
    standing: dict[str, bytes] = {}

    def mark() -> None:
        marks.append(len(data.ops))
        if not standing:
            standing.update((f"journal/{path.name}", path.read_bytes()) for path in data.journal.iterdir())

    await compacted(data, mark)
    journal = JournalOracle(folder / "scratch", data.clips)
    oracle = CompactedOracle(journal, journal.verdict(standing))
    return Compacting(data.ops, marks[0], marks[1], oracle)


async def test_no_crash_state_amounts_to_anything_else(tmp_path: Path) -> None:
    run = await compacting(tmp_path)
    tried = try_crashes(run.ops, run.oracle, limit=LIMIT, since=run.start)
    assert tried.first is None
    assert tried.states > 60


async def test_old_files_removed_before_the_new_one_is_safe_are_found(tmp_path: Path) -> None:
    run = await compacting(tmp_path)
    amid = range(run.start, run.end)
    last_sync = max(place for place, _ in each_sync_dropped(run.ops) if place in amid)
    removing = min(place for place in amid if isinstance(run.ops[place], Unlinked))
    needed = [ops for place, ops in each_sync_dropped(run.ops) if place in amid and place < removing]
    assert len(needed) == 2
    assert last_sync > removing
    assert all(run.is_found(ops) for ops in needed)
