"""Texts that grow side by side and are read once they are whole, such as one list per split.

One pass over a journal fills all of them. Small ones stay in memory, the others lie in files without a name.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

_IN_MEMORY_BYTES = 1 << 18
_BLOCK_BYTES = 1 << 20


class Spools:
    """A context manager; ``folder`` is where large texts may lie meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The texts, in the order in which they were begun."""
        return tuple(self._files)

    def add(self, name: str, data: bytes) -> None:
        """Append to a text, which may be a new one."""
        if name not in self._files:
            self._files[name] = self._open.enter_context(self._spool())
        self._files[name].write(data)

    def _spool(self) -> tempfile.SpooledTemporaryFile[bytes]:
        return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES, dir=str(self._folder))

    def blocks(self, name: str) -> Iterator[bytes]:
        """Read a text from its beginning; one that was never added to is empty."""
        file = self._files.get(name)
        if file is None:
            return
        file.seek(0)
        while block := file.read(_BLOCK_BYTES):
            yield block


def csv_line(fields: Sequence[object], separator: str = ",") -> bytes:
    """Write one line of a table; whatever holds a separator or a quote is quoted."""
    line = io.StringIO()
    csv.writer(line, delimiter=separator, lineterminator="\n").writerow(fields)
    return line.getvalue().encode()
