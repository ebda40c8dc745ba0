"""What a format's ``finish`` is given, once all shards are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from asyncdl.core.export import LeftOut, Shard, StoredClip
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import ClipSpec
from asyncdl.exporting.contract import Facts, Terms
from asyncdl.exporting.table import Table
from asyncdl.exporting.work import Place
from asyncdl.runtime.files import make_folders, replace_file


class PassedOver(StrEnum):
    """Why a format has no place for a clip, though its sound is whole; the value is what people read."""

    NO_CLASS = "none of its labels is one of the 527 classes"
    NO_EVENTS = "its list has no events"


@dataclass(frozen=True, slots=True)
class Finish:
    """The whole export. ``facts`` are what ``write`` answered, by the name of the shard.

    ``left_out`` are the clips that no file of this export may name. ``cut`` counts, by split, those that
    are longer than what the format holds. ``ledger`` is the data set's state, for
    what is missing. ``on_clip`` is to be told of each clip by formats without shards. ``written`` are
    the files that ``write`` has written so far: those of an earlier export that are none of them are swept.
    ``passed_over`` counts, by split and reason, clips that are fit but that this format has no place for.
    """

    place: Place
    terms: Terms
    table: Table
    ledger: Ledger
    spec: ClipSpec
    shards: Sequence[Shard]
    facts: Mapping[str, Facts]
    left_out: Mapping[str, LeftOut]
    cut: Mapping[str, int]
    on_clip: Callable[[], None] = lambda: None
    written: list[str] = field(default_factory=list)
    passed_over: Counter[tuple[str, PassedOver]] = field(default_factory=Counter)

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have clips, in the order of the lists."""
        return tuple(stretch.split for stretch in self.table.stretches)

    def clips(self, split: str | None = None) -> Iterator[StoredClip]:
        """Yield the clips that are in the export, in its order; of one split, or of all."""
        found = self.table.clips() if split is None else self.table.clips_of(split)
        for clip in found:
            if clip.key not in self.left_out:
                yield clip
            self.on_clip()

    def pass_over(self, clip: StoredClip, reason: PassedOver) -> None:
        """Count a clip that stands in none of the lists; once, however many lists there are."""
        self.passed_over[clip.segment.split, reason] += 1

    def shards_of(self, split: str) -> list[Shard]:
        """Name the shards of a split, in order."""
        return [shard for shard in self.shards if shard.split == split]

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a whole file of the export in one step; ``name`` is its path below the target."""
        path = self.place.target / name
        make_folders(path.parent, self.place.target)
        replace_file(path, chunks)
        self.written.append(name)

    def seen_as(self, folder: Path) -> Path:
        """Answer the absolute path under which readers of this export will find ``folder`` of it.

        The target stands for itself, or is found as ``--root`` says.
        """
        if not self.terms.root:
            return folder
        return Path(self.terms.root) / folder.relative_to(self.place.target)
