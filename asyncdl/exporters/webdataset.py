"""WebDataset tars as LAION-CLAP has them: ``<split>/0.tar`` with FLAC (48 kHz mono) and JSON per clip.

``<split>/sizes.json`` tells the clips of each tar; CLAP sizes an epoch by it. Tars are written by the
standard library with fixed times and owners, so that the same clips give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
import orjson

from asyncdl.core.export import Shard, Sizes, StoredClip
from asyncdl.core.table_columns import CAPTION
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.sound import ClipReader, Head, as_int16, head_of, mono, resampled
from asyncdl.exporting.table import Table
from asyncdl.exporting.targets import Targets
from asyncdl.exporting.tars import MEMBER_BYTES, Member, tar_shards, write_tar
from asyncdl.exporting.work import ShardWork

RATE = 48_000
_CLIPS = 512
# Frames of noise are a little longer than their samples, ffmpeg leaves 8 KiB empty; two headers with padding.
_FLAC_BYTES, _TAR_BYTES = 16_384, 2 * MEMBER_BYTES
# JSON tells mids and, three times, names; a name that is long for its mid makes most of its row.
_JSON_BYTES, _JSON_GROWTH = 512, 14


def _clip_bytes(table: Table, _terms: Terms) -> Sizes:
    flac = table.durations_ms.astype(np.int64) * (RATE * 2 // 1000) + _FLAC_BYTES
    return flac + table.row_bytes * _JSON_GROWTH + _JSON_BYTES + _TAR_BYTES


def _plan(table: Table, terms: Terms) -> list[Shard]:
    return tar_shards(table, _clip_bytes(table, terms), _CLIPS, terms.max_shard_bytes, _file)


def _file(split: str, number: int, _shards: int) -> str:
    return f"{split}/{number}.tar"


def _write(work: ShardWork) -> Facts:
    return {"clips": write_tar(work, _samples(work))}


def _samples(work: ShardWork) -> Iterator[list[Member]]:
    targets = Targets()
    for clip, flac in work.each(_flac):
        key = _key(work.table.name_of(clip))
        yield [(f"{key}.flac", flac), (f"{key}.json", orjson.dumps(_told(clip, targets)))]


def _key(name: str) -> str:
    """Name a sample; ``datasets`` passes over members of a tar that begin with two underscores."""
    return f"Y{name}" if name.startswith("__") else name


def _flac(reader: ClipReader, clip: StoredClip) -> bytes:
    """Encode a clip; one that is such a file already is taken as it stands.

    The encoder's level is its default, 5 of 8: the highest makes 1 % less in twice the time.
    """
    import soundfile  # noqa: PLC0415 - in worker processes only

    data = reader.bytes_of(clip)
    if _is_as_wanted(clip, data):
        return data
    samples = as_int16(resampled(mono(reader.sound_in(clip, data)), clip.clip.sample_rate, RATE))
    encoded = io.BytesIO()
    soundfile.write(encoded, samples, RATE, format="FLAC", subtype="PCM_16")
    return encoded.getvalue()


def _is_as_wanted(clip: StoredClip, data: bytes) -> bool:
    """Tell 48 kHz, mono, 16 bit FLAC; with more beside its sound than was planned for it is none."""
    wanted = Head("FLAC", "PCM_16", RATE, 1, clip.clip.samples)
    return head_of(data) == wanted and len(data) <= 2 * clip.clip.samples + _FLAC_BYTES


def _told(clip: StoredClip, targets: Targets) -> dict[str, object]:
    segment = clip.segment
    names = targets.names_of(segment.labels)
    captions = [text for name, text in segment.columns if name == CAPTION and text.strip()]
    original = {
        "class_labels": segment.labels,
        "class_names": names,
        "ytid": segment.ytid,
        "start": segment.span.start_ms / 1000,
        "end": segment.span.end_ms / 1000,
        "sha256": clip.clip.sha256,
    }
    return {"text": captions or [_caption(names)], "tag": names, "original_data": original}


def _caption(names: Sequence[str]) -> str:
    """Say ``The sounds of A, B and C``; nothing where nothing is known, which loads like any other text."""
    if len(names) < 2:
        return f"The sound of {names[0]}" if names else ""
    return f"The sounds of {', '.join(names[:-1])} and {names[-1]}"


def _finish(finish: Finish) -> None:
    for split in finish.splits:
        shards = finish.shards_of(split)
        counts = {shard.file.rpartition("/")[2]: finish.facts[shard.name]["clips"] for shard in shards}
        sizes = {tar: count for tar, count in counts.items() if count}
        finish.write(f"{split}/sizes.json", [orjson.dumps(sizes, option=orjson.OPT_INDENT_2)])


EXPORTER = Exporter(
    name="webdataset",
    summary="tar shards of FLAC (48 kHz mono) and JSON, as LAION-CLAP has them",
    finish=_finish,
    clip_bytes=_clip_bytes,
    shards=ShardWriter(_plan, _write),
    takes=frozenset({Choice.SEED, Choice.MAX_SHARD_SIZE}),
    seed=0,
)
