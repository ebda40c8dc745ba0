"""A writer is killed and the machine stays up: the next one reads what was never synced, builds on it, then
the power goes. Each state that this may leave is tried, for a first writer killed after each of its calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from support.crash_oracles import JournalOracle
from support.crash_protocols import after_a_kill, overwrite
from support.crash_states import Tried, try_crashes
from support.crash_trace import Op, Opened, Synced, Told
from support.crash_writing import Traced

LIMIT = 24


async def calls_of_the_first(folder: Path) -> list[Op]:
    first = Traced(folder / "alone")
    await overwrite(first)
    return first.ops


def changes(op: Op) -> bool:
    """Else the second writer finds what it found after the call before."""
    return not isinstance(op, Synced | Told | Opened) or (isinstance(op, Opened) and op.creates)


async def crashed_later(folder: Path, kills: Iterable[int], *, is_synced_first: bool) -> list[Tried]:
    """Kill the first writer after so many calls each time; crash after each call of the second."""
    protocol = partial(after_a_kill, is_synced_first=is_synced_first)
    tried = []
    for calls in kills:
        data = Traced(folder / str(calls) / "set")
        await protocol(data, calls)
        oracle = JournalOracle(folder / str(calls) / "scratch", data.clips)
        tried.append(try_crashes(data.ops, oracle, limit=LIMIT, since=calls))
    return tried


async def test_what_a_killed_writer_never_synced_is_safe_before_the_next_builds_on_it(tmp_path: Path) -> None:
    ops = await calls_of_the_first(tmp_path)
    kills = [calls for calls, op in enumerate(ops, 1) if changes(op)]
    assert len(kills) >= 20
    tried = await crashed_later(tmp_path, kills, is_synced_first=True)
    assert [one.first for one in tried if one.bad] == []
    assert sum(one.states for one in tried) > 600


async def test_a_writer_that_builds_on_what_is_not_synced_is_found(tmp_path: Path) -> None:
    """Killed just before a sync: most is at risk then."""
    ops = await calls_of_the_first(tmp_path)
    kills = [place for place, op in enumerate(ops) if isinstance(op, Synced) and op.path.endswith(".jsonl")]
    tried = await crashed_later(tmp_path, kills, is_synced_first=False)
    assert [one.bad > 0 for one in tried].count(True) == 1
    assert "false stored" in "".join(one.first or "" for one in tried)
