"""A signal while a finished run writes its snapshot ends the snapshot, and changes nothing of how it went."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from asyncdl.errors import ExitCode
from asyncdl.runtime.snapshot_keeper import SnapshotKeeper
from support.bench import Bench, ytids


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_exit_code_of_the_run_stays(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    seen: list[str] = []

    async def much() -> int:
        return 1 << 40

    async def hang() -> None:
        seen.append("begun")
        os.kill(os.getpid(), number)
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("ended")

    def keeper(_journal: Path, _run_id: str) -> SnapshotKeeper:
        return SnapshotKeeper(much, hang)

    monkeypatch.setattr("asyncdl.app.stage.keeper_of", keeper)
    report = await bench.run(bench.write_list(ytids(1)))
    assert (report.exit_code, report.counts.stored) == (ExitCode.DONE, 1)
    assert seen == ["begun", "ended"]
