"""Which splits an export holds: none is dropped because another one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.table import Table
from asyncdl.exporting.work import Place
from asyncdl.runtime.files import open_plain, replace_file

_FILE = "splits.json"


def refuse_lost_splits(place: Place, terms: Terms, table: Table) -> None:
    """Raise ``UsageError`` where splits of an earlier export would be lost for want of their names.

    Lists and card tell of all splits in a folder together, so one cannot be exported behind the others' back.
    """
    chosen = _splits(table)
    others = [split for split in _noted(place.state / _FILE) if split not in chosen]
    if terms.splits and others:
        named = " ".join(f"--split {split}" for split in (*others, *terms.splits))
        raise UsageError(
            f"{place.target} also holds {', '.join(others)}, which this export would remove.",
            mend=f"Ask for all ({named}): what is there is kept. Or name another folder with --to DIR.",
        )


def note_splits(place: Place, table: Table) -> None:
    """Write down what the export is of, before any of it is written."""
    replace_file(place.state / _FILE, [orjson.dumps(_splits(table))])


def _splits(table: Table) -> Sequence[str]:
    return [stretch.split for stretch in table.stretches]


def _noted(path: Path) -> list[str]:
    try:
        with open_plain(path) as file:
            told = orjson.loads(file.read())
    except (OSError, orjson.JSONDecodeError):
        return []
    return [one for one in told if isinstance(one, str)] if isinstance(told, list) else []
