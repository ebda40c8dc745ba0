"""What a verification came to, for the command line to tell."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from asyncdl.core.foreign import ForeignKind
from asyncdl.core.ledger import Counts
from asyncdl.core.soundness import Depth, Problem
from asyncdl.errors import AsyncdlError, ExitCode
from asyncdl.runtime.spool import Spool
from asyncdl.runtime.verifying import Verified


@dataclass(slots=True)
class Tallies:
    """What is found on the way: counts, and lists that may be long.

    ``findings`` are objects of ``key``, ``path``, ``problem`` and ``detail``; ``foreign`` of ``path`` and
    ``kind``. ``reopened`` counts the clips whose loss is written down.
    """

    problems: Counter[Problem] = field(default_factory=Counter)
    foreign_kinds: Counter[ForeignKind] = field(default_factory=Counter)
    findings: Spool = field(default_factory=Spool)
    foreign: Spool = field(default_factory=Spool)
    reopened: int = 0

    @property
    def lost(self) -> int:
        """Clips that have to be fetched again."""
        return sum(count for problem, count in self.problems.items() if problem.is_lost)

    @property
    def unjudged(self) -> int:
        """Clips that could not be looked at."""
        return sum(count for problem, count in self.problems.items() if problem.is_unjudged)

    def close(self) -> None:
        """Give up the lists."""
        self.findings.close()
        self.foreign.close()


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """How a verification ended; ``is_complete`` when every recorded clip and every folder was looked at.

    ``recorded`` clips were stored when it began; ``counts`` are those of the data set at its end.
    """

    root: Path
    depth: Depth
    writes: bool
    recorded: int
    verified: Verified
    tallies: Tallies
    counts: Counts
    elapsed_s: float
    is_complete: bool
    fault: AsyncdlError | None
    exit_code: ExitCode

    @property
    def whole(self) -> int:
        """Clips that are as recorded."""
        return self.verified.clips - self.tallies.lost - self.tallies.unjudged
