"""dlrudco/Fast-Audioset-Download: 16 kHz AAC in folders of 5,000 rows, merged metadata, and what failed.

``wavs/<split>/<row // 5000>/id_<ytid>.m4a`` with rows counted from 0 below a list's three header lines,
``audioset_<split>_metadata.json``, ``audioset_metadata.json`` and ``download_<split>_logs.txt``. Records also
tell times and official names. Sidecars are left out, as the tool deletes them.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdl.core.export import StoredClip, known_split
from asyncdl.core.printable import printable
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.metadata_json import merge_metadata, record_of, url_of, write_metadata
from asyncdl.exporting.older_tool import AudioForm, OlderTool
from asyncdl.exporting.spools import Spools
from asyncdl.exporting.standing import Standing, StandingRow, standing_rows
from asyncdl.exporting.targets import Targets

_ROWS_A_FOLDER = 5000
_FIRST_ROW_LINE = 4


def _path_of(clip: StoredClip) -> str:
    row = max(clip.ref.line - _FIRST_ROW_LINE, 0)
    return f"wavs/{known_split(clip.segment.split)}/{row // _ROWS_A_FOLDER:06d}/id_{clip.segment.ytid}.m4a"


def _finish(finish: Finish) -> None:
    for split in finish.splits:
        write_metadata(finish, split, _records(finish, split))
    merge_metadata(finish)
    with Spools(finish.table.folder) as spools:
        for one in standing_rows(finish):
            if one.standing is Standing.FAILED:
                spools.add(one.row.segment.split, _log_line(one))
        for split in dict.fromkeys((*finish.splits, *spools.names)):
            finish.write(f"download_{known_split(split)}_logs.txt", spools.blocks(split))


def _records(finish: Finish, split: str) -> Iterator[dict[str, object]]:
    targets = Targets()
    for clip in finish.clips(split):
        yield record_of(clip, clip.segment.ytid, _path_of(clip), targets)


def _log_line(one: StandingRow) -> bytes:
    code = "left_out" if one.failure is None else one.failure.code
    text, url = printable(one.reason), url_of(one.row.segment.ytid)
    return f"{url} - ytdl : {text}, system : {printable(code)}\n".encode()


TOOL = OlderTool(
    "16 kHz AAC with metadata per split", AudioForm("m4a", 16_000), path_of=_path_of, finish=_finish
)
