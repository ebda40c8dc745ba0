"""The run files of a journal folder: which there are, in which order they count, and how they are opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from asyncdl.errors import JournalFault
from asyncdl.runtime.files import REAL_FILES, EntryKind, FileLayer, sync_file, sync_folder, telling
from asyncdl.runtime.runfile import RunName, parse_name

# A new run takes the next number, and must be able to write it.
_LAST_SEQ = 10**11
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class RunFileGone(JournalFault):
    """A run file went between listing and opening: the journal was compacted meanwhile."""


def run_file_names(folder: Path) -> list[str]:
    """Names of all run files in replay order; other entries of the folder are passed over.

    Raises ``JournalFault`` for a link in place of the folder, and for a number after which none is left.
    """
    if REAL_FILES.kind(folder) is EntryKind.OTHER:
        raise JournalFault(f"{folder} is no plain folder", mend="put the journal itself in its place")
    with telling("reading", folder):
        try:
            found = os.listdir(folder)  # noqa: PTH208 - names, not paths
        except FileNotFoundError:
            return []
    names = [name for name in found if parse_name(name)]
    for name in names:
        if run_of(name).seq > _LAST_SEQ:
            raise JournalFault(
                f"{folder / name}: no run has such a number", mend="move it out of the journal folder"
            )
    return sorted(names, key=lambda name: (run_of(name), is_events(name)))


@contextmanager
def open_run_file(path: Path) -> Iterator[BinaryIO]:
    """Open a plain file for reading; refuses links, pipes and devices by name, without waiting for them.

    Raises ``RunFileGone`` where there is nothing.
    """
    with telling("reading", path):
        kind = REAL_FILES.kind(path)
        if kind not in {EntryKind.FILE, EntryKind.NOTHING}:
            raise JournalFault(f"{path} is no plain file", mend="move it out of the journal folder")
        try:
            descriptor = os.open(path, _FLAGS)
        except FileNotFoundError as error:
            raise RunFileGone(
                f"{path} is gone", mend="the journal was compacted meanwhile: give the same command again"
            ) from error
        with os.fdopen(descriptor, "rb") as stream:
            yield stream


def run_file_size(path: Path) -> int:
    """Size in bytes of a plain file; raises as ``open_run_file``."""
    with open_run_file(path) as stream:
        return os.fstat(stream.fileno()).st_size


def sync_run_files(folder: Path, files: FileLayer = REAL_FILES) -> None:
    """Have on disk what a killed run wrote and never synced, before a writer builds on it.

    Raises ``EnvironmentFault`` and ``DiskFull``.
    """
    for name in run_file_names(folder):
        with telling("syncing", folder / name):
            sync_file(folder / name, files)
    with telling("syncing", folder):
        sync_folder(folder, files)


def run_of(name: str) -> RunName:
    """Say which run a file is of; raises ``ValueError`` for other files."""
    run = parse_name(name)
    if run is None:
        raise ValueError(name)
    return run


def is_events(name: str) -> bool:
    """Whether a run file holds the events, not the rows."""
    return name == run_of(name).events
