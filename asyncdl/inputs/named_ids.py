"""Files that name segments: video ids or keys, one a line; or any list, which names its videos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import dropwhile
from pathlib import Path

from asyncdl.core.events import Source
from asyncdl.core.forms import YTID, parts_of
from asyncdl.core.keytable import KeyTable
from asyncdl.core.model import Row
from asyncdl.errors import UsageError
from asyncdl.inputs.cache import OnProgress
from asyncdl.inputs.known import KNOWN
from asyncdl.inputs.lines import physical_lines
from asyncdl.inputs.sources import ListFile, resolve

_LONGEST = 40


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
    if first is not None and not _is_name(first[1]):
        return None
    return (_name(path, number, line) for number, line in _meaningful(path))


def _meaningful(path: Path) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers, without blank ones and comments on top."""
    lines = enumerate(physical_lines(path), 1)
    texts = ((number, line.decode("utf-8", "replace").strip("\ufeff \t\r")) for number, line in lines)
    rows = dropwhile(lambda line: line[1].startswith("# "), ((n, text) for n, text in texts if text))
    return iter(rows)


def _is_name(text: str) -> bool:
    try:
        return YTID.fullmatch(text) is not None or bool(parts_of(text))
    except ValueError:
        return False


def _name(path: Path, number: int, text: str) -> str:
    if not _is_name(text):
        raise UsageError(
            f"{path} line {number} is neither a video id nor a segment's key: {text[:_LONGEST]!a}",
            mend="Write one of them a line, such as --4gqARaEJE or --4gqARaEJE_0_10000.",
        )
    return text


def _videos_of(file: ListFile) -> Iterator[str]:
    nobodys = Source(index=0, name=file.name, split=file.split, sha256="", size_bytes=0)
    for row in file.reader.rows(file.path, nobodys, _no_line):
        if isinstance(row, Row):
            yield row.segment.ytid


def _no_line(_line: int, /) -> bool:
    return False
