"""Reads the whole records of one run file and knows afterwards what is missing.

A crash may keep any sectors of the last batch and lose others, so a bad line may stand before good ones
without any harm done. ``d`` decides: a missing number up to the highest ``d`` was acknowledged, its loss is
damage; a missing number above it never was, the file is merely torn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from asyncdl.core.records import MAX_RECORD_BYTES, Fields, open_records

# Small enough that the records of one block stay in the processor's cache.
_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Gap:
    """Records ``first`` up to and with ``last`` are missing behind the byte ``offset``."""

    offset: int
    first: int
    last: int


class RecordScan:
    """Goes once over a run file, by batches or one by one; then ``lost``, ``is_torn`` and ``records`` hold.

    ``records`` is the highest number seen.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._gaps: list[Gap] = []
        self._durable = 0
        self._good_end = 0
        self._has_bad_bytes = False
        self.records = 0

    def batches(self) -> Iterator[list[Fields]]:
        """Yield the whole records some hundreds at a time: the fast way."""
        for lines, start, end in self._blocks():
            records = open_records(lines)
            if self._are_next(records):
                self.records += len(records)
                self._durable = records[-1]["d"]
                self._good_end = end
                yield records
            else:
                yield [fields for _, fields in self._sift(lines, records, start)]

    def __iter__(self) -> Iterator[tuple[int, Fields]]:
        """Yield (byte offset, members) of each whole record."""
        for lines, start, _ in self._blocks():
            yield from self._sift(lines, open_records(lines), start)

    def lost(self) -> tuple[Gap, ...]:
        """Acknowledged records that are missing, one entry for each stretch."""
        return tuple(
            Gap(gap.offset, gap.first, min(gap.last, self._durable))
            for gap in self._gaps
            if gap.first <= self._durable
        )

    @property
    def is_torn(self) -> bool:
        """Something is unreadable, but nothing that was ever acknowledged."""
        return (self._has_bad_bytes or bool(self._gaps)) and not self.lost()

    def _are_next(self, records: list[Fields]) -> bool:
        """Whether all are whole and numbered one after the other."""
        try:
            numbers = [fields["q"] for fields in records]
        except (KeyError, TypeError):
            return False
        return numbers == list(range(self.records + 1, self.records + 1 + len(numbers)))

    def _sift(self, lines: list[bytes], records: list[Fields], start: int) -> Iterator[tuple[int, Fields]]:
        place = start
        for line, fields in zip(lines, records, strict=True):
            offset, place = place, place + len(line) + 1
            if not isinstance(fields.get("q"), int):
                self._has_bad_bytes = True
                continue
            self._see(fields["q"], fields.get("d", 0))
            self._good_end = place
            yield offset, fields

    def _see(self, number: int, durable: int) -> None:
        if number > self.records + 1:
            self._gaps.append(Gap(self._good_end, self.records + 1, number - 1))
        self.records = max(self.records, number)
        self._durable = max(self._durable, durable)

    def _blocks(self) -> Iterator[tuple[list[bytes], int, int]]:
        """Yield whole lines, the offset of the first, and that behind the last.

        Memory is bounded even where no newline comes.
        """
        rest, start = b"", 0
        while block := self._stream.read(_BLOCK_BYTES):
            text = rest + block
            lines = text.split(b"\n")
            rest = lines.pop()
            end = start + len(text) - len(rest)
            if lines:
                yield lines, start, end
            if len(rest) > MAX_RECORD_BYTES:
                self._has_bad_bytes = True
                end += len(rest) - 1
                rest = rest[-1:]
            start = end
        self._has_bad_bytes |= bool(rest)
