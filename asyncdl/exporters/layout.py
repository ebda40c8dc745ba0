"""Folders, file names and side files of an older downloader (``--like``), for code written for it.

A clip that is such a file already is linked or copied (``--by``); any other is converted: resampled by soxr,
to WAV of 16 bits or to AAC. A hard link and the clip are one file: whoever writes to one writes to both.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from asyncdl.core.export import Shard, Sizes, StoredClip, even_cuts
from asyncdl.core.keytable import KeyTable
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Choice, Exporter, Facts, Linking, ShardWriter, Terms
from asyncdl.exporting.encoded import WAV_HEADER_BYTES, as_m4a, as_wav
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.like import load_tool
from asyncdl.exporting.linking import link_clip, whole_clip
from asyncdl.exporting.older_tool import OlderTool, table_stem
from asyncdl.exporting.sound import ClipReader, mono, resampled
from asyncdl.exporting.table import Table
from asyncdl.exporting.work import ShardWork
from asyncdl.runtime.files import sync_folder

_CLIPS = 1000
# What is taken for a bound where the tool keeps the clip's own: YouTube has no more.
_MOST_RATE, _MOST_CHANNELS = 48_000, 2
# AAC at ffmpeg's default, with room; and what the side files say of a clip.
_AAC_BYTES_PER_MS = 32
_BESIDES = 4096


def _clip_bytes(table: Table, terms: Terms) -> Sizes:
    form = load_tool(terms.like).form
    is_kept = form.extension == table.extension and form.sample_rate is None and not form.is_mono
    durations_ms = table.durations_ms.astype(np.int64)
    if is_kept:
        sizes = table.sizes.astype(np.int64) * (terms.by is Linking.COPY)
    elif form.extension == "wav":
        rate = form.sample_rate or _MOST_RATE
        frame = 2 if form.is_mono else 2 * _MOST_CHANNELS
        sizes = (durations_ms * rate // 1000 + 1) * frame + WAV_HEADER_BYTES
    else:
        sizes = durations_ms * _AAC_BYTES_PER_MS
        if form.extension == table.extension:  # a clip that fits is taken as it is
            sizes = np.maximum(sizes, table.sizes.astype(np.int64))
    return sizes + _BESIDES


def _plan(table: Table, terms: Terms) -> list[Shard]:
    tool = load_tool(terms.like)
    _refuse_equal_names(table, terms, tool)
    return [
        Shard(name, stretch.split, stretch.first + first, count, name)
        for stretch in table.stretches
        for number, (first, count) in enumerate(even_cuts(stretch.count, _CLIPS))
        for name in (f"{terms.like}/{stretch.split}/{number}",)
    ]


def _refuse_equal_names(table: Table, terms: Terms, tool: OlderTool) -> None:
    """Raise ``UsageError`` where two clips, or the side files of two splits, would have one name."""
    splits = [stretch.split for stretch in table.stretches]
    if len({table_stem(split) for split in splits}) < len(splits):
        raise UsageError(
            f"--like {terms.like} has one folder for two of these splits: {', '.join(splits)}.",
            mend="Lay them out one by one: --split NAME --to DIR.",
        )
    if table.is_one_per_video:
        return
    paths, names, count = KeyTable(), KeyTable(), 0
    for count, clip in enumerate(table.clips(), 1):
        path = tool.path_of(clip)
        paths.add(path)
        names.add(f"{clip.segment.split}/{path.rpartition('/')[2]}")
        if min(len(paths), len(names)) < count:
            raise UsageError(
                f"--like {terms.like} names clips by their videos, and {clip.segment.ytid} has several here.",
                mend="--split takes lists apart; webdataset, parquet and nemo name clips by their segments.",
            )


def _write(work: ShardWork) -> Facts:
    tool = load_tool(work.terms.like)
    folders = set[Path]()
    work.will_write(map(tool.path_of, work.table.clips(work.shard.first, work.shard.count)))
    for clip, made in work.each(partial(_made, work, tool)):
        path = work.place.target / tool.path_of(clip)
        if isinstance(made, Path):
            size = link_clip(made, path, work.place, work.terms.by)
            work.files.append((str(path.relative_to(work.place.target)), size))
            folders.add(path.parent)
        else:
            if path.is_symlink():  # of an export that linked
                path.unlink()
            work.write_file(path, [made])
    for folder in sorted(folders):
        sync_folder(folder)
    return {}


def _made(work: ShardWork, tool: OlderTool, reader: ClipReader, clip: StoredClip) -> bytes | Path:
    """Answer the clip to link to, or the bytes to write."""
    form = tool.form
    if form.fits(clip):
        return reader.bytes_of(clip) if work.terms.by is Linking.COPY else whole_clip(work.place, clip)
    rate = form.sample_rate or clip.clip.sample_rate
    sound = reader.sound_of(clip)
    sound = resampled(mono(sound)[:, None] if form.is_mono else sound, clip.clip.sample_rate, rate)
    return as_wav(sound, rate) if form.extension == "wav" else as_m4a(sound, rate, reader)


def _finish(finish: Finish) -> None:
    load_tool(finish.terms.like).finish(finish)


EXPORTER = Exporter(
    name="layout",
    summary="folders and file names of an older downloader, by links where nothing has to be converted",
    finish=_finish,
    clip_bytes=_clip_bytes,
    shards=ShardWriter(_plan, _write),
    takes=frozenset({Choice.LIKE, Choice.BY}),
)
