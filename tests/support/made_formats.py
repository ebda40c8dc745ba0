"""Two formats made up for tests of what all formats share: text files, and rows of shared HDF5 files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from asyncdl.core.export import Shard, Sizes, even_cuts
from asyncdl.exporting.completing import complete
from asyncdl.exporting.contract import Exporter, Facts, ShardWriter, SharedFiles, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.h5_rows import Column, begin_rows, end_rows, row_writer
from asyncdl.exporting.shared import SharedFile
from asyncdl.exporting.sound import as_int16, fitted, mono
from asyncdl.exporting.steps import Export, prepare
from asyncdl.exporting.table import Table
from asyncdl.exporting.work import ShardWork
from support.exports import make_todo, opened

CLIPS_A_SHARD = 2
SAMPLES = 64
COLUMNS = (Column("key", (), "S31"), Column("sound", (SAMPLES,), "<i2"))


def _clip_bytes(table: Table, _terms: Terms) -> Sizes:
    return np.full(len(table), 100)


def _plan(table: Table, _terms: Terms) -> list[Shard]:
    return [
        Shard(f"{stretch.split}/{number}.txt", stretch.split, stretch.first + first, count, name)
        for stretch in table.stretches
        for number, (first, count) in enumerate(even_cuts(stretch.count, CLIPS_A_SHARD))
        for name in [f"{stretch.split}/{number}.txt"]
    ]


def _write_text(work: ShardWork) -> Facts:
    keys = []
    with work.part() as part, part.open("w") as file:
        for clip, sound in work.sounds():
            file.write(f"{work.table.name_of(clip)} {as_int16(sound).tolist()[0]}\n")
            keys.append(clip.key)
    return {"keys": keys}


def _finish_text(finish: Finish) -> None:
    for split in finish.splits:
        finish.write(f"{split}/keys.txt", (f"{clip.key}\n".encode() for clip in finish.clips(split)))


TEXT = Exporter("text", "lines", _finish_text, _clip_bytes, ShardWriter(_plan, _write_text))


def _plan_rows(table: Table, _terms: Terms) -> list[Shard]:
    return [
        Shard(f"{stretch.split} {row}", stretch.split, stretch.first + row, count, f"{stretch.split}.h5", row)
        for stretch in table.stretches
        for row, count in even_cuts(stretch.count, CLIPS_A_SHARD)
    ]


def _begin(shared: SharedFile) -> None:
    begin_rows(shared.part, COLUMNS, shared.rows, {"clips": shared.rows})


def _write_rows(work: ShardWork) -> Facts:
    with row_writer(work.shared_part, work.shard.row) as file:
        for row, clip, sound in work.rows():
            file.put(row, key=clip.key.encode(), sound=as_int16(fitted(mono(sound), SAMPLES)))
    return {}


def _end(shared: SharedFile, out: Path) -> Path:
    return end_rows(shared, out, COLUMNS, {"clips": shared.kept_rows})


ROWS = Exporter(
    "rows",
    "rows",
    lambda _: None,
    _clip_bytes,
    ShardWriter(_plan_rows, _write_rows, shared=SharedFiles(_begin, _end)),
)


@contextmanager
def opened_as(exporter: Exporter, root: Path, terms: Terms | None = None, to: str = "") -> Iterator[Export]:
    """Open an export in ``exports/<name>`` of the data set; in the order of the lists, unless seeded."""
    with opened(root, "nemo", root / "exports" / (to or exporter.name), terms) as export:
        yield replace(export, exporter=exporter)


def export_as(exporter: Exporter, root: Path, terms: Terms | None = None, to: str = "") -> tuple[Finish, int]:
    """Export whole; answers also how many shards were made."""
    with opened_as(exporter, root, terms, to) as export:
        agenda = prepare(export)
        made = make_todo(export, agenda)
        return complete(export, agenda), made
