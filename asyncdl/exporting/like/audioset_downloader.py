"""swagshaw/audioset-downloader: 16 kHz WAV with the source's channels, and tables of events.

``dataset/<ytid>_<start s>.wav``, ``metadata.tsv``, and ``{train,valid,test}_strong.tsv`` where the clips come
from strong lists. The tool splits rows at random, so that clips stand in two parts; here each clip is in
one. Labels of ``metadata.tsv`` are ids, none of them ``Other``, since nothing was asked for by label. Names
tell parts of a second.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from asyncdl.core.export import StoredClip, known_split
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.older_tool import AudioForm, OlderTool, shortest_seconds
from asyncdl.exporting.sound_events import events_of
from asyncdl.exporting.spools import Spools, csv_line
from asyncdl.exporting.targets import Targets

_METADATA = "metadata.tsv"
_COLUMNS = ("segment_id", "start_time_seconds", "end_time_seconds", "label")
_PARTS = ("train", "valid", "test")
_EVALUATION = frozenset({"eval", "strong_eval", "audioset_eval_strong"})


def _file_of(clip: StoredClip) -> str:
    return f"{clip.segment.ytid}_{shortest_seconds(clip.segment.span.start_ms)}.wav"


def _path_of(clip: StoredClip) -> str:
    return f"dataset/{_file_of(clip)}"


def _finish(finish: Finish) -> None:
    targets = Targets()
    has_evaluation = not _EVALUATION.isdisjoint(map(known_split, finish.splits))
    with Spools(finish.table.folder) as spools:
        for clip in finish.clips():
            table = _strong(_part_of(clip, has_evaluation=has_evaluation))
            segment_id = f"{clip.segment.ytid}_{clip.segment.span.start_ms}"
            for start, end, mid in events_of(clip) or ():
                spools.add(_METADATA, csv_line((segment_id, start, end, mid), "\t"))
                row = (segment_id, start, end, targets.name_of(mid), _file_of(clip), round(end - start, 6))
                spools.add(table, csv_line(row, "\t"))
        if _METADATA in spools.names:
            _write(finish, spools)


def _write(finish: Finish, spools: Spools) -> None:
    finish.write(_METADATA, _with_header(_COLUMNS, spools, _METADATA))
    for part in _PARTS:
        finish.write(_strong(part), _with_header((*_COLUMNS, "name", "duration"), spools, _strong(part)))


def _with_header(columns: tuple[str, ...], spools: Spools, name: str) -> Iterator[bytes]:
    yield csv_line(columns, "\t")
    yield from spools.blocks(name)


def _strong(part: str) -> str:
    return f"{part}_strong.tsv"


def _part_of(clip: StoredClip, *, has_evaluation: bool) -> str:
    """Choose by the video alone: evaluation clips are halved; where there are none a fifth of all is."""
    number = int(hashlib.sha256(clip.segment.ytid.encode()).hexdigest()[:8], 16) % 10
    if has_evaluation:
        return _PARTS[1 + number % 2] if known_split(clip.segment.split) in _EVALUATION else "train"
    return _PARTS[1 + number] if number < 2 else "train"


TOOL = OlderTool("16 kHz WAV with tables of events", AudioForm("wav", 16_000), _path_of, _finish)
