"""Counts a list: what it holds against what its own header says."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from asyncdl.core.events import Source
from asyncdl.core.model import RejectedRow, Row
from asyncdl.inputs import reader
from asyncdl.inputs.lines import no_line, physical_lines

_HEADER_LINES = 3
_NAMED_ROWS = re.compile(rb"#.*\bnum_segs=([0-9]{1,9})\b")


@dataclass(frozen=True, slots=True)
class RowCount:
    """``named_rows`` is the number in the list's header, None where it tells none."""

    rows: int
    rejected: int
    named_rows: int | None


def count_rows(path: Path, reader_name: str) -> RowCount:
    """Read a whole list; raises what the reader raises."""
    kinds = Counter(map(type, reader(reader_name).rows(path, _NOBODYS, no_line)))
    return RowCount(kinds[Row], kinds[RejectedRow], _named_rows(path))


def _named_rows(path: Path) -> int | None:
    found = map(_NAMED_ROWS.match, islice(physical_lines(path), _HEADER_LINES))
    return next((int(match.group(1)) for match in found if match), None)


_NOBODYS = Source(index=0, name="", split="", sha256="", size_bytes=0)
