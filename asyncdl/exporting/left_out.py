"""``left_out.csv``: the stored clips that an export could not take, one a line, with the reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from asyncdl.core.export import LeftOut
from asyncdl.core.printable import printable
from asyncdl.runtime.files import replace_file

NAME = "left_out.csv"
_COLUMNS = ("key", "split", "path", "reason")


def write_left_out(target: Path, left_out: Mapping[str, LeftOut]) -> None:
    """Write the list; where nothing was left out there is none."""
    if left_out:
        replace_file(target / NAME, _lines(left_out))
        return
    with suppress(FileNotFoundError):
        (target / NAME).unlink()


def _lines(left_out: Mapping[str, LeftOut]) -> Iterator[bytes]:
    yield f"{','.join(_COLUMNS)}\n".encode()
    for one in left_out.values():
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow([one.key, one.split, one.path, printable(one.reason)])
        yield line.getvalue().encode()
