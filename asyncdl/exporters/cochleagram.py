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
from asyncdl.exporting.h5_rows import Attributes, Column, begin_rows, end_rows, row_writer
from asyncdl.exporting.shared import SharedFile, aside
from asyncdl.exporting.slabs import HEADER_BYTES, even_files, sizes_of, slabs
from asyncdl.exporting.table import Stretch, Table
from asyncdl.exporting.targets import CLASSES
from asyncdl.exporting.wave_rows import made_of_source, resampler_of, stretch_of, wave_rows
from asyncdl.exporting.work import ShardWork
from asyncdl.runtime.files import make_folders, replace_file

POINTS = ROWS * FRAMES
COLUMNS = (Column("coch", (POINTS,), "float32"), Column("labels", (CLASSES,), "bool"))
_ROW_BYTES = sum(column.row_bytes for column in COLUMNS)
_SUM_BYTES = POINTS * 8 + 128
_SLAB_ROWS = 64  # 88 MB; a kill loses less than 15 s of work
_ENDING = "_Coch.hdf5"


def _clip_bytes(table: Table, terms: Terms) -> Sizes:
    """Count rows, and with the first row of each slab its sum, of each file its header and its average."""
    shards = _plan(table, terms)
    sizes = sizes_of(shards, _ROW_BYTES, _SUM_BYTES + HEADER_BYTES)
    sizes[[shard.first for shard in shards]] += _SUM_BYTES
    return sizes


def _plan(table: Table, terms: Terms) -> list[Shard]:
    stretches = [stretch_of(terms.source)] if terms.source else table.stretches
    return [shard for one in stretches for shard in _slabs(one, terms)]


def _slabs(stretch: Stretch, terms: Terms) -> Iterator[Shard]:
    files = even_files(stretch, _ENDING, _ROW_BYTES, terms.max_shard_bytes)
    return slabs(stretch, files, _SLAB_ROWS)


def _begin(shared: SharedFile) -> None:
    make_folders(aside(shared.part), shared.part.parent)
    begin_rows(shared.part, COLUMNS, shared.rows, _attributes(shared.terms, shared.rows))


def _attributes(terms: Terms, size: int) -> Attributes:
    method = _method(terms)
    return {
        "size": size,
        "resampler": resampler_of(terms),
        "method": method.value,
        "relative_l2_error": RELATIVE_ERRORS[method],
    }


def _write(work: ShardWork) -> Facts:
    cochlea, shard = _cochlea(_method(work.terms)), work.shard
    total = np.zeros(POINTS)
    with row_writer(work.shared_part, shard.row) as file:
        for wave in wave_rows(work):
            coch = np.asarray(cochlea(wave.samples).ravel(), np.float32)
            file.put(wave.row, coch=coch, labels=wave.labels)
            total += coch
    _write_sum(work.shared_part, shard, total)
    return {}


def _end(shared: SharedFile, out: Path) -> Path:
    size = shared.kept_rows
    sums = sum(_sums(shared), np.zeros(POINTS))
    replace_file(out.with_name(_average_name(shared.file)), [_npy(sums / max(size, 1))])
    return end_rows(shared, out, COLUMNS, _attributes(shared.terms, size))


def _method(terms: Terms) -> Method:
    return Method.FAST if terms.fast else Method.SINGLE


@cache
def _cochlea(method: Method) -> Cochlea:
    """Make the filters once in each process."""
    return Cochlea(method)


def _write_sum(part: Path, shard: Shard, total: Doubles) -> None:
    replace_file(aside(part) / f"{shard.row}.npy", [_npy(total)])


def _sums(shared: SharedFile) -> Iterator[Doubles]:
    """Yield the sums in the order of rows: however many processes wrote them, the average is the same."""
    for shard in shared.shards:
        yield np.load(aside(shared.part) / f"{shard.row}.npy", allow_pickle=False)


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
    holds_ms=10_000,
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
