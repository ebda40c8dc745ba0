"""WebDataset tars as LAION-CLAP has them: ``<split>/0.tar`` with FLAC (48 kHz mono) and JSON per clip.

``<split>/sizes.json`` tells the clips of each tar; CLAP sizes an epoch by it. Tars are written by the
standard library with fixed times and owners, so that the same clips give the same bytes.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence

import numpy as np
import orjson

from asyncdl.core.export import Shard, StoredClip, cuts_by_size
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.sound import as_int16, mono, resampled
from asyncdl.exporting.table import Table
from asyncdl.exporting.targets import Targets
from asyncdl.exporting.work import ShardWork

RATE = 48_000
_CLIPS = 512
# Two tar headers with their padding, the JSON, and FLAC of noise, which is a little more than its samples.
_BESIDES = 8192


def _clip_bytes(table: Table, _terms: Terms) -> Sequence[int]:
    sizes: list[int] = (table.durations_ms.astype(np.int64) * (RATE * 2 // 1000) + _BESIDES).tolist()
    return sizes


def _plan(table: Table, terms: Terms) -> list[Shard]:
    sizes = _clip_bytes(table, terms)
    most_bytes = terms.max_shard_bytes or sum(sizes) + 1
    shards = []
    for stretch in table.stretches:
        split, first, count = stretch.split, stretch.first, stretch.count
        try:
            cuts = cuts_by_size(sizes[first : first + count], _CLIPS, most_bytes)
        except ValueError as error:
            raise UsageError(f"--max-shard-size is too small: {error}.", mend="Give a larger one.") from error
        for number, (start, length) in enumerate(cuts):
            name = f"{split}/{number}.tar"
            shards.append(Shard(name, split, first + start, length, name))
    return shards


def _write(work: ShardWork) -> Facts:
    import soundfile  # noqa: PLC0415 - in worker processes only

    targets, count = Targets(), 0
    with work.part() as part, tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar:
        for clip, sound in work.sounds():
            encoded = io.BytesIO()
            samples = as_int16(resampled(mono(sound), clip.clip.sample_rate, RATE))
            soundfile.write(encoded, samples, RATE, format="FLAC", subtype="PCM_16")
            name = work.table.name_of(clip)
            _add(tar, f"{name}.flac", encoded.getvalue())
            _add(tar, f"{name}.json", orjson.dumps(_told(clip, targets)))
            count += 1
    return {"clips": count}


def _told(clip: StoredClip, targets: Targets) -> dict[str, object]:
    segment = clip.segment
    names = targets.names_of(segment.labels)
    captions = [text for name, text in segment.columns if name == "caption"]
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
    """Say ``The sounds of A, B and C``."""
    if len(names) < 2:
        return f"The sound of {names[0]}" if names else ""
    return f"The sounds of {', '.join(names[:-1])} and {names[-1]}"


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))


def _finish(finish: Finish) -> None:
    for split in finish.splits:
        shards = finish.shards_of(split)
        sizes = {shard.name.rpartition("/")[2]: finish.facts[shard.name]["clips"] for shard in shards}
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
