"""A list of small objects that may grow to millions: in memory while it is short, then in a nameless file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from asyncdl.runtime.files import telling

_MEMORY_BYTES = 8 << 20


class Spool:
    """Append first, read afterwards, as often as wanted. Raises ``DiskFull`` and ``EnvironmentFault``."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 - see close
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, one: Mapping[str, object]) -> None:
        """Append an object."""
        with telling("writing", Path(tempfile.gettempdir())):
            self._file.write(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE))
        self._count += 1

    def __iter__(self) -> Iterator[dict[str, str]]:
        self._file.seek(0)
        for line in self._file:
            yield orjson.loads(line)

    def close(self) -> None:
        """Give up the memory, or the file."""
        self._file.close()
