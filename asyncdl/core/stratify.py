"""Splits clips into train, valid and test, so that every label has its share in each of them.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas, 2011): the rarest label first, since common ones
can still be evened out later. Videos are dealt out, not clips, so that no part has heard another's video.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from asyncdl.core.choosing import Hashes, Numbers, lots

Parts = npt.NDArray[np.uint8]


class Part(IntEnum):
    """What a list is split into."""

    TRAIN = 0
    VALID = 1
    TEST = 2

    @property
    def word(self) -> str:
        """As it stands in a file's name."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """``eval_rate`` is the held out share of the clips, above 0 and below 1: half VALID, half TEST."""

    eval_rate: float
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Videos:
    """Columns: ``hashes`` and number of ``clips`` by video; clips of video ``bearers[i]`` bear ``labels[i]``.

    A label stands once for each clip that bears it. Labels are numbers below ``label_count``.
    """

    hashes: Hashes
    clips: Numbers
    bearers: Numbers
    labels: Numbers
    label_count: int


def split(videos: Videos, settings: SplitSettings) -> Parts:
    """Answer each video's part.

    Where no video has two clips and no clip two labels, each label's number of clips in each part is less
    than one away from its exact share. Neither the order of videos nor that of labels' rows matters.
    """
    held_out = settings.eval_rate
    dealing = _Dealing(videos, (1 - held_out, held_out / 2, held_out / 2))
    # What is large goes first, as it fits worst; then by lot.
    order = np.lexsort((lots(videos.hashes, settings.seed), -videos.clips))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    bearers_of = _grouped(videos.labels, videos.bearers, videos.label_count)
    while (label := dealing.rarest()) is not None:
        bearers = np.unique(bearers_of[label])
        for video in bearers[np.argsort(rank[bearers])].tolist():
            if dealing.is_open(video):
                dealing.deal(video, dealing.part_for(label))
    for video in order.tolist():
        if dealing.is_open(video):
            dealing.deal(video, dealing.part_lacking(list(Part)))
    return np.frombuffer(dealing.parts, dtype=np.uint8)


_OPEN = 255
_ROUNDING = 1e-6  # 0.1 of 30 clips is a little more than 3


class _Dealing:
    """Who has what by now."""

    def __init__(self, videos: Videos, shares: tuple[float, float, float]) -> None:
        self.parts = bytearray([_OPEN]) * len(videos.hashes)
        self._shares = shares
        self._clips: list[int] = videos.clips.tolist()
        sizes = np.bincount(videos.bearers, minlength=len(videos.hashes))
        self._ends: list[int] = np.cumsum(sizes).tolist()
        self._labels = videos.labels[np.argsort(videos.bearers, kind="stable")]
        self._left = np.bincount(videos.labels, minlength=videos.label_count)
        self._wanted = [[share * count for share in shares] for count in self._left.tolist()]
        self._total = [0, 0, 0]

    def rarest(self) -> int | None:
        """Name the label that fewest open clips bear; None where no open clip has a label."""
        borne = np.flatnonzero(self._left)
        return int(borne[self._left[borne].argmin()]) if len(borne) else None

    def is_open(self, video: int) -> bool:
        """Whether a video has no part yet."""
        return self.parts[video] == _OPEN

    def part_for(self, label: int) -> Part:
        """Choose among the parts that lack whole clips of a label; when none does, among those that lack any.

        So the last few clips, which no part can have exactly, even out the parts' sizes: else labels too
        rare for a whole clip of the held out share would all stay in train.
        """
        wanted = self._wanted[label]
        lacking = [part for part in Part if wanted[part] > 1 - _ROUNDING]
        lacking = lacking or [part for part in Part if wanted[part] > _ROUNDING]
        return self.part_lacking(lacking or list(Part))

    def part_lacking(self, parts: Sequence[Part]) -> Part:
        """Choose the part furthest below its share of all clips."""
        return min(parts, key=lambda part: (self._total[part] + 0.5) / self._shares[part])

    def deal(self, video: int, part: Part) -> None:
        """Give a video to a part."""
        self.parts[video] = part
        self._total[part] += self._clips[video]
        first = self._ends[video - 1] if video else 0
        for label in self._labels[first : self._ends[video]].tolist():
            self._left[label] -= 1
            self._wanted[label][part] -= 1


def _grouped(keys: Numbers, values: Numbers, count: int) -> list[Numbers]:
    """Answer the values of each key below ``count``."""
    ends = np.cumsum(np.bincount(keys, minlength=count))
    return np.split(values[np.argsort(keys, kind="stable")], ends[:-1]) if count else []
