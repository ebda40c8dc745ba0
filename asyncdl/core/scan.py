"""Reads the whole records of one run file and knows afterwards what is missing.

A crash may keep any sectors of the last batch and lose others, so a bad line may stand before good ones
without any harm done. ``d`` decides: a missing number up to the highest ``d`` was acknowledged, its loss is
damage; a missing number above it never was, the file is merely torn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from asyncdl.core.quick import Stored, open_quickly
from asyncdl.core.records import MAX_RECORD_BYTES, Fields, are_whole, open_records

# Small enough that the records of one block stay in the processor's cache.
_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Gap:
    """Records ``first`` up to and with ``last`` are missing behind the byte ``offset``."""

    offset: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Position:
    """Behind a whole record of a file, with all that reading on from there depends on.

    ``records`` is the highest number seen, ``durable`` the highest that was acknowledged.
    """

    offset: int = 0
    records: int = 0
    durable: int = 0
    gaps: tuple[Gap, ...] = ()
    has_bad_bytes: bool = False


_BEGIN = Position()


class RecordScan:
    """Goes once over a run file, by batches or one by one; then ``lost``, ``is_torn`` and ``records`` hold.

    It begins at ``position`` and reads no further than ``end``. ``records`` is the highest number seen.
    """

    def __init__(self, stream: BinaryIO, position: Position = _BEGIN, end: int | None = None) -> None:
        self._stream = stream
        self._begin = position.offset
        self._end = end
        self._gaps = [*position.gaps]
        self._durable = position.durable
        self._good_end = position.offset
        self._has_bad_bytes = self._has_bad_bytes_inside = position.has_bad_bytes
        self.records = position.records

    def batches(self) -> Iterator[Sequence[Fields | Stored]]:
        """Yield the whole records some hundreds at a time: the fast way."""
        for lines, start, end in self._blocks():
            records = open_quickly(lines) if are_whole(lines) else None
            if records is not None and self._are_next(records):
                self.records += len(records)
                # The first one too: that of a compacted file is written last.
                self._durable = max(self._durable, _durable(records[0]), _durable(records[-1]))
                self._pass(end)
                yield records
            else:
                yield [fields for _, fields in self._sift(lines, open_records(lines), start)]

    def __iter__(self) -> Iterator[tuple[int, Fields]]:
        """Yield (byte offset, members) of each whole record."""
        for lines, start, _ in self._blocks():
            yield from self._sift(lines, open_records(lines), start)

    @property
    def position(self) -> Position:
        """Where the last whole record ends."""
        gaps = tuple(self._gaps)
        return Position(self._good_end, self.records, self._durable, gaps, self._has_bad_bytes_inside)

    def vouch(self, records: int) -> None:
        """Tell that so many records are known from elsewhere to have been acknowledged."""
        self._durable = max(self._durable, records)

    def lost(self) -> tuple[Gap, ...]:
        """Acknowledged records that are missing, one entry for each stretch."""
        gaps = [*self._gaps, Gap(self._good_end, self.records + 1, self._durable)]
        return tuple(
            Gap(gap.offset, gap.first, min(gap.last, self._durable))
            for gap in gaps
            if gap.first <= self._durable
        )

    @property
    def is_torn(self) -> bool:
        """Something is unreadable, but nothing that was ever acknowledged."""
        return (self._has_bad_bytes or bool(self._gaps)) and not self.lost()

    def _are_next(self, records: Sequence[Fields | Stored]) -> bool:
        """Whether all are numbered one after the other."""
        try:
            numbers = [int(one[0]) if isinstance(one, tuple) else one["q"] for one in records]
        except (KeyError, TypeError):
            return False
        return numbers == list(range(self.records + 1, self.records + 1 + len(numbers)))

    def _sift(self, lines: list[bytes], records: list[Fields], start: int) -> Iterator[tuple[int, Fields]]:
        place = start
        for line, fields in zip(lines, records, strict=True):
            offset, place = place, place + len(line) + 1
            number, durable = fields.get("q"), fields.get("d", 0)
            if not isinstance(number, int) or not isinstance(durable, int):
                self._has_bad_bytes = True
                continue
            self._see(number, durable)
            self._pass(place)
            yield offset, fields

    def _see(self, number: int, durable: int) -> None:
        if number > self.records + 1:
            self._gaps.append(Gap(self._good_end, self.records + 1, number - 1))
        self.records = max(self.records, number)
        self._durable = max(self._durable, durable)

    def _pass(self, end: int) -> None:
        self._good_end = end
        self._has_bad_bytes_inside = self._has_bad_bytes

    def _blocks(self) -> Iterator[tuple[list[bytes], int, int]]:
        """Yield whole lines, the offset of the first, and that behind the last.

        Memory is bounded even where no newline comes.
        """
        rest, start = b"", self._begin
        self._stream.seek(start)
        while block := self._read(start + len(rest)):
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

    def _read(self, place: int) -> bytes:
        left = _BLOCK_BYTES if self._end is None else min(_BLOCK_BYTES, max(0, self._end - place))
        return self._stream.read(left)


def _durable(record: Fields | Stored) -> int:
    durable = int(record[1]) if isinstance(record, tuple) else record.get("d")
    return durable if isinstance(durable, int) else 0
