r"""The fold of a journal as bytes: a head that tells all counts, and the ledger's columns behind it.

A snapshot is derived and can be thrown away. It may come from a stranger: nothing in it can run, what does
not fit together raises ``ValueError``, and reading takes no more memory than the columns.

    asyncdl snapshot 1 <length of the head> <CRC-32 of the head>\n      all in hex
    head      JSON, padded with blanks to a multiple of 8
    columns   one after the other, in the order and with the check sums that the head tells
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from zlib import crc32

import orjson

from asyncdl.core.encoding import decode, encode
from asyncdl.core.events import Compacted, Event, PaceLearned, RunStarted, SourceAdded
from asyncdl.core.keytable import hash_of
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Counts, Ledger
from asyncdl.core.records import Fields
from asyncdl.core.scan import Gap, Position

LEAN = "places"
LINE_BYTES = len("asyncdl snapshot 1 01234567 01234567\n")
MOST_HEAD_BYTES = 1 << 26
_LINE = re.compile(rb"asyncdl snapshot 1 ([0-9a-f]{8}) ([0-9a-f]{8})\n")
_TYPES = {"hashes": "Q", "places": "I", "kinds": "B", "sizes": "I"}
_ITEM_BYTES = {"B": 1, "I": 4, "Q": 8}
# What is stored has a meaning only as long as these are what they were.
_MEANING = {
    "order": sys.byteorder,
    "kinds": [kind.value for kind in FailureKind],
    "hash": f"{hash_of('asyncdl'):x}",
}


@dataclass(frozen=True, slots=True)
class Covered:
    """How far a run file is in the snapshot; ``end`` is the check of its last record there, in hex."""

    position: Position
    end: str


@dataclass(frozen=True, slots=True)
class Column:
    """One array of a ledger."""

    name: str
    typecode: str
    count: int
    crc: int

    @property
    def size_bytes(self) -> int:
        """Length in the file."""
        return self.count * _ITEM_BYTES[self.typecode]


@dataclass(frozen=True, slots=True)
class Head:
    """What a snapshot tells without its columns; ``facts`` is a ledger that lacks them, and its counts."""

    facts: Ledger
    counts: Counts
    covered: Mapping[str, Covered]
    columns: tuple[Column, ...]

    @property
    def columns_bytes(self) -> int:
        """Length of all columns."""
        return sum(column.size_bytes for column in self.columns)


def encode_head(ledger: Ledger, covered: Mapping[str, Covered]) -> bytes:
    """Make all that stands before the columns of ``ledger.columns()``."""
    counts = ledger.counts()
    columns = [
        [name, cells.typecode, len(cells), crc32(memoryview(cells).cast("B"))]
        for name, cells in ledger.columns().items()
    ]
    told = {
        "meaning": _MEANING,
        "counts": {**asdict(counts), "failed": {kind.value: told for kind, told in counts.failed.items()}},
        "facts": [encode(event) for event in _facts(ledger)],
        "unknown": ledger.unknown_texts,
        "covered": {name: [asdict(one.position), one.end] for name, one in covered.items()},
        "columns": columns,
    }
    head = orjson.dumps(told)
    head += b" " * (-(LINE_BYTES + len(head)) % 8)
    return b"asyncdl snapshot 1 %08x %08x\n" % (len(head), crc32(head)) + head


def head_bytes(line: bytes) -> int:
    """Read the first line: the length of what stands between it and the columns."""
    match = _LINE.fullmatch(line)
    length = int(match[1], 16) if match else 0
    if not 0 < length <= MOST_HEAD_BYTES:
        raise ValueError("no snapshot of this version")
    return length


def decode_head(line: bytes, head: bytes) -> Head:
    """Read the head; raises ``ValueError``, ``KeyError``, ``TypeError`` or ``JournalFault`` for no head."""
    if line[-9:-1] != b"%08x" % crc32(head):
        raise ValueError("damaged")
    told = orjson.loads(head)
    if told["meaning"] != _MEANING:
        raise ValueError("the snapshot speaks of other kinds or hashes")
    facts = Ledger()
    for fields in told["facts"]:
        if (event := decode(fields)) is not None:
            facts.apply(event)
    facts.unknown_texts = [str(text) for text in told["unknown"]]
    covered = {name: Covered(_position(at), str(end)) for name, (at, end) in told["covered"].items()}
    return Head(facts, _counts(told["counts"]), covered, tuple(_column(*one) for one in told["columns"]))


def restore(head: Head, columns: dict[str, array[int]]) -> Ledger:
    """Complete the ledger of a head; the column ``LEAN`` may be left out.

    Raises ``ValueError`` or ``KeyError`` for columns that cannot be its.
    """
    for column in head.columns:
        if column.name == LEAN and LEAN not in columns:
            continue
        if crc32(memoryview(columns[column.name]).cast("B")) != column.crc:
            raise ValueError(f"{column.name} is damaged")
    head.facts.restore(columns, head.counts)
    if head.facts.counts() != head.counts:
        raise ValueError("the counts do not fit the columns")
    return head.facts


def _facts(ledger: Ledger) -> Iterator[Event]:
    """Say in events what a ledger knows besides its columns."""
    if ledger.spec is not None:
        yield RunStarted("-", 0, ledger.spec, ledger.options, "", {})
    yield from map(SourceAdded, ledger.sources)
    for identity, pace in ledger.paces.items():
        yield PaceLearned(identity, 0, pace)
    yield from ledger.settled
    if ledger.below_seq:
        yield Compacted(ledger.below_seq, 0, 0)


def _position(told: Fields) -> Position:
    gaps = tuple(Gap(*map(_natural, gap.values())) for gap in told.pop("gaps"))
    has_bad_bytes = bool(told.pop("has_bad_bytes"))
    return Position(
        _natural(told["offset"]), _natural(told["records"]), _natural(told["durable"]), gaps, has_bad_bytes
    )


def _counts(told: Fields) -> Counts:
    failed = {FailureKind(kind): _natural(count) for kind, count in told.pop("failed").items()}
    return Counts(failed=failed, **{name: _natural(count) for name, count in told.items()})


def _column(name: str, typecode: str, count: int, crc: int) -> Column:
    if typecode != _TYPES.get(name, typecode) or typecode not in _ITEM_BYTES:
        raise ValueError(name)
    return Column(str(name), typecode, _natural(count), _natural(crc))


def _natural(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value
