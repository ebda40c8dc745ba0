"""Reads the whole records of one run file and knows afterwards what is missing.

A crash may keep any sectors of the last batch and lose others, so a bad line may stand before good ones
without any harm done. ``d`` decides: a missing number up to the highest ``d`` was acknowledged, its loss is
damage; a missing number above it never was, the file is merely torn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from asyncdl.core.records import MAX_RECORD_BYTES, Fields, open_record

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Gap:
    """Records ``first`` up to and with ``last`` are missing behind the byte ``offset``."""

    offset: int
    first: int
    last: int


class RecordScan:
    """Iterates once over (byte offset, members); then ``lost``, ``is_torn`` and ``records`` hold."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._gaps: list[Gap] = []
        self._durable = 0
        self._bad_bytes = False
        self.records = 0

    def __iter__(self) -> Iterator[tuple[int, Fields]]:
        expected, offset, good_end, durable = 1, 0, 0, 0
        for lines, end in self._blocks():
            for line in lines:
                fields = open_record(line)
                if fields is None:
                    self._bad_bytes = True
                else:
                    if fields["q"] != expected:
                        self._jump(expected, fields["q"], good_end)
                    self.records += 1
                    expected = max(expected, fields["q"] + 1)
                    durable = self._durable = max(durable, fields["d"])
                    yield offset, fields
                    good_end = offset + len(line) + 1
                offset += len(line) + 1
            offset = end

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
        return (self._bad_bytes or bool(self._gaps)) and not self.lost()

    def _jump(self, expected: int, q: int, good_end: int) -> None:
        if q > expected:
            self._gaps.append(Gap(good_end, expected, q - 1))

    def _blocks(self) -> Iterator[tuple[list[bytes], int]]:
        """Yield whole lines and the offset behind them; memory is bounded even where no newline comes."""
        rest, end = b"", 0
        while block := self._stream.read(_BLOCK_BYTES):
            lines = (rest + block).split(b"\n")
            end += len(rest) + len(block)
            rest = lines.pop()
            if len(rest) > MAX_RECORD_BYTES:
                self._bad_bytes = True
                rest = rest[-1:]
            end -= len(rest)
            yield lines, end
        self._bad_bytes |= bool(rest)
