"""``asyncdl journal compact``: one file instead of many, without the records that no longer count."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from asyncdl.app.mending import header_of, open_for_mending
from asyncdl.app.opening import Surroundings
from asyncdl.errors import JournalFault
from asyncdl.runtime import compacting
from asyncdl.runtime.compacting import OnProgress, Saved
from asyncdl.runtime.dataset import DataSet
from asyncdl.runtime.process import shielded


async def compact(
    out: Path, surroundings: Surroundings, on_progress: OnProgress, *, takes_over: bool = False
) -> Saved | None:
    """Compact a journal; None where there is nothing to gain. Needs room for the new file beside the old."""
    async with AsyncExitStack() as stack:
        data_set = await open_for_mending(out, surroundings, stack, takes_over=takes_over)
        data_set.replayed.require_whole()
        # A cancelled wait must not let go of the lock while the thread goes on.
        return await shielded(asyncio.to_thread(_compact, data_set, on_progress))


def _compact(data_set: DataSet, on_progress: OnProgress) -> Saved | None:
    spec = data_set.ledger.spec
    if compacting.is_compact(data_set.replayed):
        return None
    if spec is None:
        raise JournalFault(
            "no run file tells what a clip of this data set is", mend="start a run first, or remove them"
        )

    def check() -> None:
        if data_set.heartbeat.fault is not None:
            raise data_set.heartbeat.fault

    means = compacting.CompactionMeans(check=check, on_progress=on_progress)
    header = header_of(data_set, spec, "journal compact")
    return compacting.compact(data_set.journal, data_set.replayed, header, means)
