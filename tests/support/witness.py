"""What stands outside a data set: the site's own count of fetches, and files that no run may touch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from support.bench import Bench

# What a run may make in the folder where it is started: data set, cache; and what the bench puts there.
_ALLOWED = frozenset({"audioset", "cache", "site", "site.json"})


@dataclass(frozen=True)
class Stamp:
    """A file as it was found."""

    sha256: str
    mode: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> Stamp | None:
        """Answer None where no plain file is."""
        if path.is_symlink() or not path.is_file():
            return None
        told = path.stat()
        return cls(hashlib.sha256(path.read_bytes()).hexdigest(), told.st_mode, told.st_mtime_ns)


@dataclass(frozen=True)
class Witness:
    """Made before a fault; ``fetches`` counts the player requests that a site has seen since."""

    folder: Path
    lists: tuple[Path, ...]
    stamps: dict[Path, Stamp | None]
    names: frozenset[str]
    fetches: Callable[[], int]

    @classmethod
    def of(cls, bench: Bench, *lists: str, may_appear: Iterable[str] = ()) -> Witness:
        """Plant a canary beside the data set and look at all that is there; ``lists`` are the run's."""
        before = bench.fetched()
        return cls.around(bench.folder, lists, lambda: bench.fetched() - before, may_appear)

    @classmethod
    def around(
        cls, folder: Path, lists: Iterable[str], fetches: Callable[[], int], may_appear: Iterable[str] = ()
    ) -> Witness:
        """Make one for a folder whose fetches are counted elsewhere."""
        canary = folder / "canary"
        canary.write_bytes(b"nobody touches this\n")
        canary.chmod(0o640)
        paths = tuple(Path(name).absolute() for name in lists)
        names = frozenset(entry.name for entry in folder.iterdir()) | _ALLOWED | frozenset(may_appear)
        return cls(folder, paths, {path: Stamp.of(path) for path in (canary, *paths)}, names, fetches)

    def complaints(self) -> list[str]:
        """Name the files that changed, and those that appeared where none belongs."""
        changed = [
            f"{path.name} has changed" for path, stamp in self.stamps.items() if Stamp.of(path) != stamp
        ]
        new = sorted({entry.name for entry in self.folder.iterdir()} - self.names)
        return [*changed, *(f"{name} appeared beside the data set" for name in new)]
