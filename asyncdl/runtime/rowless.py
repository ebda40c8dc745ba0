"""Stored clips whose rows are lost: they are verified like all others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from asyncdl.core import forms, layout
from asyncdl.core.encoding import STORED
from asyncdl.core.events import ClipStored
from asyncdl.core.keytable import KeyTable
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import ClipSpec, Row, Segment
from asyncdl.core.scan import RecordScan
from asyncdl.runtime.outcomes import Outcome, OutcomeTable, iterate_outcomes
from asyncdl.runtime.run_folder import open_run_file, run_file_names

_NOWHERE = "list"


def rowless_outcomes(root: Path, ledger: Ledger, spec: ClipSpec) -> Iterator[tuple[Row, Outcome]]:
    """Yield each segment that is stored though no row of it is known, with the row that it may have had.

    Its split is what its record says, else that of its list; where that is lost too, the folder in which such
    a clip is found. What cannot be found has a path under which there is nothing.
    """
    if not ledger.rowless():
        return
    folder = root / layout.JOURNAL
    splits = {source.index: source.split for source in ledger.sources}
    known = _splits_in(root / layout.CLIPS)
    with OutcomeTable(folder, ledger) as table:
        for key in _stored_keys(folder, ledger):
            outcome = table.outcome_of(key)
            if isinstance(outcome, ClipStored):
                split = outcome.clip.split or splits.get(outcome.ref.source)
                tried = [split] if split else [*known, _NOWHERE]
                rows = [Row(outcome.ref, Segment(*forms.parts_of(key), one)) for one in tried]
                there = [
                    row for row in rows if (root / layout.clip_path(row.segment, spec.extension)).exists()
                ]
                yield (there or rows)[0], outcome


def every_outcome(root: Path, ledger: Ledger, spec: ClipSpec) -> Iterator[tuple[Row, Outcome | None]]:
    """Yield what ``iterate_outcomes`` does, then the stored clips whose rows are lost."""
    yield from iterate_outcomes(root / layout.JOURNAL, ledger)
    yield from rowless_outcomes(root, ledger, spec)


def _stored_keys(folder: Path, ledger: Ledger) -> Iterator[str]:
    seen = KeyTable()
    for name in run_file_names(folder):
        with open_run_file(folder / name) as stream:
            for _, fields in RecordScan(stream):
                if fields.get("e") != STORED or ledger.knows(fields["k"]):
                    continue
                known = len(seen)
                if seen.add(fields["k"]) == known:
                    yield fields["k"]


def _splits_in(clips: Path) -> list[str]:
    if clips.is_symlink() or not clips.is_dir():
        return []
    folders = [entry.name for entry in clips.iterdir() if entry.is_dir() and not entry.is_symlink()]
    return sorted(name for name in folders if _is_split(name))


def _is_split(name: str) -> bool:
    try:
        return forms.split(name) == name
    except ValueError:
        return False
