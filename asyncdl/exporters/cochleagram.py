"""HDF5 cochleagrams as perib's AudioSet tools have them: ``<split>_Coch.hdf5`` and ``<split>_average.npy``.

``/coch`` float32 (N, 342000), 171 rows of 2000 one after the other; ``/labels`` bool (N, 527); the file's
attribute ``size`` is N. The average is float64 (342000,), over the rows of its file. Made of clips, prepared
as for ``hdf5``, or of such a file (``--source``), which gives the same.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np

from asyncdl.core.export import Shard, Sizes
from asyncdl.exporting.cochlea.envelopes import FRAMES, RELATIVE_ERRORS, Cochlea, Method
from asyncdl.exporting.cochlea.filters import ROWS, Doubles
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, SharedFiles, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.h5_rows import Column, begin_rows, end_rows, write_rows
from asyncdl.exporting.shared import SharedFile
from asyncdl.exporting.slabs import HEADER_BYTES, numbered_files, slabs
from asyncdl.exporting.table import Stretch, Table
from asyncdl.exporting.targets import CLASSES
from asyncdl.exporting.wave_rows import made_of_source, resampler_of, stretch_of, wave_rows
from asyncdl.exporting.work import ShardWork
from asyncdl.runtime.files import make_folders, replace_file

POINTS = ROWS * FRAMES
COLUMNS = (Column("coch", (POINTS,), "float32"), Column("labels", (CLASSES,), "bool"))
_ROW_BYTES = sum(column.row_bytes for column in COLUMNS)
_SUM_BYTES = POINTS * 8 + 128
_SLAB_ROWS = 64  # 88 MB, twice that while they are written; a kill loses less than 15 s of work
_ENDING = "_Coch.hdf5"


def _clip_bytes(table: Table, terms: Terms) -> Sizes:
    """Count rows, and with the first row of each slab its sum, of each file its header and its average."""
    shards = _plan(table, terms)
    sizes = np.full(sum(shard.count for shard in shards), _ROW_BYTES)
    for shard in shards:
        sizes[shard.first] += _SUM_BYTES if shard.row else 2 * _SUM_BYTES + HEADER_BYTES
    return sizes


def _plan(table: Table, terms: Terms) -> list[Shard]:
    stretches = [stretch_of(terms.source)] if terms.source else table.stretches
    return [shard for one in stretches for shard in _slabs(one, terms)]


def _slabs(stretch: Stretch, terms: Terms) -> Iterator[Shard]:
    files = numbered_files(stretch, _ENDING, _ROW_BYTES, terms.max_shard_bytes)
    return slabs(stretch, files, _SLAB_ROWS)


def _begin(shared: SharedFile) -> None:
    make_folders(_sums_beside(shared.part), shared.part.parent)
    begin_rows(shared.part, COLUMNS, shared.rows)


def _write(work: ShardWork) -> Facts:
    cochlea, shard = _cochlea(_method(work.terms)), work.shard
    rows = {column.name: np.zeros((shard.count, *column.shape), column.dtype) for column in COLUMNS}
    for wave in wave_rows(work):
        rows["coch"][wave.row] = cochlea(wave.samples).ravel()
        rows["labels"][wave.row] = wave.labels
    write_rows(work.shared_part, shard.row, rows)
    _write_sum(work.shared_part, shard, rows["coch"].sum(axis=0, dtype=np.float64))
    return {}


def _end(shared: SharedFile, out: Path) -> None:
    size, method = len(shared.kept_rows()), _method(shared.terms)
    sums = sum(_sums(shared), np.zeros(POINTS))
    replace_file(out.with_name(_average_name(shared.file)), [_npy(sums / max(size, 1))])
    attributes = {
        "size": size,
        "resampler": resampler_of(shared.terms),
        "method": method.value,
        "relative_l2_error": RELATIVE_ERRORS[method],
    }
    end_rows(shared, out, COLUMNS, attributes)


def _method(terms: Terms) -> Method:
    return Method.FAST if terms.fast else Method.SINGLE


@cache
def _cochlea(method: Method) -> Cochlea:
    """Make the filters once in each process."""
    return Cochlea(method)


def _sums_beside(part: Path) -> Path:
    """Say where the sums of slabs wait for the end: too large for a receipt. They go with all parts."""
    return part.with_name(f"{part.name}.sums")


def _write_sum(part: Path, shard: Shard, total: Doubles) -> None:
    replace_file(_sums_beside(part) / f"{shard.row}.npy", [_npy(total)])


def _sums(shared: SharedFile) -> Iterator[Doubles]:
    """Yield the sums in the order of rows: however many processes wrote them, the average is the same."""
    for shard in shared.shards:
        yield np.load(_sums_beside(shared.part) / f"{shard.row}.npy", allow_pickle=False)


def _npy(values: Doubles) -> bytes:
    encoded = io.BytesIO()
    np.save(encoded, values, allow_pickle=False)
    return encoded.getvalue()


def _average_name(file: str) -> str:
    return f"{file.removesuffix(_ENDING)}_average.npy"


def _finish(_finish: Finish) -> None:
    """Do nothing: each file came with its own average."""


EXPORTER = Exporter(
    name="cochleagram",
    summary="HDF5 of cochleagrams (171 x 2000 float32) and their average, as perib's tools have them",
    finish=_finish,
    clip_bytes=_clip_bytes,
    shards=ShardWriter(
        _plan,
        _write,
        shared=SharedFiles(_begin, _end, lambda file: (_average_name(file),)),
        made_of=made_of_source,
    ),
    extra="coch",
    modules=("h5py", "scipy"),
    takes=frozenset({Choice.SEED, Choice.MAX_SHARD_SIZE, Choice.FAST, Choice.SOURCE, Choice.COMPAT}),
    seed=0,
)
