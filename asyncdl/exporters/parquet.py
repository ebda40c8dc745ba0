"""Parquet files as Hugging Face's ``datasets`` loads them, with the columns that AudioSet has there.

``data/<split>/NN.parquet`` holds ``video_id``, ``audio`` (the clip's own file, as it stands), ``labels`` and
``human_labels``; where videos have several clips, ``start_ms`` and ``end_ms`` tell them apart. The top of the
README makes configurations of the splits. ``datasets`` decodes FLAC, WAV, MP3 and Opus by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import orjson

from asyncdl.core.export import Shard, Sizes, StoredClip, known_split, unique_names
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, Terms
from asyncdl.exporting.cutting import shards_by_size
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.hf_configs import configs_of
from asyncdl.exporting.sound import ClipReader, Unfit
from asyncdl.exporting.table import Table
from asyncdl.exporting.targets import Targets
from asyncdl.exporting.work import ShardWork

SHARD_BYTES = 500_000_000
# ``datasets`` takes no wider cells than those whose ends have 31 bits; the head of a page counts too.
_MOST_BYTES = (1 << 31) - (1 << 20)
_GROUP_ROWS, _GROUP_BYTES = 100, 1 << 28
# Measured: 140 bytes a row and 1.5 KiB a file, 810 a row where each is a group of its own. The strings of a
# row are its mids and their names, which take little more than five times what they take in the list.
_ROW_BYTES, _ROW_GROWTH, _FILE_BYTES = 1024, 6, 8192
_FOLDERS = {"balanced_train": "bal_train", "unbalanced_train": "unbal_train", "eval": "eval"}
_Schema = Any
_Batch = Any  # pyarrow ships no types


def _clip_bytes(table: Table, _terms: Terms) -> Sizes:
    sizes = table.sizes.astype(np.int64)
    sizes[sizes > _MOST_BYTES] = 0  # left out
    return sizes + table.row_bytes * _ROW_GROWTH + _ROW_BYTES


def _plan(table: Table, terms: Terms) -> list[Shard]:
    folders = _folders([stretch.split for stretch in table.stretches])

    def file_of(split: str, number: int, shards: int) -> str:
        return f"data/{folders[split]}/{number:0{max(len(str(shards - 1)), 2)}}.parquet"

    sizes = _clip_bytes(table, terms)
    most = terms.max_shard_bytes or max(SHARD_BYTES, int(sizes.max(initial=0)) + _FILE_BYTES)
    return shards_by_size(table, sizes, most_clips=len(table), most_bytes=most - _FILE_BYTES, file_of=file_of)


def _folders(splits: Collection[str]) -> dict[str, str]:
    """Name the folder of each split: AudioSet's by its published name, unless two would share it."""
    return unique_names(splits, lambda split: _FOLDERS.get(known_split(split), split))


def _write(work: ShardWork) -> Facts:
    import pyarrow as pa  # noqa: PLC0415 - an extra
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

    schema = _schema(is_one_per_video=work.table.is_one_per_video)
    # Encoded sound neither shrinks nor repeats. A list is in the order of its ids: their range finds a group.
    options = {"compression": "none", "use_dictionary": False, "write_statistics": ["video_id"]}
    with work.part() as part, part.open("wb") as file, pq.ParquetWriter(file, schema, **options) as writer:
        group = list[_Batch]()
        for row in _rows(work, schema):
            group.append(row)
            if len(group) == _GROUP_ROWS or sum(one.nbytes for one in group) >= _GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(group, schema))
                group.clear()
        if group:
            writer.write_table(pa.Table.from_batches(group, schema))
    return {}


def _rows(work: ShardWork, schema: _Schema) -> Iterator[_Batch]:
    """Yield each clip as a batch of one row, which makes no copy of its bytes."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    targets, audio = Targets(), schema.field("audio").type
    for clip, data in work.each(_content):
        ends = pa.array([0, len(data)], pa.int32()).buffers()[1]
        column = pa.Array.from_buffers(pa.binary(), 1, [None, ends, pa.py_buffer(data)])
        names = pa.array([f"{work.table.name_of(clip)}.{work.table.extension}"])
        told = _told(clip, targets) | {
            "audio": pa.StructArray.from_arrays([column, names], fields=list(audio))
        }
        yield pa.record_batch([told[name] for name in schema.names], schema)


def _content(reader: ClipReader, clip: StoredClip) -> bytes:
    """Read a clip's file if a cell can hold it."""
    if clip.clip.size_bytes > _MOST_BYTES:
        raise Unfit("it is larger, with 2 GiB and more, than a row can hold", is_lasting=True)
    return reader.bytes_of(clip)


def _told(clip: StoredClip, targets: Targets) -> dict[str, list[object]]:
    """Tell what stands beside the sound, as columns of one row."""
    segment = clip.segment
    return {
        "video_id": [segment.ytid],
        "labels": [segment.labels],
        "human_labels": [targets.names_of(segment.labels)],
        "start_ms": [segment.span.start_ms],
        "end_ms": [segment.span.end_ms],
    }


def _schema(*, is_one_per_video: bool) -> _Schema:
    """Make the schema, with what ``datasets`` wants to know of it: the words that 3 and 5 both take."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    text, strings = {"dtype": "string", "_type": "Value"}, pa.list_(pa.string())
    audio = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns: list[tuple[str, Any, object]] = [
        ("video_id", pa.string(), text),
        ("audio", audio, {"_type": "Audio"}),
        ("labels", strings, {"feature": text, "_type": "Sequence"}),
        ("human_labels", strings, {"feature": text, "_type": "Sequence"}),
    ]
    if not is_one_per_video:
        whole = {"dtype": "int64", "_type": "Value"}
        columns += [("start_ms", pa.int64(), whole), ("end_ms", pa.int64(), whole)]
    features = {name: feature for name, _, feature in columns}
    told = orjson.dumps({"info": {"features": features}})
    return pa.schema([(name, kind) for name, kind, _ in columns], metadata={"huggingface": told})


def _front_matter(clips: Mapping[str, int]) -> str:
    """Write the configurations of the splits that have clips, between the lines that enclose it."""
    folders = _folders([split for split, count in clips.items() if count])
    return f"---\ntask_categories:\n- audio-classification\n{configs_of(folders.values())}---\n"


def _finish(_finish: Finish) -> None:
    """All that speaks of the shards together is at the top of the README."""


EXPORTER = Exporter(
    name="parquet",
    summary="Parquet files of clips and labels, as Hugging Face datasets loads them",
    finish=_finish,
    clip_bytes=_clip_bytes,
    shards=ShardWriter(_plan, _write),
    extra="parquet",
    modules=("pyarrow",),
    takes=frozenset({Choice.SEED, Choice.MAX_SHARD_SIZE}),
    front_matter=_front_matter,
)
