"""Sound as 16-bit mono WAV files, one a clip: ``wav/<split>/<bucket>/<name>.wav`` in the export's folder.

A shard is the files of up to 500 clips; the sub-folders are those of the data set, so that none grows large.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from asyncdl.core import layout
from asyncdl.core.export import Shard, Sizes, StoredClip, even_cuts
from asyncdl.exporting.contract import Facts
from asyncdl.exporting.encoded import WAV_HEADER_BYTES, as_wav
from asyncdl.exporting.sound import ClipReader, mono, resampled
from asyncdl.exporting.table import Stretch, Table
from asyncdl.exporting.work import ShardWork

FOLDER = "wav"
_CLIPS = 500


def wav_name(clip: StoredClip, name: str) -> str:
    """Name the file of a clip, relative to the export."""
    return f"{FOLDER}/{clip.segment.split}/{layout.bucket(clip.segment.ytid)}/{name}.wav"


def wav_sizes(table: Table, rate: int) -> Sizes:
    """Bound the size of each clip's file: the table's durations are rounded up."""
    return WAV_HEADER_BYTES + 2 * (table.durations_ms.astype(np.int64) * rate // 1000 + 1)


def text_sizes(table: Table, times: int, besides: int) -> Sizes:
    """Bound what lists say of each clip: its line in the table ``times`` over, and ``besides`` bytes more."""
    return table.row_bytes * times + besides


def plan_wavs(table: Table) -> list[Shard]:
    """Cut the clips."""
    return [shard for stretch in table.stretches for shard in _shards(stretch)]


def _shards(stretch: Stretch) -> list[Shard]:
    folder = f"{FOLDER}/{stretch.split}"
    return [
        Shard(f"{folder}/{number}", stretch.split, stretch.first + first, count, folder)
        for number, (first, count) in enumerate(even_cuts(stretch.count, _CLIPS))
    ]


def write_wavs(work: ShardWork, rate: int, is_wanted: Callable[[StoredClip], bool] = lambda _: True) -> Facts:
    """Write the files of a shard; the rate is exact, by soxr. Clips that are not wanted are not even read."""

    def wav_of(reader: ClipReader, clip: StoredClip) -> bytes:
        if not is_wanted(clip):
            return b""
        return as_wav(resampled(mono(reader.sound_of(clip)), clip.clip.sample_rate, rate)[:, None], rate)

    clips = work.table.clips(work.shard.first, work.shard.count)
    work.will_write(wav_name(clip, work.table.name_of(clip)) for clip in clips)
    for clip, wav in work.each(wav_of):
        if wav:
            work.write_file(work.place.target / wav_name(clip, work.table.name_of(clip)), [wav])
    return {}
