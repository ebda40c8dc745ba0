"""What stands in a data set's folder of clips though no record speaks of it: values, and who is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from asyncdl.core import layout
from asyncdl.core.keytable import ABSENT, KeyTable

_SOURCE = ".source."


class ForeignKind(StrEnum):
    """What a thing without a record is."""

    UNRECORDED = "unrecorded_clip"
    PART = "part"
    FILE = "file"
    LINK = "link"
    FOLDER = "folder"
    OTHER = "other"
    UNREADABLE = "unreadable_folder"

    @property
    def meaning(self) -> str:
        """One line for people."""
        return _MEANING[self]


_MEANING = {
    ForeignKind.UNRECORDED: "look like clips of this data set, without a record: replaced when fetched again",
    ForeignKind.PART: "left by a program that was killed while it wrote",
    ForeignKind.FILE: "belong to no segment of this data set",
    ForeignKind.LINK: "are links, which are never followed",
    ForeignKind.FOLDER: "are folders of no list of this data set",
    ForeignKind.OTHER: "are pipes, sockets or devices",
    ForeignKind.UNREADABLE: "are folders that may not be looked into",
}


@dataclass(frozen=True, slots=True)
class Foreign:
    """A thing that no record speaks of; ``path`` is relative to the data set folder."""

    path: str
    kind: ForeignKind


class KnownPaths:
    """All paths that a data set's records and rows lead to; about 20 bytes each."""

    def __init__(self, extension: str) -> None:
        self._extension = extension
        self._paths = KeyTable()
        self._is_recorded = bytearray()
        self._folders = {layout.CLIPS}

    def add(self, path: str, *, is_recorded: bool) -> None:
        """Enter the path of a segment's clip, or of a kept source, and the folders on the way."""
        slot = self._paths.add(path)
        if slot == len(self._is_recorded):
            self._is_recorded.append(is_recorded)
        folder = path.rpartition("/")[0]
        while folder not in self._folders:
            self._folders.add(folder)
            folder = folder.rpartition("/")[0]

    def knows_folder(self, path: str) -> bool:
        """Whether clips of this data set belong there."""
        return path in self._folders

    def is_recorded(self, path: str) -> bool:
        """Whether a record says that this is stored."""
        slot = self._slot(path)
        return slot != ABSENT and bool(self._is_recorded[slot])

    def kind_of_file(self, path: str) -> ForeignKind | None:
        """Say what a plain file is, None for one that is recorded."""
        slot = self._slot(path)
        if slot != ABSENT:
            return None if self._is_recorded[slot] else ForeignKind.UNRECORDED
        if path.endswith(".part"):
            return ForeignKind.PART
        key, source, _ = path.partition(_SOURCE)
        is_awaited = source and self._slot(f"{key}.{self._extension}") != ABSENT
        return ForeignKind.UNRECORDED if is_awaited else ForeignKind.FILE

    def _slot(self, path: str) -> int:
        """Look for a name as the file system gives it: one that is not ASCII is none of ours."""
        return self._paths.find(path) if path.isascii() else ABSENT
