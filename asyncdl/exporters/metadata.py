"""One JSON of all clips, and one for each split, in the form of dlrudco/Fast-Audioset-Download.

``audioset_<split>_metadata.json`` holds ``{"id_<ytid>": record}``; ``audioset_metadata.json`` holds them by
split. A record has that tool's ``id, path, title, url, tags, labels`` and what it lacks: the segment's times
and key, official label names, and what the file is. Where a video has several clips, ids are ``id_<key>``.
Paths lead from the JSON's own folder to the clips, as those of ``nemo`` do.
"""

from __future__ import annotations

import os

import numpy as np

from asyncdl.core.export import Sizes, StoredClip
from asyncdl.exporting.contract import Exporter, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.metadata_json import merge_metadata, record_of, write_metadata
from asyncdl.exporting.table import Table
from asyncdl.exporting.targets import Targets

# Names of members, the path, the address, the id.
_BESIDES = 640
# The longest name of a label, in two spellings.
_LABEL_BYTES = 160


def _clip_bytes(table: Table, _terms: Terms) -> Sizes:
    """Bound the records by the table's lines, which hold the same texts but names; all is written twice."""
    lines = table.lines(0, len(table))
    sizes = (2 * (len(line) + _BESIDES + _LABEL_BYTES * line.count(b'"/')) for line in lines)
    return np.fromiter(sizes, np.int64, len(table))


def _finish(finish: Finish) -> None:
    targets = Targets()
    way = os.path.relpath(finish.place.root, finish.place.target)

    def record(clip: StoredClip) -> dict[str, object]:
        path = os.path.normpath(f"{way}/{clip.path}")
        told = record_of(clip, finish.table.name_of(clip), path, targets)
        return told | {
            "duration": clip.duration_s,
            "sample_rate": clip.clip.sample_rate,
            "channels": clip.clip.channels,
            "sha256": clip.clip.sha256,
        }

    for split in finish.splits:
        write_metadata(finish, split, map(record, finish.clips(split)))
    merge_metadata(finish)


EXPORTER = Exporter(
    name="metadata",
    summary="JSON by split with id, path, title, url, labels, times and checksum of each clip",
    finish=_finish,
    clip_bytes=_clip_bytes,
)
