"""One shard being made, in a worker process: its clips, their sound, and the files that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from asyncdl.core.export import LeftOut, Shard, StoredClip
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.receipts import Receipts
from asyncdl.exporting.sound import ClipReader, Samples, Unfit
from asyncdl.runtime.files import make_folders, part_beside, publish, replace_file, telling

if TYPE_CHECKING:
    from asyncdl.exporting.table import Table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Folders of an export, absolute: the data set's, the target, and what the export keeps for itself."""

    root: Path
    target: Path
    state: Path


def left_out_of(clip: StoredClip, unfit: Unfit) -> LeftOut:
    """Name a clip that an export cannot take."""
    return LeftOut(clip.key, clip.segment.split, clip.path, str(unfit), unfit.is_lasting)


class ShardWork:
    """What a format's ``write`` is given. ``files`` and ``left_out`` are what came of it so far."""

    def __init__(
        self,
        shard: Shard,
        place: Place,
        terms: Terms,
        table: Table,
        reader: ClipReader,
        on_clip: Callable[[], None] = lambda: None,
        shared_part: Path | None = None,
    ) -> None:
        self.shard = shard
        self.place = place
        self.terms = terms
        self.table = table
        self.files: list[tuple[str, int]] = []
        self.left_out: list[LeftOut] = []
        self._reader = reader
        self._on_clip = on_clip
        self._shared_part = shared_part

    @property
    def shared_part(self) -> Path:
        """Where the file is being made that this shard shares with others."""
        assert self._shared_part is not None  # noqa: S101 - only formats that share files ask
        return self._shared_part

    @property
    def receipts(self) -> Receipts:
        """What vouches for the shards of the export."""
        return Receipts(self.place.state, self.place.target)

    def will_write(self, names: Iterable[str]) -> None:
        """Note durably which files a format is about to write, whatever happens then.

        ``names`` are paths below the target; the shard's own file is noted already. Nothing vouches for the
        shard until it is written.
        """
        self.receipts.withdraw(self.shard.name, names)

    @property
    def path(self) -> Path:
        """Where the shard's file goes."""
        return self.place.target / self.shard.file

    def sounds(self) -> Iterator[tuple[StoredClip, Samples]]:
        """Yield clips with their sound: float32 (samples, channels) at the clip's own rate.

        What does not decode is passed over, and named in ``left_out``.
        """
        return self.each(ClipReader.sound_of)

    def rows(self) -> Iterator[tuple[int, StoredClip, Samples]]:
        """Yield what ``sounds`` does with the clip's row in the shard; one that is left out has a row too.

        Such rows go when the file that they are in comes to its end.
        """
        for number, (clip, sound) in enumerate(self.sounds()):
            yield number + len(self.left_out), clip, sound

    def contents(self) -> Iterator[tuple[StoredClip, bytes]]:
        """Yield clips with the bytes of their files, which are the recorded ones."""
        return self.each(ClipReader.bytes_of)

    def each(self, read: Callable[[ClipReader, StoredClip], T]) -> Iterator[tuple[StoredClip, T]]:
        """Yield clips with what ``read`` makes of them; where it raises ``Unfit`` the clip is left out."""
        for clip in self.table.clips(self.shard.first, self.shard.count):
            try:
                found = read(self._reader, clip)
            except Unfit as unfit:
                self.left_out.append(left_out_of(clip, unfit))
                self._on_clip()
                continue
            yield clip, found
            self._on_clip()

    def tell_row(self) -> None:
        """Count a row that is made of no clip of the table, for the progress bar."""
        self._on_clip()

    @contextmanager
    def part(self, path: Path | None = None) -> Iterator[Path]:
        """Lend a name to write under; at the end what stands there gets its own name, for good.

        ``path`` is below the target; None means the shard's own file. Nothing is left after an error.
        """
        final = path or self.path
        make_folders(final.parent, self.place.target)
        part = part_beside(final)
        try:
            with telling("writing", final):
                yield part
            size = part.stat().st_size
            publish(part, final, self.place.target)
        finally:
            with suppress(FileNotFoundError):
                part.unlink()
        self.files.append((str(final.relative_to(self.place.target)), size))

    def write_file(self, path: Path, chunks: Iterable[bytes]) -> None:
        """Write a whole file below the target in one step."""
        make_folders(path.parent, self.place.target)
        replace_file(path, chunks)
        self.files.append((str(path.relative_to(self.place.target)), path.stat().st_size))
