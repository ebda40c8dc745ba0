"""Writes down which clips are lost, so that the next run fetches them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from asyncdl.app.mending import header_of
from asyncdl.app.opening import wall_ms
from asyncdl.core.events import ClipLost, RunEnded
from asyncdl.core.model import ClipSpec
from asyncdl.core.soundness import Finding
from asyncdl.runtime.dataset import DataSet
from asyncdl.runtime.ffmpeg import Ffmpeg
from asyncdl.runtime.journal import RunJournal
from asyncdl.runtime.verify_report import Tallies


class Reopener:
    """Counts findings and writes the lost ones into a run file that is begun with the first of them.

    Without a data set that may be written nothing is.
    """

    def __init__(self, data_set: DataSet | None, ffmpeg: Ffmpeg | None, tallies: Tallies) -> None:
        self._data_set = data_set
        self._ffmpeg = ffmpeg
        self._tallies = tallies
        self._journal: RunJournal | None = None
        self._beginning = asyncio.Lock()

    async def found(self, findings: Sequence[Finding]) -> None:
        """Return once what is lost is written down. Raises ``DiskFull`` and ``EnvironmentFault``."""
        for one in findings:
            self._tallies.problems[one.problem] += 1
            told = {"key": one.key, "path": one.path, "problem": one.problem, "detail": one.detail}
            self._tallies.findings.add(told)
        lost = [one for one in findings if one.problem.is_lost]
        if not lost or self._data_set is None:
            return
        journal = await self._begun(self._data_set)
        events = [ClipLost(one.key, one.round, wall_ms(), one.reason) for one in lost]
        try:
            await asyncio.gather(*map(journal.append, events))
        except asyncio.CancelledError:
            self._tallies.reopened += len(lost)  # what is queued is written all the same
            raise
        self._tallies.reopened += len(lost)

    @property
    def has_begun(self) -> bool:
        """Whether there is a run file of this verification."""
        return self._journal is not None

    async def close(self, reason: str) -> None:
        """End the run file, if there is one."""
        if self._journal is not None:
            try:
                await self._journal.append(RunEnded(wall_ms(), reason))
            finally:
                await self._journal.close()

    async def _begun(self, data_set: DataSet) -> RunJournal:
        async with self._beginning:
            if self._journal is None:
                if data_set.heartbeat.fault is not None:
                    raise data_set.heartbeat.fault
                tools = {} if self._ffmpeg is None else {"ffmpeg": self._ffmpeg.version}
                spec = data_set.ledger.spec or ClipSpec()
                self._journal = await data_set.begin_journal(header_of(data_set, spec, "verify", tools))
        return self._journal
