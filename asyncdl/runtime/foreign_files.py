"""Finds what no record speaks of. Looks at names and kinds only, follows no link, deletes nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from asyncdl.core import layout
from asyncdl.core.foreign import Foreign, ForeignKind, KnownPaths
from asyncdl.runtime.files import fault_of, is_part

_BARRED = frozenset({errno.EACCES, errno.EPERM})


def foreign_files(root: Path, known: KnownPaths) -> Iterator[Foreign]:
    """Walk the clips, then look for parts beside the manifest and the journal.

    Raises ``EnvironmentFault`` where the disk cannot be read.
    """
    yield from _walk(root, known)
    for folder in ("", f"{layout.JOURNAL}/"):
        for entry in _entries(root, folder):
            if is_part(entry.name) and entry.is_file(follow_symlinks=False):
                yield Foreign(f"{folder}{entry.name}", ForeignKind.PART)


def _walk(root: Path, known: KnownPaths) -> Iterator[Foreign]:
    if (root / layout.CLIPS).is_symlink():
        yield Foreign(layout.CLIPS, ForeignKind.LINK)
        return
    waiting = [layout.CLIPS]
    while waiting:
        folder = waiting.pop()
        try:
            for entry in _entries(root, folder):
                path = f"{folder}/{entry.name}"
                if entry.is_dir(follow_symlinks=False) and not known.is_recorded(path):
                    waiting.append(path)
                    kind = None if known.knows_folder(path) else ForeignKind.FOLDER
                else:
                    kind = _kind_of(entry, path, known)
                if kind is not None:
                    yield Foreign(path, kind)
        except PermissionError:
            yield Foreign(folder, ForeignKind.UNREADABLE)


def _kind_of(entry: os.DirEntry[str], path: str, known: KnownPaths) -> ForeignKind | None:
    """Leave out whatever stands in a recorded clip's place: that is told with the clip."""
    if entry.is_file(follow_symlinks=False):
        return known.kind_of_file(path)
    if known.is_recorded(path):
        return None
    return ForeignKind.LINK if entry.is_symlink() else ForeignKind.OTHER


def _entries(root: Path, folder: str) -> Iterator[os.DirEntry[str]]:
    """List a folder; one that is gone holds nothing. ``PermissionError`` is let through."""
    path = root / folder
    try:
        with os.scandir(path) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        if error.errno in _BARRED:
            raise PermissionError(error.errno, error.strerror, str(path)) from error
        raise fault_of(error, "reading", path) from error
