"""test-dan-run/WALNet, ``downloads/audioset``: 44.1 kHz mono WAV and a manifest for each table.

``<table>/processed/Y<ytid>_<s>_<e>.wav``, ``<table>/manifest.json`` (JSON lines; ``duration`` is the file's),
and ``class_labels_indices.txt`` at the top. Its trainer knows the 527 classes only, so other labels are not
told. The dated folder and the downloads in ``downloaded/`` are left out; names tell parts of a second.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from asyncdl.core.export import StoredClip
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.older_tool import AudioForm, OlderTool, shortest_seconds, table_stem
from asyncdl.exporting.targets import class_table
from asyncdl.labels import load_labels

_FORM = AudioForm("wav", 44_100, is_mono=True)


def _file_of(clip: StoredClip) -> str:
    span = clip.segment.span
    times = f"{shortest_seconds(span.start_ms)}_{shortest_seconds(span.end_ms)}"
    return f"processed/Y{clip.segment.ytid}_{times}.wav"


def _path_of(clip: StoredClip) -> str:
    return f"{table_stem(clip.segment.split)}/{_file_of(clip)}"


def _finish(finish: Finish) -> None:
    for split in finish.splits:
        finish.write(f"{table_stem(split)}/manifest.json", _manifest(finish, split))
    finish.write("class_labels_indices.txt", [class_table(with_header=False)])


def _manifest(finish: Finish, split: str) -> Iterator[bytes]:
    classes = {label.mid for label in load_labels().classes}
    for clip in finish.clips(split):
        line = {
            "audio_filepath": _file_of(clip),
            "duration": _FORM.duration_s(clip),
            "labels": [mid for mid in clip.segment.labels if mid in classes],
        }
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


TOOL = OlderTool("44.1 kHz mono WAV with a manifest per table", _FORM, _path_of, _finish)
