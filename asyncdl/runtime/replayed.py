"""A journal as read, and what to say of its damage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.damage import Damage
from asyncdl.core.ledger import Ledger
from asyncdl.core.scan import Position
from asyncdl.errors import JournalFault


@dataclass(frozen=True, slots=True)
class Replayed:
    """A journal as read; ``torn`` names files with a harmless torn tail, ``last_seq`` is 0 for no file.

    ``positions`` tells how far each file was read; ``uncovered_bytes`` how much of that no snapshot had.
    """

    ledger: Ledger
    damage: tuple[Damage, ...]
    torn: tuple[str, ...]
    last_seq: int
    files: tuple[str, ...]
    folder: Path
    positions: Mapping[str, Position]
    uncovered_bytes: int

    @property
    def fault(self) -> JournalFault | None:
        """What to say of damage, None where there is none."""
        if not self.damage:
            return None
        from asyncdl.settings import out_option  # noqa: PLC0415 - status of a whole journal does without

        first = self.damage[0]
        count = sum(damage.records for damage in self.damage)
        out = out_option(self.folder.parent)
        return JournalFault(
            f"the journal is damaged: {count} records are missing, the first in {first.file} behind byte"
            f" {first.offset}",
            mend=f"Nothing was changed. `asyncdl journal check{out}` says what is missing;"
            f" `asyncdl journal repair{out}` checks every stored clip, so that runs can go on.",
        )

    def require_whole(self) -> None:
        """Raise ``fault``: who writes must not build on a damaged journal."""
        if (fault := self.fault) is not None:
            raise fault
