"""A second reader of lists, with nothing of asyncdl in it, so that both cannot be wrong in the same way."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

_ROW = re.compile(
    rb'([A-Za-z0-9_-]{11}), *([0-9]{1,6}(?:\.[0-9]{1,3})?), *([0-9]{1,6}(?:\.[0-9]{1,3})?), *"[^"]*"'
)


@dataclass
class ListsRead:
    """Segments by key, in the order of the lists; lines that repeat one, and lines that are none."""

    keys: dict[str, None] = field(default_factory=dict)
    repeated: int = 0
    rejected: int = 0


def read_lists(paths: Iterable[Path]) -> ListsRead:
    """Read lists of AudioSet's first form, plain or gzipped; comments and blank lines are no rows."""
    read = ListsRead()
    for path in paths:
        data = path.read_bytes()
        text = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
        for line in text.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
            if line.strip() and not line.startswith(b"#"):
                _take(line.rstrip(b"\r"), read)
    return read


def _take(line: bytes, read: ListsRead) -> None:
    found = _ROW.fullmatch(line)
    start, end = (int(Decimal(found[n].decode()) * 1000) if found else 0 for n in (2, 3))
    if found is None or start >= end:
        read.rejected += 1
    elif (key := f"{found[1].decode()}_{start}_{end}") in read.keys:
        read.repeated += 1
    else:
        read.keys[key] = None
