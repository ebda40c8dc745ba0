"""HDF5 files as PANNs and HTS-AT read them: int16 waveforms at 32 kHz, and indexes that name them.

``hdf5s/waveforms/<split>.h5``, of ``unbalanced_train`` parts of 50,000 rows, and an index of each below
``hdf5s/indexes``; ``full_train.h5`` is that of all train lists. A waveform is 10 s: cut, or padded with
silence. PANNs' own files keep empty rows for clips that are missing; these have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asyncdl.core.export import Shard, Sizes
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, SharedFiles, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.h5_rows import Column, begin_rows, end_rows, write_rows
from asyncdl.exporting.panns_index import COLUMNS as INDEX_COLUMNS
from asyncdl.exporting.panns_index import FULL, WAVEFORMS, index_of, path_bytes, reanchor, write_index
from asyncdl.exporting.receipts import Receipts
from asyncdl.exporting.shared import SharedFile
from asyncdl.exporting.slabs import HEADER_BYTES, FileOfRows, rows_fitting, slabs
from asyncdl.exporting.sound import Samples, fitted, mono, resampled
from asyncdl.exporting.table import Stretch, Table
from asyncdl.exporting.targets import CLASSES, Targets
from asyncdl.exporting.work import ShardWork

RATE = 32_000
SAMPLES = 10 * RATE
COLUMNS = (
    Column("audio_name", (), "S20"),
    Column("waveform", (SAMPLES,), "int16"),
    Column("target", (CLASSES,), "bool"),
)
_PART_ROWS = 50_000
_SHARD_ROWS = 125  # 80 MB, twice that while they are written
_ROW_BYTES = sum(column.row_bytes for column in COLUMNS)
_INDEX_ROW_BYTES = sum(column.row_bytes for column in INDEX_COLUMNS)


def _clip_bytes(table: Table, _terms: Terms) -> Sizes:
    """Count a row, two rows of indexes, and the headers of the files shared by few."""
    return np.full(len(table), _ROW_BYTES + 2 * _INDEX_ROW_BYTES + 2 * HEADER_BYTES)


def _plan(table: Table, terms: Terms) -> list[Shard]:
    stretches = table.stretches
    return [shard for one in stretches for shard in slabs(one, _files(one, terms), _SHARD_ROWS)]


def _files(stretch: Stretch, terms: Terms) -> Iterator[FileOfRows]:
    rows = _PART_ROWS if stretch.split == "unbalanced_train" else stretch.count
    part_rows = min(max(rows, 1), rows_fitting(stretch.count, _ROW_BYTES, terms.max_shard_bytes))
    for first in range(0, stretch.count, part_rows):
        count = min(part_rows, stretch.count - first)
        name = _file(stretch, first // part_rows, is_whole=count == stretch.count)
        yield FileOfRows(name, first, count)


def _file(stretch: Stretch, part: int, *, is_whole: bool) -> str:
    split = stretch.split
    if is_whole and split != "unbalanced_train":
        return f"{WAVEFORMS}/{split}.h5"
    return f"{WAVEFORMS}/{split}/{split}_part{part:02d}.h5"


def _begin(shared: SharedFile) -> None:
    begin_rows(shared.part, COLUMNS, shared.rows)


def _write(work: ShardWork) -> Facts:
    targets, shard = Targets(), work.shard
    path_bytes(Path(work.terms.root or work.place.target) / shard.file)  # before hours of work, not after
    rows = {column.name: np.zeros((shard.count, *column.shape), column.dtype) for column in COLUMNS}
    for number, (clip, sound) in enumerate(work.sounds()):
        row = number + len(work.left_out)  # a clip that was passed over has a row too, until the end
        rows["audio_name"][row] = f"Y{clip.segment.ytid}.wav".encode()
        rows["waveform"][row] = _as_waveform(sound, clip.clip.sample_rate)
        rows["target"][row] = targets.of(clip.segment.labels)
    write_rows(work.shared_part, shard.row, rows)
    return {}


def _as_waveform(sound: Samples, rate: int) -> npt.NDArray[np.int16]:
    """Make 10 s of int16 by PANNs' rule: times 32767, cut towards zero."""
    samples = fitted(resampled(mono(sound), rate, RATE), SAMPLES)
    return np.asarray(np.clip(samples, -1, 1) * np.float32(32767), np.int16)


def _end(shared: SharedFile, out: Path) -> None:
    end_rows(shared, out, COLUMNS, {"sample_rate": np.int32(RATE)})


def _finish(finish: Finish) -> None:
    target = finish.place.target
    planned = {shard.file: shard.split for shard in finish.shards}
    sources = {file: (target / file, path_bytes(finish.seen_as(target / file))) for file in planned}
    for file, source in sources.items():
        write_index(target, index_of(file), [source])
    train = [sources[file] for file, split in planned.items() if "train" in split]
    if train:
        write_index(target, FULL, train)
    for stale in _stale_indexes(finish, frozenset(planned)):
        (target / stale).unlink(missing_ok=True)


def _stale_indexes(finish: Finish, planned: frozenset[str]) -> Iterator[str]:
    """Name the indexes of files that an earlier plan had and today's has not."""
    receipts = Receipts(finish.place.state, finish.place.target)
    earlier = receipts.strangers(frozenset(shard.name for shard in finish.shards))
    gone = [name for receipt in earlier for name, _ in receipt.files if name not in planned]
    yield from map(index_of, gone)
    if gone and not any("train" in shard.split for shard in finish.shards):
        yield FULL


EXPORTER = Exporter(
    name="panns",
    summary="HDF5 of int16 waveforms (32 kHz mono, 10 s) and their index, as PANNs and HTS-AT have them",
    finish=_finish,
    clip_bytes=_clip_bytes,
    shards=ShardWriter(_plan, _write, shared=SharedFiles(_begin, _end)),
    extra="hdf5",
    modules=("h5py",),
    takes=frozenset({Choice.SEED, Choice.MAX_SHARD_SIZE, Choice.ROOT}),
    needs_one_clip_per_video=True,
    reanchor=reanchor,
)
