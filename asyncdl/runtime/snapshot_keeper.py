"""Has the snapshot brought up to date: at a start, now and then in a long run, and at the end of each."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from asyncdl.errors import AsyncdlError
from asyncdl.runtime.process import RUN_ID_VARIABLE, run_child
from asyncdl.runtime.replayed import Replayed
from asyncdl.runtime.snapshot import MOST_LEFT_BYTES, write_snapshot
from asyncdl.runtime.standing import uncovered_bytes

PERIOD_S = 900.0
MOST_UNCOVERED_BYTES = 16 << 20
_DEADLINE_S = 120.0
_PROGRAM = "asyncdl.runtime.snapshot_program"


def keep_snapshot(replayed: Replayed) -> None:
    """Write a snapshot where much was folded just now, so that nobody has to fold it again.

    For a writer of a whole journal. A snapshot that cannot be written is missed by nobody.
    """
    if replayed.uncovered_bytes > MOST_LEFT_BYTES and not replayed.damage:
        with suppress(AsyncdlError):
            write_snapshot(replayed.folder, replayed.ledger, replayed.positions)


class SnapshotKeeper:
    """``measure`` tells how many bytes of the journal are not in the snapshot, ``write`` replaces it."""

    def __init__(self, measure: Callable[[], Awaitable[int]], write: Callable[[], Awaitable[None]]) -> None:
        self._measure = measure
        self._write = write

    async def run(self) -> None:
        """Keep the snapshot young until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            await self._keep_below(MOST_UNCOVERED_BYTES)

    async def finish(self) -> None:
        """Leave little for the next one to fold."""
        await self._keep_below(MOST_LEFT_BYTES)

    async def _keep_below(self, most_bytes: int) -> None:
        if await self._measure() > most_bytes:
            await self._write()


def keeper_of(journal: Path, run_id: str) -> SnapshotKeeper:
    """Make the keeper of a journal that this process may write. What goes wrong with it is no fault."""
    return SnapshotKeeper(partial(_measure, journal), partial(_write, journal, run_id))


async def _measure(journal: Path) -> int:
    with suppress(AsyncdlError):
        return await asyncio.to_thread(uncovered_bytes, journal)
    return 0


async def _write(journal: Path, run_id: str) -> None:
    argv = [sys.executable, "-P", "-m", _PROGRAM, str(journal)]
    with suppress(OSError):
        await run_child(argv, deadline_s=_DEADLINE_S, env={**os.environ, RUN_ID_VARIABLE: run_id})
