"""Runs one list again and again while parts of the run are killed, until there is nothing left to do."""

from __future__ import annotations

import asyncio
import random
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from asyncdl.errors import ExitCode
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from support.bench import Bench
from support.children import children_of, until
from support.invariants import stored_clips
from support.run_logs import Logged, logged_in
from support.victims import Victim, find, strike

# Each start has a log of its own in this folder beside the data set.
LOGS = "logs"
_ORPHAN_PATIENCE_S = 10.0
_FIND_S = 5.0
_OVER = frozenset({ExitCode.DONE, ExitCode.RETRYABLE_LEFT})
# A run in which most fetches were killed takes it for a storm, and may be started again.
_GOES_ON = frozenset({-9, ExitCode.ENVIRONMENT})


@dataclass(frozen=True)
class Plan:
    """Which victims are drawn, after how many further fetches (from, to), and the most kills."""

    victims: Sequence[Victim]
    fetches: tuple[int, int]
    kills: int
    concurrency: int
    seed: int = 1


@dataclass
class KillLoop:
    """What was killed, and what came of it; ``lost`` counts records that an earlier crash had left."""

    bench: Bench
    plan: Plan
    kills: Counter[Victim] = field(default_factory=Counter)
    crashes: int = 0
    starts: int = 0
    ends: Counter[int] = field(default_factory=Counter)
    slowest_sweep_s: float = 0.0
    orphans: int = 0
    lost: int = 0
    _recorded: dict[str, str] = field(default_factory=dict)

    async def run(self, rows: str, *options: str) -> None:
        """Start until a run ends by itself; then the data set is to be judged."""
        rng = random.Random(self.plan.seed)
        code = -9
        (self.bench.folder / LOGS).mkdir()
        while code in _GOES_ON:
            self.starts += 1
            log = f"{LOGS}/{self.starts}.log"
            concurrency = str(self.plan.concurrency)
            started = ("run", rows, "--concurrency", concurrency, "--log-file", log, "--json", *options)
            process = await self.bench.start(*started)
            code, stderr = await self._kill_within(process, rng)
            self.ends[code] += 1
        assert code in _OVER, stderr.decode()

    def acknowledged(self, *, of_last: bool = True) -> set[Logged]:
        """What the logs of all runs told, perhaps without the one that went to its end."""
        starts = range(1, self.starts + of_last)
        return {fact for start in starts for fact in logged_in(self.bench.folder / LOGS / f"{start}.log")}

    async def _kill_within(self, process: Process, rng: random.Random) -> tuple[int, bytes]:
        """Kill parts of one run until it ends, by that or by itself."""
        reading = asyncio.create_task(process.communicate())
        is_guarded = True
        while process.returncode is None and self.kills.total() < self.plan.kills:
            await self._until_fetched(self.bench.fetched() + rng.randint(*self.plan.fetches), reading)
            victim = rng.choice(self.plan.victims)
            if await self._strike(process, victim):
                self.kills[victim] += 1
                is_guarded = is_guarded and victim not in {Victim.GUARDIAN, Victim.BOTH}
                if victim.ends_the_run:
                    await self._after_crash(process, is_guarded=is_guarded)
        _, stderr = await reading
        return process.returncode or 0, stderr

    async def _until_fetched(self, goal: int, reading: asyncio.Task[tuple[bytes, bytes]]) -> None:
        await until(lambda: self.bench.fetched() >= goal or reading.done(), 60)

    async def _strike(self, process: Process, victim: Victim) -> bool:
        """Strike one of the victims as soon as there is one; some of them live for milliseconds."""
        deadline_s = time.monotonic() + _FIND_S
        while process.returncode is None and time.monotonic() < deadline_s:
            found = find(victim, process.pid, self.bench.folder)
            if strike(found if victim is Victim.BOTH else found[:1]):
                return True
            await asyncio.sleep(0.01)
        return False

    async def _after_crash(self, process: Process, *, is_guarded: bool) -> None:
        """Look at what is left: of processes nothing, where a guardian was there; of records all."""
        self.crashes += 1
        begun_s = time.monotonic()
        await process.wait()
        if is_guarded:
            try:
                await until(lambda: not children_of(self.bench.folder), _ORPHAN_PATIENCE_S)
            except TimeoutError:
                self.orphans += len(children_of(self.bench.folder))
            self.slowest_sweep_s = max(self.slowest_sweep_s, time.monotonic() - begun_s)
        if not journal_of(self.bench.out).is_dir():
            return
        assert not (damage := replay(journal_of(self.bench.out)).damage), damage
        now = {row.segment.key: told.clip.sha256 for row, told in stored_clips(self.bench.out)}
        self.lost += sum(now.get(key) != sha256 for key, sha256 in self._recorded.items())
        self._recorded = now
