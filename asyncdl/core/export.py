"""What exporters are given: stored clips in the order of the export, cut into shards.

A *shard* is what is published in one step and then vouched for: one file, some rows of one, or some files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from asyncdl.core.model import Clip, RowRef, Segment

_KNOWN = frozenset({"eval", "balanced_train", "unbalanced_train"})
Sizes = npt.NDArray[np.int64]
"""Bytes of each clip, in the order of the export: 8 bytes a clip, where a list takes 36."""


@dataclass(frozen=True, slots=True)
class StoredClip:
    """A clip as the journal tells it; ``path`` is relative to the data set, ``at_ms`` when it was stored."""

    segment: Segment
    clip: Clip
    path: str
    ref: RowRef
    at_ms: int

    @property
    def key(self) -> str:
        """``<ytid>_<start ms>_<end ms>``."""
        return self.segment.key

    @property
    def duration_s(self) -> float:
        """Length of the file, padding included."""
        return self.clip.samples / self.clip.sample_rate


@dataclass(frozen=True, slots=True)
class Shard:
    """``count`` clips from number ``first`` of the export's order on, all of one ``split``.

    ``name`` is unique in the export and tells people which one it is; ``file`` is where it goes, relative to
    the export's folder; ``row`` is the first one there, for shards that share a file.
    """

    name: str
    split: str
    first: int
    count: int
    file: str
    row: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A stored clip that could not be exported, and why, in words.

    ``is_lasting``: the bytes themselves will not do; a file that is only gone may be put back.
    """

    key: str
    split: str
    path: str
    reason: str
    is_lasting: bool = False


def even_cuts(count: int, most: int) -> list[tuple[int, int]]:
    """Cut ``count`` things into as few stretches of at most ``most`` as will do, equal but for one.

    Answers (first, count) pairs.
    """
    parts = max(-(-count // most), 1)
    return _cut(count, parts) if count else []


def cuts_by_size(sizes: Sizes, most_count: int, most_bytes: int) -> list[tuple[int, int]]:
    """Cut things of these ``sizes`` evenly by count, so that no stretch has more of either.

    Answers (first, count) pairs; raises ``ValueError`` where a single one is larger than ``most_bytes``.
    """
    if not len(sizes):
        return []
    if sizes.max() > most_bytes:
        raise ValueError(f"one clip alone takes {sizes.max()} bytes")
    sums = np.concatenate(([0], np.cumsum(sizes)))
    parts = max(-(-len(sizes) // most_count), -(-int(sums[-1]) // most_bytes), 1)
    while any(sums[first + count] - sums[first] > most_bytes for first, count in _cut(len(sizes), parts)):
        parts = min(parts + max(parts // 50, 1), len(sizes))
    return _cut(len(sizes), parts)


def _cut(count: int, parts: int) -> list[tuple[int, int]]:
    bounds = [count * part // parts for part in range(parts + 1)]
    return [(first, end - first) for first, end in pairwise(bounds)]


def known_split(split: str) -> str:
    """Name a split as trainers know it: ``eval`` where it was read from AudioSet's file ``eval_segments``."""
    known = split.removesuffix("_segments")
    return known if known in _KNOWN else split


def unique_names(splits: Collection[str], name_of: Callable[[str], str] = known_split) -> dict[str, str]:
    """Name splits by ``name_of``, but by themselves where two would have one name."""
    names = {split: name_of(split) for split in splits}
    count = Counter(names.values())
    return {split: name if count[name] == 1 else split for split, name in names.items()}


def plain_name(clip: StoredClip, *, is_one_per_video: bool) -> str:
    """Name a clip by its video alone where that is enough, as AudioSet's users expect; else by its key."""
    return clip.segment.ytid if is_one_per_video else clip.key
