"""The first rejected rows of lists, for whoever has to say why nothing of them can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from asyncdl.core.events import Source
from asyncdl.core.model import RejectedRow
from asyncdl.inputs.lines import no_line
from asyncdl.inputs.sources import ListFile

_MOST = 3
_LONGEST = 60


def first_rejected(files: Sequence[ListFile], most: int = _MOST) -> list[str]:
    """Tell list, line, reason and text of the first rejected rows; reads the lists up to there, or whole."""
    return list(islice((told for file in files for told in _told(file)), most))


def _told(file: ListFile) -> Iterator[str]:
    source = Source(index=0, name=file.name, split=file.split, sha256="", size_bytes=0)
    for row in file.reader.rows(file.path, source, no_line):
        if isinstance(row, RejectedRow):
            yield f"{file.name} line {row.ref.line}: {row.reason}: {row.text[:_LONGEST]}"
