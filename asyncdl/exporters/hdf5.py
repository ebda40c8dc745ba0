"""HDF5 waveforms as perib's AudioSet tools have them: ``<split>.hdf5`` and ``<split>_metadata.npy``.

``/wav`` float32 (N, 160000) at 16 kHz, each row divided by its largest sample; ``/labels`` bool (N, 527);
the file's attribute ``size`` is N. Row i of the npy tells of row i. The older tool leaves zero rows at the
end, shuffles without a seed and resamples by FFT; here no row is empty, the order is that of a seed, and soxr
resamples unless ``--compat`` asks for the other.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from asyncdl.core.export import Shard, Sizes, StoredClip
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, SharedFiles, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.h5_rows import Attributes, Column, begin_rows, end_rows, row_writer
from asyncdl.exporting.shared import SharedFile
from asyncdl.exporting.slabs import HEADER_BYTES, even_files, sizes_of, slabs
from asyncdl.exporting.table import Stretch, Table
from asyncdl.exporting.targets import CLASSES, Targets
from asyncdl.exporting.waves import FFT, FULL_SCALE, INT16, SAMPLES, SOXR, wave_of
from asyncdl.exporting.work import ShardWork
from asyncdl.runtime.files import replace_file

COLUMNS = (Column("wav", (SAMPLES,), "float32"), Column("labels", (CLASSES,), "bool"))
METADATA = np.dtype(
    [
        ("YTID", "S20"),
        ("start", "i4"),
        ("end", "i4"),
        ("labels", "S1000"),
        ("norm", "f8"),
        ("padded", "i1"),
    ]
)
_ROW_BYTES = sum(column.row_bytes for column in COLUMNS)
_NPY_BYTES = 256  # of its header
_SLAB_ROWS = 128  # 82 MB; a kill loses less than 5 s of work


def _clip_bytes(table: Table, terms: Terms) -> Sizes:
    return sizes_of(_plan(table, terms), _ROW_BYTES + METADATA.itemsize, HEADER_BYTES + _NPY_BYTES)


def _plan(table: Table, terms: Terms) -> list[Shard]:
    return [shard for one in table.stretches for shard in _slabs(one, terms)]


def _slabs(stretch: Stretch, terms: Terms) -> Iterator[Shard]:
    files = even_files(stretch, ".hdf5", _ROW_BYTES, terms.max_shard_bytes)
    return slabs(stretch, files, _SLAB_ROWS)


def _begin(shared: SharedFile) -> None:
    begin_rows(shared.part, COLUMNS, shared.rows, _attributes(shared.terms, shared.rows))


def _attributes(terms: Terms, size: int) -> Attributes:
    resampler, norm_unit = (FFT, INT16) if terms.compat else (SOXR, FULL_SCALE)
    return {"size": size, "resampler": resampler, "norm_unit": norm_unit}


def _write(work: ShardWork) -> Facts:
    targets = Targets()
    norms, padded = list[float](), list[bool]()
    with row_writer(work.shared_part, work.shard.row) as file:
        for row, clip, sound in work.rows():
            wave = wave_of(clip, sound, compat=work.terms.compat)
            file.put(row, wav=wave.samples, labels=targets.of(clip.segment.labels))
            norms.append(wave.norm)
            padded.append(wave.is_padded)
    return {"norm": norms, "padded": padded}


def _end(shared: SharedFile, out: Path) -> Path:
    replace_file(out.with_name(_metadata_name(shared.file)), _metadata(shared))
    return end_rows(shared, out, COLUMNS, _attributes(shared.terms, shared.kept_rows))


def _metadata_name(file: str) -> str:
    return f"{file.removesuffix('.hdf5')}_metadata.npy"


def _metadata(shared: SharedFile) -> Iterator[bytes]:
    """Yield the npy, a slab at a time."""
    header = io.BytesIO()
    kind = np.lib.format.dtype_to_descr(METADATA)
    told = {"descr": kind, "fortran_order": False, "shape": (shared.kept_rows,)}
    np.lib.format.write_array_header_1_0(header, told)
    yield header.getvalue()
    for shard in shared.shards:
        clips = shared.table.clips(shard.first, shard.count)
        kept = [clip for clip in clips if clip.key not in shared.left_out]
        facts: dict[str, Any] = shared.facts[shard.name]
        measured = zip(kept, cast("list[float]", facts["norm"]), facts["padded"], strict=True)
        rows = [(*_told(clip), norm, is_padded) for clip, norm, is_padded in measured]
        yield np.array(rows, METADATA).tobytes()


def _told(clip: StoredClip) -> tuple[bytes, int, int, bytes]:
    """Say what the list says of a clip; times in whole seconds that hold it."""
    segment = clip.segment
    start_s, end_s = segment.span.start_ms // 1000, -(-segment.span.end_ms // 1000)
    return segment.ytid.encode(), start_s, end_s, _joined(segment.labels)


def _joined(mids: Sequence[str]) -> bytes:
    """Join as many ids as have room."""
    joined = ",".join(mids).encode()
    room = METADATA["labels"].itemsize
    return joined if len(joined) <= room else joined[: room + 1].rpartition(b",")[0]


def _finish(_finish: Finish) -> None:
    """Do nothing: each file came with its own metadata."""


EXPORTER = Exporter(
    name="hdf5",
    summary="HDF5 of waveforms (16 kHz mono float32, 10 s) and a metadata npy, as perib's tools have them",
    finish=_finish,
    clip_bytes=_clip_bytes,
    holds_ms=10_000,
    shards=ShardWriter(_plan, _write, shared=SharedFiles(_begin, _end, lambda file: (_metadata_name(file),))),
    extra="hdf5",
    modules=("h5py",),
    takes=frozenset({Choice.SEED, Choice.MAX_SHARD_SIZE, Choice.COMPAT}),
    seed=0,
)
