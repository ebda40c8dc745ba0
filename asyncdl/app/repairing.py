"""``asyncdl journal repair``: makes sure that no clip counts as stored falsely, then settles the damage.

A lost record can make a segment *stored* falsely only when it told of a lost clip; every other loss leads to
work that is done again. So each stored clip is read; what is lost is written down; and only when that is on
disk, and every clip could be judged, the damage is settled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from asyncdl.app.mending import header_of, open_for_mending, refuse_emptied
from asyncdl.app.opening import Surroundings, wall_ms
from asyncdl.app.stoppable import StoppableTask
from asyncdl.core.events import ClipLost, DamageSettled, RunEnded
from asyncdl.core.foreign import ForeignKind, KnownPaths
from asyncdl.core.model import ClipSpec
from asyncdl.core.soundness import Depth, Finding
from asyncdl.errors import ExitCode, JournalFault
from asyncdl.runtime.dataset import DataSet
from asyncdl.runtime.foreign_files import foreign_files
from asyncdl.runtime.repair_report import Repaired
from asyncdl.runtime.replay import replay
from asyncdl.runtime.replayed import Replayed
from asyncdl.runtime.rowless import every_outcome
from asyncdl.runtime.verifying import Terms, Verified, claims_of, noting, verify_clips
from asyncdl.ui.verify_screen import QuietVerifyScreen, VerifyScreen, open_verify_screen

_MOST_EXAMPLES = 20


async def repair(
    out: Path, surroundings: Surroundings, *, jobs: int, takes_over: bool = False, accepts_loss: bool = False
) -> Repaired:
    """Repair a journal; a whole one is left as it is. Raises ``AsyncdlError``; nothing is settled then."""
    async with AsyncExitStack() as stack:
        data_set = await open_for_mending(out, surroundings, stack, takes_over=takes_over)
        spec, total = data_set.ledger.spec, data_set.ledger.counts().stored
        if not data_set.replayed.damage:
            return _Repair(data_set, spec or ClipSpec(), QuietVerifyScreen(), jobs).report(out)
        if spec is None:
            raise _no_spec(data_set.replayed)
        if not accepts_loss:
            await asyncio.to_thread(refuse_emptied, out, data_set.replayed, "journal repair")
        screen = await stack.enter_async_context(open_verify_screen(surroundings.screen, total))
        work = _Repair(data_set, spec, screen, jobs)
        with work.stopping.installed():
            await work.carry_out()
        await work.close()
        return await asyncio.to_thread(work.report, out)


def _no_spec(replayed: Replayed) -> JournalFault:
    return JournalFault(
        f"the beginning of {replayed.damage[0].file} is gone, and no other run file tells what a clip of this"
        " data set is (format, rate, channels)",
        mend="Put back a copy of any run file of this data set. Without one, move the folder journal away and"
        " run again with the same options as then: all clips are fetched again. Nothing was changed.",
    )


class _Repair:
    """The objects of one repair."""

    def __init__(self, data_set: DataSet, spec: ClipSpec, screen: VerifyScreen, jobs: int) -> None:
        self._data_set, self._spec, self._screen, self._jobs = data_set, spec, screen, jobs
        self._known = KnownPaths(spec.extension)
        self._verified = Verified()
        self._lost = self._unjudged_count = self._unrecorded = 0
        self._unjudged: list[Finding] = []
        self._is_settled = False
        self._task = StoppableTask(screen.message)
        self.stopping = self._task.stopping

    async def carry_out(self) -> None:
        """Verify, then settle, until the end, a fault or a signal."""
        header = header_of(self._data_set, self._spec, "journal repair")
        self._journal = await self._data_set.begin_journal(header)
        await self._task.run(self._mend())

    async def close(self) -> None:
        """Show the last state."""
        await self._screen.close(self._verified, self._task.elapsed_s, self._lost)

    def report(self, out: Path) -> Repaired:
        """Say how it ended, by a fresh look at the journal."""
        replayed = self._data_set.replayed
        now = replay(self._data_set.journal).ledger if replayed.damage else replayed.ledger
        return Repaired(
            root=out,
            damage=replayed.damage,
            is_settled=self._is_settled or not replayed.damage,
            verified=self._verified,
            lost=self._lost,
            unjudged=self._unjudged_count,
            examples=tuple(self._unjudged),
            rowless=now.rowless(),
            unrecorded=self._unrecorded,
            counts=now.counts(),
            exit_code=self._exit_code(),
        )

    async def _mend(self) -> None:
        """Mind the order: losses are durable before anything counts as settled."""
        try:
            root, spec = self._data_set.root, self._spec
            rows = every_outcome(root, self._data_set.ledger, spec)
            claims = claims_of(noting(rows, self._known, spec), spec)
            terms = Terms(
                Depth.CHECKSUM, self._jobs, on_progress=self._show, is_stopping=lambda: self._task.is_draining
            )
            await verify_clips(root, spec, claims, terms, self._found)
            if not self._task.is_draining and not self._unjudged_count:
                await self._settle()
                self._screen.note("looking for clips without a record")
                self._unrecorded = await asyncio.to_thread(self._count_unrecorded)
            await self._journal.append(RunEnded(wall_ms(), "repaired" if self._is_settled else "stopped"))
        finally:
            await self._journal.close()

    async def _found(self, findings: Sequence[Finding]) -> None:
        """Return once what is lost is on disk."""
        lost = [one for one in findings if one.problem.is_lost]
        unjudged = [one for one in findings if one.problem.is_unjudged]
        self._unjudged_count += len(unjudged)
        self._unjudged += unjudged[: _MOST_EXAMPLES - len(self._unjudged)]
        events = [ClipLost(one.key, one.round, wall_ms(), one.reason) for one in lost]
        await asyncio.gather(*map(self._journal.append, events))
        self._lost += len(lost)

    async def _settle(self) -> None:
        for one in self._data_set.replayed.damage:
            await self._journal.append(DamageSettled(one.file, one.first, one.last, wall_ms()))
        self._is_settled = True

    def _count_unrecorded(self) -> int:
        """Count what looks like a clip, also of a row that is lost."""
        suffix = f".{self._spec.extension}"
        return sum(
            one.kind is ForeignKind.UNRECORDED or (one.kind is ForeignKind.FILE and one.path.endswith(suffix))
            for one in foreign_files(self._data_set.root, self._known)
        )

    def _exit_code(self) -> ExitCode:
        if self.stopping.exit_code is not None and not self._is_settled:
            return self.stopping.exit_code
        return ExitCode.ENVIRONMENT if self._unjudged_count else ExitCode.DONE

    def _show(self, verified: Verified) -> None:
        self._verified = verified
        self._screen.show(verified, self._task.elapsed_s, self._lost)
