"""Where an export goes: a folder of its own, one writer at a time, one format for good."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson

from asyncdl import __version__
from asyncdl.core import layout
from asyncdl.errors import JournalLocked, UsageError
from asyncdl.exporting.contract import Exporter
from asyncdl.exporting.receipts import FOLDER
from asyncdl.exporting.steps import STATE
from asyncdl.exporting.sweeping import remove
from asyncdl.exporting.work import Place
from asyncdl.runtime.files import make_folders, open_plain, replace_file, telling

EXPORTS = "exports"
_LOCK, _FORMAT, _WORK = "lock", "export.json", "work"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_RESERVED = (layout.CLIPS, layout.JOURNAL, layout.PARTS)


def place_of(root: Path, to: Path | None, exporter: Exporter, like: str = "") -> Place:
    """Choose the folder: the one asked for, else the data set's own for this format.

    Raises ``UsageError`` for a folder in which the data set keeps its own files.
    """
    root = root.resolve()
    usual = root if exporter.goes_to_root else root / EXPORTS / "-".join(filter(None, (exporter.name, like)))
    target = to.resolve() if to else usual
    if to and root.is_relative_to(target) and not exporter.goes_to_root:
        raise UsageError(
            f"--to {to}: the data set itself lies there.", mend="Name a folder for the export alone."
        )
    refuse_data_sets(target, may_be_root=exporter.goes_to_root)
    return Place(root, target, target / STATE)


def refuse_data_sets(target: Path, *, may_be_root: bool = False) -> None:
    """Raise ``UsageError`` for the folder of a data set, any one, and for where it keeps its own files."""
    for folder in (target, *target.parents):
        below = target.relative_to(folder).parts[:1]
        is_own = below in {(name,) for name in _RESERVED} or (not below and not may_be_root)
        if is_own and (folder / layout.JOURNAL).is_dir():
            raise UsageError(
                f"--to {target}: a data set keeps its own files there.", mend="Name another folder."
            )


@contextmanager
def held(place: Place, exporter: Exporter) -> Iterator[Path]:
    """Hold the folder for one export; lends a folder for files that are needed meanwhile.

    Raises ``JournalLocked`` while another export works there, ``UsageError`` where another format is.
    """
    with telling("making the folder", place.target):
        place.target.mkdir(parents=True, exist_ok=True)
    make_folders(place.state, place.target)
    with telling("locking", place.state / _LOCK):
        fd = os.open(place.state / _LOCK, _FLAGS, 0o644)
    try:
        _lock(fd, place)
        try:
            _settle_format(place, exporter)
            make_folders(place.state / _WORK, place.target)
            _empty(place.state / _WORK)
            yield place.state / _WORK
        finally:  # only by who holds the lock: the folder may be another export's
            _clear(place)
    finally:
        os.close(fd)


def _lock(fd: int, place: Place) -> None:
    in_use = JournalLocked(f"another export works in {place.target}", mend="wait for it to end")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise in_use from None
    except OSError:  # a file system without locks: two exports at once are then the user's affair
        return
    if not _is_named(fd, place.state / _LOCK):  # who had it has removed it, and a third may have it anew
        raise in_use


def _is_named(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except FileNotFoundError:
        return False


def _settle_format(place: Place, exporter: Exporter) -> None:
    path = place.state / _FORMAT
    found = format_in(place.target)
    if found not in {None, exporter.name}:
        raise UsageError(
            f"{place.target} holds an export as {found}.", mend="Name another folder with --to DIR."
        )
    if found is None and not exporter.goes_to_root:
        replace_file(path, [orjson.dumps({"format": exporter.name, "asyncdl": __version__})])


def format_in(target: Path) -> str | None:
    """Name the format of the export in a folder; None where there is none."""
    try:
        with open_plain(target / STATE / _FORMAT) as file:
            told = orjson.loads(file.read())
    except (OSError, orjson.JSONDecodeError):
        return None
    return told["format"] if isinstance(told, dict) and isinstance(told.get("format"), str) else None


def _empty(work: Path) -> None:
    """Remove what a killed export has left, and links that somebody has planted: they would be followed."""
    with telling("emptying", work):
        for path in work.iterdir():
            remove(path)


def _clear(place: Place) -> None:
    """Leave nothing of what was needed meanwhile, and nothing at all where nothing was exported."""
    work = place.state / _WORK
    with suppress(OSError):
        if work.is_symlink():  # what is behind it is somebody else's
            return
        for path in work.iterdir():
            remove(path)
        work.rmdir()
        if not (place.state / FOLDER).exists():
            for name in (_FORMAT, _LOCK):
                (place.state / name).unlink(missing_ok=True)
            place.state.rmdir()
            place.target.rmdir()  # unless there is anything in it
            (place.root / EXPORTS).rmdir()
