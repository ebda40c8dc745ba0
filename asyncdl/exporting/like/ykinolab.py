"""ykinolab-tokai/AudioSetDownloader: WAV at the clip's own rate and channels, and where each one lies.

For a table ``X.csv``: ``X.csv.splits/<ytid>.wav``, and ``X.csv.split-pos.csv`` with two blanks between path
and quoted labels. Whole videos (``X.csv.download``, ``X.csv.waves``) and its log are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdl.core.export import StoredClip
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.older_tool import AudioForm, OlderTool, table_stem
from asyncdl.exporting.segment_lists import mids_of


def _path_of(clip: StoredClip) -> str:
    return f"{table_stem(clip.segment.split)}.csv.splits/{clip.segment.ytid}.wav"


def _finish(finish: Finish) -> None:
    for split in finish.splits:
        finish.write(f"{table_stem(split)}.csv.split-pos.csv", _positions(finish, split))


def _positions(finish: Finish, split: str) -> Iterator[bytes]:
    for clip in finish.clips(split):
        yield f'./{_path_of(clip)},  "{",".join(mids_of(clip.segment))}"\n'.encode()


TOOL = OlderTool("WAV of the clip's own rate, with a table of paths", AudioForm("wav"), _path_of, _finish)
