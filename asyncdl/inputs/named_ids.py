"""Files that name segments: video ids or keys, one a line; or any list, which names its videos.

Ids of strong segments and addresses of videos on YouTube stand for their videos.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from asyncdl.core.columns import ID_NAMES, STRONG_ID_NAME
from asyncdl.core.events import Source
from asyncdl.core.forms import YTID, parts_of
from asyncdl.core.keytable import KeyTable
from asyncdl.core.model import RejectedRow, Row
from asyncdl.core.rows import is_spreadsheet_error
from asyncdl.core.strong_rows import clip_of
from asyncdl.errors import UsageError
from asyncdl.inputs.cache import OnProgress
from asyncdl.inputs.known import KNOWN
from asyncdl.inputs.lines import no_line, physical_lines
from asyncdl.inputs.sources import ListFile, resolve

_LONGEST = 40
_HEADERS = frozenset({*ID_NAMES, STRONG_ID_NAME, "key"})
_ADDRESS = re.compile(
    r"(?:https?://)?(?:(?:www\.|m\.|music\.)?youtube\.com/(?:watch\?(?:[^\s#]*&)?v=|shorts/|embed/|live/)|youtu\.be/)"
    r"([A-Za-z0-9_-]{11})(?![A-Za-z0-9_-])"
)


def read_names(arguments: Iterable[str], cache: Path, on_progress: OnProgress | None = None) -> KeyTable:
    """Read video ids and keys of segments; a list counts with its video ids, since tables differ in ends.

    Raises ``UsageError`` for a line that is neither id nor key, and what ``resolve`` and the readers raise.
    """
    found = KeyTable()
    for argument in arguments:
        path = Path(argument)
        names = None if argument in KNOWN else _names_in(path)
        for name in (
            names if names is not None else _videos_of(resolve(argument, cache, on_progress=on_progress))
        ):
            found.add(name)
    return found


def _names_in(path: Path) -> Iterator[str] | None:
    """Answer the names in a file of names, None where its first line is none."""
    if not path.is_file():
        return None
    first = next(_meaningful(path), None)
    if first is not None and _meant_by(first[1]) is None:
        return None
    return (_name(path, number, text) for number, text in _meaningful(path))


def _meaningful(path: Path) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers, without blank ones, comments and a column's name on top."""
    is_top = True
    for number, line in enumerate(physical_lines(path), 1):
        text = line.decode("utf-8", "replace").strip('\ufeff" \t\r')
        if not text or (text.startswith("#") and not is_spreadsheet_error(text)):
            continue
        if not is_top or text.lower() not in _HEADERS:
            yield number, text
        is_top = False


def _meant_by(text: str) -> str | None:
    """Answer the video id or the key that a line stands for."""
    if YTID.fullmatch(text):
        return text
    if clip := clip_of(text):
        return clip[0]
    if address := _ADDRESS.match(text):
        return address[1]
    try:
        parts_of(text)
    except ValueError:
        return None
    return text


def _name(path: Path, number: int, text: str) -> str:
    name = _meant_by(text)
    if name is None:
        raise UsageError(
            f"{path} line {number} is neither a video id nor a segment's key: {text[:_LONGEST]!a}",
            mend="Write one of them a line, such as --4gqARaEJE or --4gqARaEJE_0_10000.",
        )
    return name


def _videos_of(file: ListFile) -> Iterator[str]:
    """Yield the ids of a list; raises ``UsageError`` where all its rows are rejected."""
    nobodys = Source(index=0, name=file.name, split=file.split, sha256="", size_bytes=0)
    is_any = False
    fault: RejectedRow | None = None
    for row in file.reader.rows(file.path, nobodys, no_line):
        if isinstance(row, Row):
            is_any = True
            yield row.segment.ytid
        else:
            fault = fault or row
    if fault is not None and not is_any:
        raise UsageError(
            f"{file.path} holds no video id: line {fault.ref.line} is neither an id nor a row of a list "
            f"({fault.reason}): {fault.text[:_LONGEST]!a}",
            mend="Write one id a line, such as --4gqARaEJE or --4gqARaEJE_0_10000, or give a list.",
        )
