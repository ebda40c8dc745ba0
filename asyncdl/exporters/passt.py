"""HDF5 files of MP3s as PaSST and EfficientAT read them: ``<split>_segments_mp3.hdf``.

Mono, 32 kHz, 64 kbit/s, each clip at its own length: the loader pads or cuts. Decoders that pass over the
encoder's note of its delay find up to 0.1 s more, which is the format's nature. HDF5 keeps rows of unequal
length in a heap, which has one writer: shards are files of records, and one pass at the end joins them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from asyncdl.core.export import Shard, Sizes, cuts_by_size, known_split
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, SharedFiles, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.h5_rows import Column, H5File, make_rows, open_h5
from asyncdl.exporting.mp3 import RATE, mp3_bytes, mp3_of
from asyncdl.exporting.shared import SharedFile
from asyncdl.exporting.slabs import FileOfRows, numbered_files, slabs
from asyncdl.exporting.sound import mono, resampled
from asyncdl.exporting.table import Stretch, Table
from asyncdl.exporting.targets import CLASSES, Targets
from asyncdl.exporting.work import ShardWork
from asyncdl.runtime.files import open_plain, replace_file, sync_folder

_PACKED = -(-CLASSES // 8)
_COLUMNS = (Column("audio_name", (), "S20"), Column("target", (_PACKED,), "uint8"))
_RECORD = struct.Struct(f"<20s{_PACKED}sI")  # name, packed target, bytes of the MP3 that follows
_SHARD_CLIPS = 256
_HEADER_BYTES = 8192
_HEAP_BYTES = 4096  # a collection of HDF5's heap at least; larger ones are as large as their MP3
_BESIDES = 20 + _PACKED + 16 + 64  # name, target, reference into the heap, and what the heap adds


def _clip_bytes(table: Table, _terms: Terms) -> Sizes:
    """Count the row and its share of a header where few share one."""
    return _row_bytes(table) + _HEADER_BYTES // 4


def _row_bytes(table: Table) -> Sizes:
    samples = table.durations_ms.astype(np.int64) * (RATE // 1000)
    return np.maximum(mp3_bytes(samples), _HEAP_BYTES) + _BESIDES


def _plan(table: Table, terms: Terms) -> list[Shard]:
    sizes = _row_bytes(table)
    stretches = table.stretches
    return [shard for one in stretches for shard in slabs(one, _files(one, sizes, terms), _SHARD_CLIPS)]


def _files(stretch: Stretch, sizes: Sizes, terms: Terms) -> Iterator[FileOfRows]:
    cuts = _cuts(sizes[stretch.first : stretch.first + stretch.count], terms.max_shard_bytes)
    return numbered_files(stretch, cuts, _file)


def _cuts(sizes: Sizes, most_bytes: int | None) -> list[tuple[int, int]]:
    """Cut a split into files; one, unless ``--max-shard-size`` asks for more."""
    if most_bytes is None:
        return [(0, len(sizes))] if len(sizes) else []
    try:
        return cuts_by_size(sizes, len(sizes), most_bytes - _HEADER_BYTES)
    except ValueError as error:
        raise UsageError(f"--max-shard-size is too small: {error}.", mend="Give a larger one.") from error


def _file(split: str, part: int, parts: int) -> str:
    name = f"{known_split(split)}_segments"
    return f"{name}_mp3.hdf" if parts == 1 else f"{name}_part{part:02d}_mp3.hdf"


def _begin(shared: SharedFile) -> None:
    shared.part.mkdir()
    sync_folder(shared.part.parent)


def _write(work: ShardWork) -> Facts:
    replace_file(_path_of(work.shared_part, work.shard), _records(work))
    return {}


def _records(work: ShardWork) -> Iterator[bytes]:
    targets = Targets()
    for clip, sound in work.sounds():
        mp3 = mp3_of(resampled(mono(sound), clip.clip.sample_rate, RATE))
        target = np.packbits(targets.of(clip.segment.labels)).tobytes()
        yield _RECORD.pack(f"Y{clip.segment.ytid}.mp3".encode(), target, len(mp3))
        yield mp3


def _end(shared: SharedFile, out: Path) -> Path:
    """Join the records of all shards, which only one process can do."""
    import h5py  # noqa: PLC0415 - an extra

    rows = shared.kept_rows
    make_rows(out, _COLUMNS, rows, {})
    with open_h5(out, "r+") as file:
        file.create_dataset("mp3", (rows,), h5py.vlen_dtype(np.uint8), track_times=False)
        row = 0
        for shard in shared.shards:
            row = _add_records(file, row, _path_of(shared.part, shard))
    return out


def _add_records(file: H5File, first: int, path: Path) -> int:
    """Append the rows of a shard; answers the number of the next row."""
    mp3s, names, targets = file["mp3"], list[bytes](), list[npt.NDArray[np.uint8]]()
    with open_plain(path) as records:
        for row, (name, target, mp3) in enumerate(_read(records), first):
            names.append(name)
            targets.append(target)
            mp3s[row] = mp3  # one at a time: h5py makes a table of several that are equally long
    end = first + len(names)
    if names:
        file["audio_name"][first:end] = np.array(names, "S20")
        file["target"][first:end] = np.stack(targets)
    return end


def _read(records: BinaryIO) -> Iterator[tuple[bytes, npt.NDArray[np.uint8], npt.NDArray[np.uint8]]]:
    while head := records.read(_RECORD.size):
        name, target, size = _RECORD.unpack(head)
        yield name.rstrip(b"\0"), np.frombuffer(target, np.uint8), np.frombuffer(records.read(size), np.uint8)


def _path_of(part: Path, shard: Shard) -> Path:
    return part / f"{shard.row:09d}.records"


def _finish(_: Finish) -> None:
    """Nothing speaks of all files."""


EXPORTER = Exporter(
    name="passt",
    summary="HDF5 of MP3s (32 kHz mono, 64 kbit/s) with packed targets, as PaSST and EfficientAT have them",
    finish=_finish,
    clip_bytes=_clip_bytes,
    shards=ShardWriter(_plan, _write, shared=SharedFiles(_begin, _end)),
    extra="hdf5",
    modules=("h5py",),
    takes=frozenset({Choice.SEED, Choice.MAX_SHARD_SIZE}),
    needs_one_clip_per_video=True,
)
