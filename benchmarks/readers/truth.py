"""What must be in each export: names, labels, and sound, by what made the clips."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from asyncdl.core.model import Clip, Segment
from asyncdl.labels import load_labels

Wave = npt.NDArray[np.float64]
Event = tuple[float, float, str]

SPLITS = ("eval", "balanced_train")
FULL_SCALE = 32_768


@dataclass(frozen=True, slots=True)
class Truth:
    """One clip as its maker knows it: ``row`` counts a list's rows from 0, ``path`` is absolute."""

    number: int
    segment: Segment
    path: Path
    row: int
    clip: Clip
    events: tuple[Event, ...]

    @property
    def ytid(self) -> str:
        """Id of the video, which has no other clip here."""
        return self.segment.ytid

    @property
    def y_name(self) -> str:
        """What formats call it whose users expect a letter first."""
        return f"Y{self.ytid}"

    @property
    def mids(self) -> tuple[str, ...]:
        """All labels, in the list's order."""
        return self.segment.labels

    @property
    def class_mids(self) -> list[str]:
        """Those that are among the 527."""
        return [mid for mid in self.mids if mid in class_indices()]

    @property
    def bits(self) -> npt.NDArray[np.bool_]:
        """Shape (527,)."""
        found = np.zeros(527, np.bool_)
        found[[class_indices()[mid] for mid in self.class_mids]] = True
        return found

    @property
    def names(self) -> list[str]:
        """Official names of all labels."""
        return [load_labels().by_mid[mid].name for mid in self.mids]

    @property
    def seconds(self) -> float:
        """Length of the file."""
        return self.clip.samples / self.clip.sample_rate

    def sound(self) -> Wave:
        """Read samples of the file as they are, full scale 1, shape (samples, channels)."""
        found, rate = soundfile.read(self.path, dtype="float64", always_2d=True)
        assert rate == self.clip.sample_rate
        return np.asarray(found)

    def mono(self, rate: int | None = None) -> Wave:
        """Mean of the channels, at ``rate`` to the exact count, shape (samples,)."""
        mean = np.asarray(self.sound().mean(axis=1))
        if rate is None or rate == self.clip.sample_rate:
            return mean
        made = np.asarray(soxr.resample(mean, self.clip.sample_rate, rate, quality="HQ"))
        return fitted(made, round(self.clip.samples * rate / self.clip.sample_rate))


@dataclass(frozen=True, slots=True)
class DataSet:
    """All that is known: ``clips`` are whole, ``cut`` is one whose file was cut short after its record."""

    root: Path
    clips: tuple[Truth, ...]
    cut: Segment
    gone: tuple[Segment, ...]
    untried: tuple[Segment, ...]

    def of(self, split: str) -> list[Truth]:
        """Clips of one split, in the order of the list."""
        return [one for one in self.clips if one.segment.split == split]


def fitted(wave: Wave, samples: int) -> Wave:
    """Cut, or pad with zeros at the end."""
    return np.asarray(np.pad(wave, (0, max(0, samples - len(wave))))[:samples])


@cache
def class_indices() -> dict[str, int]:
    """Index of each of the 527 mids."""
    return {label.mid: index for index, label in enumerate(load_labels().classes)}
