"""What an older downloader's layout is: one module in ``asyncdl.exporting.like`` that defines ``TOOL``.

Folders, file names and side files are theirs, so that code written for them goes on working; what was wrong
in them is not. Each module names what it leaves out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from asyncdl.core.export import StoredClip
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.sound import samples_at

# What the tools call their folders after: the official tables' names without their endings.
_STEMS = {
    "eval": "eval_segments",
    "balanced_train": "balanced_train_segments",
    "unbalanced_train": "unbalanced_train_segments",
    "strong_eval": "audioset_eval_strong",
    "strong_train": "audioset_train_strong",
}


@dataclass(frozen=True, slots=True)
class AudioForm:
    """What the tool's files are: WAV of 16 bits or M4A; None and False mean the clip's own."""

    extension: str
    sample_rate: int | None = None
    is_mono: bool = False

    def fits(self, stored: StoredClip) -> bool:
        """Tell a clip that is such a file as it stands."""
        clip = stored.clip
        is_rate = self.sample_rate in {None, clip.sample_rate}
        has_channels = clip.channels == 1 or not self.is_mono
        return stored.path.endswith(f".{self.extension}") and is_rate and has_channels

    def duration_s(self, stored: StoredClip) -> float:
        """Length of the file that is made of a clip; resampling rounds it to whole samples."""
        samples, rate = stored.clip.samples, stored.clip.sample_rate
        to_rate = self.sample_rate or rate
        return samples_at(samples, rate, to_rate) / to_rate


@dataclass(frozen=True, slots=True)
class OlderTool:
    """``path_of`` a clip's file is below the target; ``finish`` writes what stands beside the files."""

    summary: str
    form: AudioForm
    path_of: Callable[[StoredClip], str]
    finish: Callable[[Finish], None]


def table_stem(split: str) -> str:
    """Name a split as the file of its table: ``eval`` is ``eval_segments``, other names stay."""
    return _STEMS.get(split, split)


def shortest_seconds(time_ms: int) -> str:
    """Write a time for a file's name: whole seconds as the tools do, with decimals where they lost them."""
    whole, rest = divmod(time_ms, 1000)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)
