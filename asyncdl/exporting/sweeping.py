"""Removing what an export no longer has: files of earlier plans, and what killed writers have left."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from asyncdl.core.keytable import ABSENT, KeyTable
from asyncdl.exporting.receipts import FOLDER, Receipts
from asyncdl.exporting.work import Place
from asyncdl.runtime.files import is_part, sweep_replacements, telling
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.lock import LOCK


def sweep_parts(place: Place) -> None:
    """Remove what killed writers have left under names that nothing else has; nobody writes here now.

    Folders of other exports and of data sets are passed over: who writes there holds a lock of its own.
    """
    for folder, below, names in os.walk(place.target):
        if place.state.name in below:
            below.remove(place.state.name)
        below[:] = [name for name in below if not _has_own_writer(Path(folder, name), place.state.name)]
        if any(map(is_part, names)):
            sweep_replacements(Path(folder))
    if (place.state / FOLDER).exists():
        sweep_replacements(place.state / FOLDER)


def _has_own_writer(folder: Path, state: str) -> bool:
    return os.path.lexists(folder / state) or os.path.lexists(journal_of(folder) / LOCK)


def sweep_files(place: Place, receipts: Receipts, known: frozenset[str]) -> None:
    """Remove the files of all receipts but the ``known``, and those receipts; files of the known stay.

    What no receipt names is somebody else's. Of names only hashes are in memory, and those only where there
    is something to remove: should two names ever share one, a file stays.
    """
    ours: KeyTable | None = None
    for receipt in receipts.strangers(known):
        ours = _names_of(receipts, known) if ours is None else ours
        for name, _ in receipt.files:
            if ours.find(name) == ABSENT:
                _remove_below(place.target, name)
        receipts.forget(receipt.shard)


def remove(path: Path) -> None:
    """Remove a file or a folder of ours, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _names_of(receipts: Receipts, shards: Iterable[str]) -> KeyTable:
    names = KeyTable()
    for name, _ in receipts.files_of(shards):
        names.add(name)
    return names


def _remove_below(target: Path, name: str) -> None:
    """Remove a file or a link, and the folders that it leaves empty; no link is followed."""
    path, parts = target / name, PurePosixPath(name).parts
    folders = [target.joinpath(*parts[:depth]) for depth in range(1, len(parts))]
    if not _is_file_in(folders, path):
        return
    with telling("removing", path):
        path.unlink()
    for folder in reversed(folders):
        with suppress(OSError):
            folder.rmdir()


def _is_file_in(folders: Sequence[Path], path: Path) -> bool:
    try:
        are_folders = all(stat.S_ISDIR(folder.lstat().st_mode) for folder in folders)
        return are_folders and not stat.S_ISDIR(path.lstat().st_mode)
    except OSError:  # gone, or never there
        return False
