"""What a repair came to, for the command line to tell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.damage import Damage
from asyncdl.core.ledger import Counts
from asyncdl.core.soundness import Finding
from asyncdl.errors import ExitCode
from asyncdl.runtime.verifying import Verified


@dataclass(frozen=True, slots=True)
class Repaired:
    """How a repair ended; ``damage`` is what there was, all of it settled when ``is_settled``.

    ``lost`` clips are open again; ``unjudged`` could not be looked at, as ``examples`` tell; ``rowless``
    segments have no row any more; ``unrecorded`` files look like clips and have no record.
    """

    root: Path
    damage: tuple[Damage, ...]
    is_settled: bool
    verified: Verified
    lost: int
    unjudged: int
    examples: tuple[Finding, ...]
    rowless: int
    unrecorded: int
    counts: Counts
    exit_code: ExitCode

    @property
    def records(self) -> int:
        """How many records were gone."""
        return sum(one.records for one in self.damage)
