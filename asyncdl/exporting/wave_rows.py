"""Waveforms to make something else of: of clips, or the rows of a file that ``export hdf5`` wrote.

Such a file may also come from perib's own tools, whose last rows may be empty: ``size`` tells how many count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asyncdl.core.export import Shard
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.h5_rows import open_h5
from asyncdl.exporting.sound import Samples
from asyncdl.exporting.table import Stretch
from asyncdl.exporting.targets import CLASSES, Targets
from asyncdl.exporting.waves import FFT, SAMPLES, SOXR, wave_of
from asyncdl.exporting.work import ShardWork

_SHAPES = {"wav": SAMPLES, "labels": CLASSES}
_MEND = "It has /wav (N, 160000) and /labels (N, 527), as export hdf5 writes them."


@dataclass(frozen=True, slots=True)
class WaveRow:
    """``row`` counts from the shard's first; samples float32 (160000,), labels bool (527,)."""

    row: int
    samples: Samples
    labels: npt.NDArray[np.bool_]


def stretch_of(source: str) -> Stretch:
    """Take a file for a split of its name; raises ``UsageError`` where it has another form or no rows."""
    path = Path(source)
    try:
        with open_h5(path) as file:
            shapes = {name: getattr(file.get(name), "shape", None) for name in _SHAPES}
            rows = min((shape[0] for shape in shapes.values() if shape), default=0)
            rows = min(int(file.attrs.get("size", rows)), rows)
    except OSError as error:
        reason = error.strerror or "it is no HDF5 file"
        raise UsageError(f"--source {source} cannot be read: {reason}.", mend=_MEND) from None
    if any(shape is None or shape[1:] != (_SHAPES[name],) for name, shape in shapes.items()):
        raise UsageError(f"--source {source} has another form.", mend=_MEND)
    if not rows:
        raise UsageError(f"--source {source} has no rows.", mend=_MEND)
    return Stretch(path.stem, 0, rows)


def made_of_source(_shard: Shard, terms: Terms) -> list[bytes]:
    """Say which state of the file its rows are of: its size and when it was last changed."""
    told = Path(terms.source).stat()
    return [f"{told.st_size} {told.st_mtime_ns}".encode()]


def resampler_of(terms: Terms) -> str:
    """Name what brought the waveforms to 16 kHz; a file's own attribute tells of it."""
    if not terms.source:
        return FFT if terms.compat else SOXR
    with open_h5(Path(terms.source)) as file:
        return str(file.attrs.get("resampler", FFT))


def wave_rows(work: ShardWork) -> Iterator[WaveRow]:
    """Yield the rows of a shard, without those of clips that are left out."""
    return _of_source(work) if work.terms.source else _of_clips(work)


def _of_clips(work: ShardWork) -> Iterator[WaveRow]:
    targets = Targets()
    for row, clip, sound in work.rows():
        wave = wave_of(clip, sound, compat=work.terms.compat)
        yield WaveRow(row, wave.samples, targets.of(clip.segment.labels))


def _of_source(work: ShardWork) -> Iterator[WaveRow]:
    with open_h5(Path(work.terms.source)) as file:
        for row in range(work.shard.count):
            number = work.shard.first + row
            samples = np.asarray(file["wav"][number], np.float32)
            yield WaveRow(row, samples, np.asarray(file["labels"][number], np.bool_))
            work.tell_row()
