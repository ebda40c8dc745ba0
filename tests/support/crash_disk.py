"""A disk as a crash may leave it: names and contents apart, each durable only when it was synced itself.

Content of a file not synced since: any state it went through, or of the changed sectors some only, zeros
where these were new, or half of what was added. Names of a folder not synced since: any subset of the changes
made, for each folder by itself; so a file that was renamed from one folder to another may stand in both or in
none. A rename within a folder, and one over another file, is one step. Sync of a file says nothing about its
name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from random import Random
from typing import TypeAlias

from support.crash_trace import Cut, MadeFolder, Op, Opened, Renamed, Synced, Told, Unlinked, Wrote
from support.crash_variants import change, contents_of, entries_of, some_of

Image: TypeAlias = dict[str, bytes]

_FEWEST = 8


@dataclass(slots=True)
class File:
    """``states`` are its contents since the last sync, the durable one first."""

    states: list[bytes] = field(default_factory=lambda: [b""])
    variants: tuple[bytes, ...] = (b"",)


@dataclass(slots=True)
class Folder:
    """Entries by name; ``changes`` since the last sync, None for a name removed."""

    durable: dict[str, int] = field(default_factory=dict)
    now: dict[str, int] = field(default_factory=dict)
    changes: list[dict[str, int | None]] = field(default_factory=list)
    variants: tuple[dict[str, int], ...] = ({},)
    is_unasked: bool = False


class CrashDisk:
    """Starts as an empty folder, whose own name is safe.

    Of up to ``fineness`` sectors or changes each subset is tried, beyond it those that lack one or keep one.
    ``unasked`` names a folder whose entries are of no concern: its states are not multiplied with the others.
    """

    def __init__(self, *, unasked: str = "", fineness: int = 3) -> None:
        self._unasked = unasked
        self._fineness = fineness
        self._nodes: list[File | Folder] = [Folder()]
        self._open: dict[int, int] = {}

    def apply(self, op: Op) -> bool:
        """Do what the program did; False where that changes nothing that a crash could show."""
        match op:
            case Opened(handle, path, creates):
                return self._opened(handle, path, creates)
            case Wrote(handle, offset, data):
                file = self._file(handle)
                now = file.states[-1]
                self._changed(file, now[:offset] + data + now[offset + len(data) :])
            case Cut(handle, size):
                return self._cut(self._file(handle), size)
            case Synced(handle):
                return self._synced(self._nodes[self._open[handle]])
            case Renamed(old, new):
                self._renamed(old, new)
            case Unlinked(path):
                folder, name = self._parent(path)
                self._enter(folder, {name: None})
            case MadeFolder(path):
                self._make(path, Folder(is_unasked=path == self._unasked))
            case Told():
                pass
        return True

    def images(self, limit: int, rng: Random) -> Iterator[Image]:
        """Yield what may stand on the disk, as contents by path: all of it, or about ``limit`` of it."""
        folders = [
            place for place, node in enumerate(self._nodes) if isinstance(node, Folder) and node.changes
        ]
        choices = [self._folder(place).variants for place in folders]
        most = max(_FEWEST, limit // _FEWEST)
        layouts = min(prod(map(len, choices)), most)
        for entries in some_of(choices, most, rng):
            files = dict(self._walk(0, "", dict(zip(folders, entries, strict=True))))
            yield from self._fill(files, max(_FEWEST, limit // layouts), rng)

    def _fill(self, files: dict[str, File], limit: int, rng: Random) -> Iterator[Image]:
        settled = {path: file.states[0] for path, file in files.items() if len(file.states) == 1}
        loose = [path for path in files if path not in settled]
        for contents in some_of([files[path].variants for path in loose], limit, rng):
            yield settled | dict(zip(loose, contents, strict=True))

    def _walk(
        self, place: int, prefix: str, chosen: Mapping[int, dict[str, int]]
    ) -> Iterator[tuple[str, File]]:
        entries = chosen.get(place)
        for name, child in (self._folder(place).durable if entries is None else entries).items():
            node = self._nodes[child]
            if isinstance(node, File):
                yield prefix + name, node
            else:
                yield from self._walk(child, f"{prefix}{name}/", chosen)

    def _opened(self, handle: int, path: str, creates: bool) -> bool:
        is_new = creates and self._find(path) is None
        if is_new:
            self._make(path, File())
        found = self._find(path)
        assert found is not None, path
        self._open[handle] = found
        return is_new

    def _make(self, path: str, node: File | Folder) -> None:
        folder, name = self._parent(path)
        self._nodes.append(node)
        self._enter(folder, {name: len(self._nodes) - 1})

    def _renamed(self, old: str, new: str) -> None:
        source, name = self._parent(old)
        target, new_name = self._parent(new)
        moved = source.now[name]
        if source is target:
            self._enter(source, {name: None, new_name: moved})
        else:
            self._enter(target, {new_name: moved})
            self._enter(source, {name: None})

    def _enter(self, folder: Folder, by: dict[str, int | None]) -> None:
        change(folder.now, by)
        if folder.is_unasked:
            return
        folder.changes.append(by)
        folder.variants = tuple(entries_of(folder.durable, folder.changes, self._fineness))

    def _changed(self, file: File, content: bytes) -> None:
        file.states.append(content)
        others = dict.fromkeys(contents_of(file.states, self._fineness))
        del others[content]
        file.variants = (*others, content)

    def _cut(self, file: File, size: int) -> bool:
        if size == len(file.states[-1]):
            return False
        assert size < len(file.states[-1])
        self._changed(file, file.states[-1][:size])
        return True

    def _synced(self, node: File | Folder) -> bool:
        if isinstance(node, File):
            was_loose = len(node.states) > 1
            del node.states[:-1]
            node.variants = tuple(node.states)
        else:
            was_loose = bool(node.changes)
            node.durable = dict(node.now)
            node.changes.clear()
            node.variants = (node.durable,)
        return was_loose

    def _file(self, handle: int) -> File:
        node = self._nodes[self._open[handle]]
        assert isinstance(node, File)
        return node

    def _folder(self, place: int) -> Folder:
        node = self._nodes[place]
        assert isinstance(node, Folder)
        return node

    def _find(self, path: str) -> int | None:
        place: int | None = 0
        for name in path.split("/") if path else ():
            if place is None:
                return None
            place = self._folder(place).now.get(name)
        return place

    def _parent(self, path: str) -> tuple[Folder, str]:
        parent, _, name = path.rpartition("/")
        place = self._find(parent)
        assert place is not None, path
        return self._folder(place), name
