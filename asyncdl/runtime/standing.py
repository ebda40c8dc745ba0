"""How a data set stands, for who only wants to be told: from the snapshot's head where that says it all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.encoding import decode
from asyncdl.core.events import Recorded
from asyncdl.core.ledger import Counts, Ledger
from asyncdl.core.scan import Position, RecordScan
from asyncdl.core.snapshot import Head
from asyncdl.errors import JournalFault
from asyncdl.runtime.run_folder import RunFileGone, open_run_file, run_file_names, run_file_size
from asyncdl.runtime.snapshot import load_head

_MOST_FOLDED_BYTES = 1 << 18
_CHANGE_NO_COUNT = frozenset({"run_started", "run_ended", "pace", "source"})


@dataclass(frozen=True, slots=True)
class Standing:
    """``facts`` knows the paces, lists and unknown messages, but where it has no columns not the rows.

    ``fault`` tells of damage: the counts are then what is left.
    """

    counts: Counts
    facts: Ledger
    fault: JournalFault | None = None


def standing_of(folder: Path) -> Standing:
    """Answer from the snapshot's head in a millisecond, or fold what is new; raises ``JournalFault``."""
    names = run_file_names(folder)
    head = load_head(folder, names)
    if head is not None and _says_all(folder, names, head):
        return Standing(head.counts, head.facts)
    from asyncdl.runtime.replay import replay  # noqa: PLC0415 - most often it is not needed

    replayed = replay(folder)
    return Standing(replayed.ledger.counts(), replayed.ledger, replayed.fault)


def uncovered_bytes(folder: Path) -> int:
    """How much of the run files no snapshot has."""
    names = run_file_names(folder)
    return _uncovered(folder, names, load_head(folder, names)) or 0


def _says_all(folder: Path, names: list[str], head: Head) -> bool:
    """Whether all that came later is runs that found nothing to do; they are added to the facts."""
    left = _uncovered(folder, names, head)
    if left is None or left > _MOST_FOLDED_BYTES:
        return False
    try:
        events = [*_events(folder, names, head)] if left else []
    except JournalFault:
        return False
    if None in events:
        return False
    for event in events:
        if event is not None:
            head.facts.apply(event)
    return True


def _events(folder: Path, names: list[str], head: Head) -> Iterator[Recorded | None]:
    """Yield what is new; None for what changes counts, and for what is not whole."""
    for name in names:
        covered = head.covered.get(name)
        with open_run_file(folder / name) as stream:
            scan = RecordScan(stream, covered.position if covered else Position())
            for _, fields in scan:
                yield decode(fields) if str(fields.get("e")) in _CHANGE_NO_COUNT else None
        if scan.is_torn or scan.lost():
            yield None


def _uncovered(folder: Path, names: list[str], head: Head | None) -> int | None:
    """Count bytes; None where a file went away meanwhile."""
    covered: Mapping[str, int] = {}
    if head is not None:
        covered = {name: one.position.offset for name, one in head.covered.items()}
    try:
        return sum(run_file_size(folder / name) - covered.get(name, 0) for name in names)
    except RunFileGone:
        return None
