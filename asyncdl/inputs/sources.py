"""A SOURCE argument becomes a list file: a known name is fetched, anything else is a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from asyncdl.core.layout import split_name
from asyncdl.core.ports import Reader
from asyncdl.core.table_columns import TableColumns
from asyncdl.errors import UsageError
from asyncdl.inputs import reader
from asyncdl.inputs.audioset_weak import read_head
from asyncdl.inputs.cache import OnProgress, cached
from asyncdl.inputs.further import as_far_as_it_goes
from asyncdl.inputs.known import BASE_URL, KNOWN
from asyncdl.inputs.lines import fingerprint, open_list, physical_lines
from asyncdl.inputs.recognise import WEAK, reader_name
from asyncdl.inputs.table import Table

__all__ = ["ListFile", "fingerprint", "resolve"]

_ENDINGS = re.compile(r"(?:\.(?:csv|tsv|txt|jsonl|ndjson|parquet))?(?:\.gz)?$", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list on local disk. ``split`` is a safe folder name; ``warning`` is for people, mostly empty.

    ``columns`` is what was said of its columns, as text: read in another way it is another list.
    """

    path: Path
    name: str
    split: str
    reader: Reader
    warning: str = ""
    columns: str = ""


def resolve(
    argument: str,
    cache: Path,
    *,
    base_url: str = BASE_URL,
    on_progress: OnProgress | None = None,
    columns: TableColumns | None = None,
) -> ListFile:
    """Find the list that ``argument`` means; a known name wins over a file of that name (give ``./eval``).

    ``columns`` is what the user says of a table's columns; it does not concern known names.

    May fetch, so it may take minutes: not for the event loop. Raises ``UsageError`` for what is no list,
    and whatever ``cache.cached`` raises.
    """
    if argument in KNOWN:
        known = KNOWN[argument]
        found = cached(known, cache, base_url=base_url, on_progress=on_progress)
        return ListFile(found.path, known.name, known.name, reader(known.reader), found.warning)
    _refuse_names(argument)
    path = Path(argument)
    _refuse_missing(path, argument)
    open_list(path).close()
    split = split_name(_ENDINGS.sub("", path.name))
    if columns is None or not columns.text:
        kind = reader_name(path)
        if kind == WEAK:  # a header that refuses the list does so before anything is planned or written
            read_head(as_far_as_it_goes(enumerate(physical_lines(path), 1)), path)
        return ListFile(path, path.name, split, reader(kind))
    return ListFile(path, path.name, split, Table(columns), columns=columns.text)


def _refuse_names(argument: str) -> None:
    if argument in {"-", "/dev/stdin"}:
        raise UsageError(
            "A list cannot be read from standard input: a resumed run has to read it again",
            mend="Write the list into a file and give that.",
        )
    if _ADDRESS.match(argument):
        raise UsageError(
            f"{argument} is an address; a list is a local file or a known name",
            mend=f"Fetch it and give the file, or give a name: {_names()}.",
        )
    if not argument:
        raise UsageError("A list has an empty name", mend=f"Give a file or a name: {_names()}.")


def _refuse_missing(path: Path, argument: str) -> None:
    if not _is_missing(path):
        return
    meant = get_close_matches(argument, KNOWN, n=1)
    hint = f"Did you mean {meant[0]}? " if meant else ""
    raise UsageError(
        f"There is no file {argument}", mend=f"{hint}Give the path of a list, or a name: {_names()}."
    )


def _is_missing(path: Path) -> bool:
    """Every other trouble with a path is told when it is opened."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def _names() -> str:
    return ", ".join(KNOWN)
