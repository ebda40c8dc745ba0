"""Removing what an export no longer has: files of earlier plans, and what killed writers have left."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path, PurePosixPath

from asyncdl.exporting.receipts import FOLDER, Receipts
from asyncdl.exporting.work import Place
from asyncdl.runtime.files import is_part, sweep_replacements, telling


def sweep_parts(place: Place) -> None:
    """Remove what killed writers have left under names that nothing else has; nobody writes now."""
    for folder, below, names in os.walk(place.target):
        if Path(folder) == place.target and place.state.name in below:
            below.remove(place.state.name)
        if any(map(is_part, names)):
            sweep_replacements(Path(folder))
    if (place.state / FOLDER).exists():
        sweep_replacements(place.state / FOLDER)


def sweep_files(place: Place, receipts: Receipts, known: frozenset[str], ours: frozenset[str]) -> None:
    """Remove the files of all receipts but the ``known``, and those receipts; ``ours`` stay whoever has them.

    What no receipt vouches for is somebody else's.
    """
    for receipt in list(receipts.strangers(known)):
        for name, _ in receipt.files:
            if name not in ours:
                _remove_below(place.target, name)
        receipts.forget(receipt.shard)


def remove(path: Path) -> None:
    """Remove a file or a folder of ours, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _remove_below(target: Path, name: str) -> None:
    """Remove a file and the folders that it leaves empty."""
    parts = PurePosixPath(name).parts
    if ".." in parts or parts[:1] == ("/",):
        return  # this program writes no such receipt
    path = target / name
    with telling("removing", path), suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()
    for depth in range(len(parts) - 1, 0, -1):
        with suppress(OSError):
            target.joinpath(*parts[:depth]).rmdir()
