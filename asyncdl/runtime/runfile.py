"""Run files: their names, and one that is being written.

``<seq>-<uuid>.jsonl`` holds the events of one writer from its start to its end, ``<seq>-<uuid>.rows.jsonl``
beside it the rows; names of a partition begin with it: ``2of8-<seq>-…``. Nothing old is ever appended to, so
a torn tail can only be at the end of a file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.partition import WHOLE, Partition, parse_label
from asyncdl.core.records import seal
from asyncdl.runtime.files import FileLayer, fault_of, sync_folder, telling, write_all

RESERVE_BYTES = 256 * 1024
_NAME = re.compile(r"(?:([0-9]{1,6}of[0-9]{1,6})-)?([0-9]{6,12})-([0-9a-f-]{1,64})(\.rows)?\.jsonl")
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, order=True)
class RunName:
    """Names of one writer's two files; sorts in replay order."""

    seq: int
    uuid: str
    partition: Partition = WHOLE

    @property
    def events(self) -> str:
        """Name of the file with the events."""
        return f"{self._stem}.jsonl"

    @property
    def rows(self) -> str:
        """Name of the file with the rows; it exists from the first row on."""
        return f"{self._stem}.rows.jsonl"

    @property
    def _stem(self) -> str:
        share = f"{self.partition.label}-" if self.partition.label else ""
        return f"{share}{self.seq:06d}-{self.uuid}"


def parse_name(name: str) -> RunName | None:
    """Return what either of the two names says, None for other files."""
    match = _NAME.fullmatch(name)
    partition = parse_label(match[1] or "") if match else None
    return RunName(int(match[2]), match[3], partition) if match and partition else None


class RunFile:
    """Appends batches of records. After any error it is closed for good; what was durable stays readable.

    Space is reserved ahead, so that the last facts of a run can still be written on a full disk.
    """

    def __init__(self, path: Path, files: FileLayer) -> None:
        self.path = path
        self._files = files
        with telling("creating", path):
            self._fd: int | None = files.open(path, _FLAGS)
        self._written = 0
        self._durable = 0
        self._good_bytes = 0
        self._reserved_bytes = 0

    @property
    def durable(self) -> int:
        """How many records are on disk for good."""
        return self._durable

    def commit(self, packed: Sequence[bytes]) -> None:
        """Write one batch and return when it is on disk. Raises ``DiskFull`` or ``EnvironmentFault``."""
        first = self._written + 1
        batch = b"".join(seal(part, q, self._durable) for q, part in enumerate(packed, first))
        fd = self._open_fd()
        try:
            self._reserve(fd, len(batch))
            write_all(self._files, fd, batch)
            self._files.fdatasync(fd)
        except OSError as error:
            self.close()
            raise fault_of(error, "writing", self.path) from error
        self._good_bytes += len(batch)
        if not self._durable:
            self._sync_name()
        self._written = self._durable = self._written + len(packed)

    def close(self) -> None:
        """Cut off what was never acknowledged and the reserve; may be called twice."""
        fd, self._fd = self._fd, None
        if fd is not None:
            with suppress(OSError):
                self._files.ftruncate(fd, self._good_bytes)
            with suppress(OSError):
                self._files.close(fd)

    def _open_fd(self) -> int:
        if self._fd is None:
            raise ValueError(f"{self.path} is closed")
        return self._fd

    def _sync_name(self) -> None:
        try:
            sync_folder(self.path.parent, self._files)
        except OSError as error:
            self.close()
            raise fault_of(error, "writing", self.path) from error

    def _reserve(self, fd: int, batch_bytes: int) -> None:
        """Keep at least a quarter of the reserve ahead; where that cannot be had, go on without."""
        end = self._good_bytes + batch_bytes
        if end + RESERVE_BYTES // 4 > self._reserved_bytes:
            self._reserved_bytes = end + RESERVE_BYTES
            with suppress(OSError):
                self._files.reserve(fd, self._good_bytes, batch_bytes + RESERVE_BYTES)
