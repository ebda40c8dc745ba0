"""Looks at a whole journal and explains what is wrong with it.

Takes no lock, trusts no snapshot, writes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, groupby
from pathlib import Path

from asyncdl.core.damage import Damage
from asyncdl.core.events import DamageSettled
from asyncdl.core.records import open_record
from asyncdl.runtime.files import is_part
from asyncdl.runtime.replay import replay
from asyncdl.runtime.replayed import Replayed
from asyncdl.runtime.run_folder import is_events, open_run_file, run_of
from asyncdl.runtime.snapshot import SNAPSHOT, load_head

_OURS = re.compile(rf"(lock|lease)(-[0-9]+of[0-9]+)?|{SNAPSHOT}")
_WORD = re.compile(rb'"e":"([a-z_]{1,16})"')
_LEGIBLE_BYTES = 1 << 20


class SnapshotState(StrEnum):
    """Whether a start can be quick."""

    NONE = "none"
    USABLE = "usable"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Loss:
    """A stretch of damage; ``remains`` counts the kinds of records that can be made out in its place."""

    damage: Damage
    holds_events: bool
    is_file_gone: bool
    remains: dict[str, int]


@dataclass(frozen=True, slots=True)
class Examined:
    """A journal as it stands; names are entries of its folder.

    ``settled`` was dealt with by a repair. ``replaced`` are files that a compacted one tells again, ``twins``
    pairs of one number: two writers at once. ``leftovers`` were being written when a program was killed.
    ``rowless`` segments have results, but no row is known of them.
    """

    replayed: Replayed
    losses: tuple[Loss, ...]
    settled: tuple[DamageSettled, ...]
    replaced: tuple[str, ...]
    twins: tuple[tuple[str, str], ...]
    foreign: tuple[str, ...]
    leftovers: tuple[str, ...]
    rowless: int
    snapshot: SnapshotState

    @property
    def is_whole(self) -> bool:
        """Whether a run may build on it."""
        return not self.losses

    @property
    def records(self) -> int:
        """How many records were read, or are missing between them."""
        return sum(position.records for position in self.replayed.positions.values())

    @property
    def size_bytes(self) -> int:
        """How many bytes hold whole records."""
        return sum(position.offset for position in self.replayed.positions.values())

    @property
    def lost_records(self) -> int:
        """How many are gone and not settled."""
        return sum(loss.damage.records for loss in self.losses)


def examine(folder: Path) -> Examined:
    """Read every run file to its end; also while a run writes.

    Raises ``JournalFault`` for what is no journal at all: another version, a link or a pipe as run file.
    """
    replayed = replay(folder, with_snapshot=False)
    ledger, names = replayed.ledger, replayed.files
    others = sorted({path.name for path in folder.iterdir()} - set(names))
    leftovers = tuple(name for name in others if is_part(name))
    return Examined(
        replayed,
        losses=tuple(_explained(folder, damage, names) for damage in replayed.damage),
        settled=tuple(ledger.settled),
        replaced=tuple(name for name in names if run_of(name).seq < ledger.below_seq),
        twins=tuple(_twins(names)),
        foreign=tuple(name for name in others if not _OURS.fullmatch(name) and name not in leftovers),
        leftovers=leftovers,
        rowless=ledger.rowless(),
        snapshot=_snapshot_state(folder, names),
    )


def _snapshot_state(folder: Path, names: Sequence[str]) -> SnapshotState:
    if not (folder / SNAPSHOT).exists():
        return SnapshotState.NONE
    return SnapshotState.UNUSABLE if load_head(folder, names) is None else SnapshotState.USABLE


def _explained(folder: Path, damage: Damage, names: Sequence[str]) -> Loss:
    is_gone = damage.file not in names
    remains = {} if is_gone else _remains(folder / damage.file, damage.offset)
    return Loss(damage, is_events(damage.file), is_gone, remains)


def _remains(path: Path, offset: int) -> dict[str, int]:
    """Look for words in the broken lines, up to the next whole record."""
    words: Counter[str] = Counter()
    with open_run_file(path) as stream:
        stream.seek(offset)
        for line in stream.read(_LEGIBLE_BYTES).split(b"\n"):
            if open_record(line) is not None:
                break
            words.update(word.decode("ascii") for word in _WORD.findall(line))
    return dict(words)


def _twins(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Find runs that have the same number and excluded each other, which locks that work do not allow."""
    runs = sorted({run_of(name) for name in names})
    for _, same in groupby(runs, key=lambda run: run.seq):
        for one, other in combinations(same, 2):
            if one.partition.excludes(other.partition):
                yield one.events, other.events
