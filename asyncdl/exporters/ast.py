"""JSON lists as AST, SSAST, PSLA and AudioMAE load them, over 16 kHz mono sound.

    <split>.json            {"data": [{"wav": "<absolute path>", "labels": "/m/a,/m/b"}, …]}
    <split>_weight.csv      a weight per clip, for the balanced sampler
    class_labels_indices.csv

The loaders neither resample nor mix down, so 16-bit WAV files are written, unless the clips are 16 kHz mono
WAV or FLAC already: then the lists point at those. ``--wav HZ`` writes files in any case. A loader stops at a
label that is none of the 527 classes, and at a clip without any, so neither stands in a list;
``unlabelled.txt`` names such clips, as ``<split>/<key>``.

The weight of a clip is the sum over its classes of 1000 / (clips of the split with that class + 0.01), as
AST's own program has it; AST finds the file by its name.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import orjson

from asyncdl.core.export import Shard, Sizes, StoredClip
from asyncdl.core.model import AudioFormat
from asyncdl.errors import UsageError
from asyncdl.exporting.contract import Choice, Exporter, Facts, ShardWriter, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.pointing import (
    Pointed,
    folder_seen,
    labelled,
    lists_in,
    moved,
    pointed,
    reanchor_lines,
    tell_unlabelled,
)
from asyncdl.exporting.table import Table
from asyncdl.exporting.targets import CLASS_TABLE_BYTES, CLASSES, Targets, class_table
from asyncdl.exporting.wav_files import plan_wavs, text_sizes, wav_sizes, write_wavs
from asyncdl.exporting.work import Place, ShardWork

RATE = 16_000
_HEAD, _TAIL = b'{"data":[\n', b"]}\n"
# A path, a weight, and names.
_BESIDES = 512


def _clip_bytes(table: Table, terms: Terms) -> Sizes:
    rate = _rate(table, terms)
    texts = text_sizes(table, 1, _BESIDES)
    texts[:1] += CLASS_TABLE_BYTES
    return texts if rate is None else texts + wav_sizes(table, rate)


def _check(table: Table, terms: Terms, place: Place) -> None:
    folder_seen(place, terms, has_files=_rate(table, terms) is not None)


def _plan(table: Table, terms: Terms) -> list[Shard]:
    rate = _rate(table, terms)
    return [] if rate is None else plan_wavs(table)


def _rate(table: Table, terms: Terms) -> int | None:
    """Say at which rate to write files; None where the clips will do as they are."""
    if terms.wav is not None:
        return terms.wav
    is_lossless = table.extension in {AudioFormat.WAV, AudioFormat.FLAC}
    return None if is_lossless and all(_suits(clip) for clip in table.clips()) else RATE


def _suits(clip: StoredClip) -> bool:
    return clip.clip.sample_rate == RATE and clip.clip.channels == 1


def _write(work: ShardWork) -> Facts:
    targets = Targets()
    rate = RATE if work.terms.wav is None else work.terms.wav
    return write_wavs(work, rate, lambda clip: bool(targets.indices_of(clip.segment.labels)))


def _finish(finish: Finish) -> None:
    targets, listed = Targets(), 0
    files = pointed(finish, (finish.terms.wav or RATE) if finish.shards else None)
    for split in finish.splits:
        classes = _Classes()
        finish.write(f"{split}.json", _json(files, split, targets, classes))
        finish.write(f"{split}_weight.csv", classes.weights())
        listed += len(classes)
    finish.write("class_labels_indices.csv", [class_table()])
    tell_unlabelled(finish, targets, listed)


class _Classes:
    """The classes of the clips in a list, a few bytes a clip: weights are known after the last one only."""

    def __init__(self) -> None:
        self._indices, self._counts = array("H"), array("H")

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, indices: Sequence[int]) -> None:
        """Append a clip."""
        self._indices.extend(indices)
        self._counts.append(len(indices))

    def weights(self) -> Iterator[bytes]:
        """Yield a line per clip."""
        indices, counts = np.array(self._indices, np.int64), np.array(self._counts, np.int64)
        of_class = 1000.0 / (np.bincount(indices, minlength=CLASSES) + 0.01)
        clips = np.repeat(np.arange(len(counts)), counts)
        for weight in np.bincount(clips, of_class[indices], len(counts)).tolist():
            yield f"{weight!r}\n".encode()


def _json(files: Pointed, split: str, targets: Targets, classes: _Classes) -> Iterator[bytes]:
    """Yield the list an item a line, so that no reader of lines needs much memory."""
    yield _HEAD
    is_first = True
    for clip, indices in labelled(files.finish, split, targets):
        classes.add([*indices.values()])
        item = orjson.dumps({"wav": files.path(clip), "labels": ",".join(indices)})
        yield item if is_first else b",\n" + item
        is_first = False
    yield b"\n" + _TAIL


def _reanchor(folder: Path, root: Path) -> int:
    def change(line: bytes) -> bytes:
        if line in {_HEAD, b"\n", _TAIL}:
            return line
        item = line.rstrip(b",\n")
        try:
            told = orjson.loads(item)
        except orjson.JSONDecodeError:
            raise UsageError(
                "A list of this export is damaged.", mend="Export again: it is made anew."
            ) from None
        told["wav"] = moved(told["wav"], folder, root)
        return orjson.dumps(told) + line[len(item) :]

    return sum(reanchor_lines(path, change) for path in lists_in(folder, "*.json"))


EXPORTER = Exporter(
    name="ast",
    summary="JSON lists, sampler weights and 16 kHz mono WAV, as AST, SSAST and AudioMAE load them",
    finish=_finish,
    clip_bytes=_clip_bytes,
    shards=ShardWriter(_plan, _write),
    takes=frozenset({Choice.ROOT, Choice.SEED, Choice.WAV}),
    check=_check,
    reanchor=_reanchor,
)
