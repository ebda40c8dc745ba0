"""perib/AudioSet_Download_and_Experiments: WAV at the clip's own rate and channels, and rows good and bad.

For a table ``X.csv``: ``X_downloads/X_downloads_0/YT_<ytid>.wav``, ``logs/X_goodlogs/goodLog_0_0.csv`` and
``logs/X_errorlogs/errorLog_0_0.csv``, which hold rows of the table without a header. All is one job's, number
0. The HDF5 files that its other scripts make are the formats ``hdf5`` and ``cochleagram``.
"""

from __future__ import annotations

from asyncdl.core.export import StoredClip
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.older_tool import AudioForm, OlderTool, table_stem
from asyncdl.exporting.segment_lists import usual_line
from asyncdl.exporting.spools import Spools
from asyncdl.exporting.standing import Standing, standing_rows

_LOGS = {
    Standing.GOOD: "logs/{0}_goodlogs/goodLog_0_0.csv",
    Standing.FAILED: "logs/{0}_errorlogs/errorLog_0_0.csv",
}


def _path_of(clip: StoredClip) -> str:
    stem = table_stem(clip.segment.split)
    return f"{stem}_downloads/{stem}_downloads_0/YT_{clip.segment.ytid}.wav"


def _finish(finish: Finish) -> None:
    stems = dict.fromkeys(table_stem(split) for split in finish.splits)
    with Spools(finish.table.folder) as spools:
        for one in standing_rows(finish):
            if one.standing in _LOGS:
                stem = table_stem(one.row.segment.split)
                stems[stem] = None
                spools.add(_LOGS[one.standing].format(stem), usual_line(one.row.segment))
        for stem in stems:
            for log in _LOGS.values():
                finish.write(log.format(stem), spools.blocks(log.format(stem)))


TOOL = OlderTool("WAV of the clip's own rate, with logs of rows", AudioForm("wav"), _path_of, _finish)
