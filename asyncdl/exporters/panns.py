"""HDF5 files as PANNs and HTS-AT read them: int16 waveforms at 32 kHz, and indexes that name them.

``hdf5s/waveforms/<split>.h5``, of ``unbalanced_train`` parts of 50,000 rows, and an index of each below
``hdf5s/indexes``; ``full_train.h5`` is that of all train lists. A waveform is 10 s: cut, or padded with
silence. PANNs' own files keep empty rows for clips that are missing; these have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asyncdl.core.export import Shard, Sizes, known_split
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, SharedFiles, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.h5_rows import Attributes, Column, begin_rows, end_rows, row_writer
from asyncdl.exporting.panns_index import COLUMNS as INDEX_COLUMNS
from asyncdl.exporting.panns_index import FULL, WAVEFORMS, index_of, path_bytes, reanchor, write_index
from asyncdl.exporting.shared import SharedFile
from asyncdl.exporting.slabs import HEADER_BYTES, FileOfRows, numbered_files, rows_fitting, sizes_of, slabs
from asyncdl.exporting.sound import Samples, fitted, mono, resampled
from asyncdl.exporting.table import Stretch, Table
from asyncdl.exporting.targets import CLASSES, Targets
from asyncdl.exporting.work import Place, ShardWork

RATE = 32_000
SAMPLES = 10 * RATE
COLUMNS = (
    Column("audio_name", (), "S20"),
    Column("waveform", (SAMPLES,), "int16"),
    Column("target", (CLASSES,), "bool"),
)
_PART_ROWS = 50_000
# Always in parts: PANNs has the first one so, and the index of the other would be that of all train lists.
_PARTED = frozenset({"unbalanced_train", "full_train"})
_TRAIN = re.compile(r"^train(?![^\W_])|(?<![^\W_])train$")
_ATTRIBUTES: Attributes = {"sample_rate": np.int32(RATE)}
_SHARD_ROWS = 125  # 80 MB; a kill loses less than 5 s of work
_ROW_BYTES = sum(column.row_bytes for column in COLUMNS)
_INDEX_ROW_BYTES = sum(column.row_bytes for column in INDEX_COLUMNS)


def _clip_bytes(table: Table, terms: Terms) -> Sizes:
    """Count a row and two rows of indexes; of each file three headers, the third of an index of all."""
    return sizes_of(_plan(table, terms), _ROW_BYTES + 2 * _INDEX_ROW_BYTES, 3 * HEADER_BYTES)


def _plan(table: Table, terms: Terms) -> list[Shard]:
    stretches = table.stretches
    return [shard for one in stretches for shard in slabs(one, _files(one, terms), _SHARD_ROWS)]


def _files(stretch: Stretch, terms: Terms) -> Iterator[FileOfRows]:
    """Cut as PANNs does: all parts are full but the last."""
    rows = min(_PART_ROWS, stretch.count) if known_split(stretch.split) in _PARTED else stretch.count
    part_rows = max(min(rows, rows_fitting(stretch.count, _ROW_BYTES, terms.max_shard_bytes)), 1)
    firsts = range(0, stretch.count, part_rows)
    cuts = [(first, min(part_rows, stretch.count - first)) for first in firsts]
    return numbered_files(stretch, cuts, _file)


def _file(split: str, part: int, parts: int) -> str:
    name = known_split(split)
    if parts == 1 and name not in _PARTED:
        return f"{WAVEFORMS}/{name}.h5"
    return f"{WAVEFORMS}/{name}/{name}_part{part:02d}.h5"


def _check(table: Table, terms: Terms, place: Place) -> None:
    """Refuse paths that the index cannot hold, before hours of work."""
    for file in {shard.file for shard in _plan(table, terms)}:
        path_bytes(Path(terms.root or place.target) / file)


def _begin(shared: SharedFile) -> None:
    begin_rows(shared.part, COLUMNS, shared.rows, _ATTRIBUTES)


def _write(work: ShardWork) -> Facts:
    targets, shard = Targets(), work.shard
    with row_writer(work.shared_part, shard.row) as file:
        for row, clip, sound in work.rows():
            file.put(
                row,
                audio_name=f"Y{clip.segment.ytid}.wav".encode(),
                waveform=_as_waveform(sound, clip.clip.sample_rate),
                target=targets.of(clip.segment.labels),
            )
    return {}


def _as_waveform(sound: Samples, rate: int) -> npt.NDArray[np.int16]:
    """Make 10 s of int16 by PANNs' rule: times 32767, cut towards zero."""
    samples = fitted(resampled(mono(sound), rate, RATE), SAMPLES)
    return np.asarray(np.clip(samples, -1, 1) * np.float32(32767), np.int16)


def _end(shared: SharedFile, out: Path) -> Path:
    return end_rows(shared, out, COLUMNS, _ATTRIBUTES)


def _finish(finish: Finish) -> None:
    target = finish.place.target
    planned = {shard.file: shard.split for shard in finish.shards}
    sources = {file: (target / file, path_bytes(finish.seen_as(target / file))) for file in planned}
    indexes = {index_of(file): [source] for file, source in sources.items()}
    train = [sources[file] for file, split in planned.items() if _is_train(split)]
    if train:
        indexes[FULL] = train
    for name, rows_of in indexes.items():
        write_index(target, name, rows_of)
        finish.written.append(name)


def _is_train(split: str) -> bool:
    """Whether a split's name begins or ends with the word."""
    return _TRAIN.search(known_split(split)) is not None


EXPORTER = Exporter(
    name="panns",
    summary="HDF5 of int16 waveforms (32 kHz mono, 10 s) and their index, as PANNs and HTS-AT have them",
    finish=_finish,
    clip_bytes=_clip_bytes,
    holds_ms=10_000,
    check=_check,
    shards=ShardWriter(_plan, _write, shared=SharedFiles(_begin, _end)),
    extra="hdf5",
    modules=("h5py",),
    takes=frozenset({Choice.SEED, Choice.MAX_SHARD_SIZE, Choice.ROOT}),
    needs_one_clip_per_video=True,
    reanchor=reanchor,
)
