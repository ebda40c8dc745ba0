"""Where a data set is, for commands that are not told; light, since ``asyncdl status`` waits for it."""

from __future__ import annotations

from pathlib import Path

from asyncdl.core.layout import DEFAULT_OUT, JOURNAL
from asyncdl.errors import UsageError


def journal_of(root: Path) -> Path:
    """Folder of a data set's run files."""
    return root / JOURNAL


def find_root(asked: Path | None, start: Path) -> Path:
    """Find the data set that a command without a folder means.

    Raises ``UsageError`` that names the candidates when there is not exactly one.
    """
    if asked is not None:
        if not journal_of(asked).is_dir():
            raise UsageError(f"{asked} is no data set: it has no folder {JOURNAL}/.")
        return asked
    if journal_of(start / DEFAULT_OUT).is_dir():
        return DEFAULT_OUT
    found = sorted(child.name for child in start.iterdir() if _has_journal(child))
    if len(found) == 1:
        return Path(found[0])
    if not found:
        raise UsageError(
            "There is no data set here.", mend="Go where asyncdl run was started, or name it with --out DIR."
        )
    raise UsageError(
        f"There are several data sets here: {', '.join(found)}.", mend="Name one of them with --out DIR."
    )


def _has_journal(folder: Path) -> bool:
    try:
        return journal_of(folder).is_dir()
    except OSError:  # a folder that cannot be looked into is none of ours
        return False
