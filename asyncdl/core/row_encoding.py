"""Rows as members of a record, and back: neighbours of one source and split share a record.

    {"e":"rows","s":0,"p":"eval","rows":[[line, key, [label …], [[column, text] …]] …]}

Empty lists at the end of an entry are left out. A record of its own for each row would weigh twice as much
and take three times as long to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from asyncdl.core import forms
from asyncdl.core.events import RowSelected, RowsSelected
from asyncdl.core.model import Row, RowRef, Segment
from asyncdl.core.records import Fields, dumps

SELECTED = "rows"
MOST_ROWS = 256
MOST_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Noted:
    """A row on its way to disk: rows of equal ``head`` may share a record, ``entry`` is its own part."""

    head: bytes
    entry: bytes


def encode_rows(rows: Sequence[Row]) -> Fields:
    """Members of a record; the rows are of one source and split."""
    first = rows[0]
    entries = [_entry(row) for row in rows]
    return {"e": SELECTED, "s": first.ref.source, "p": first.segment.split, "rows": entries}


def decode_rows(fields: Fields) -> RowsSelected:
    """Rebuild the rows; raises ``KeyError``, ``TypeError`` or ``ValueError`` for what is no such record."""
    source, split = forms.number(fields["s"]), forms.split(fields["p"])
    return RowsSelected(tuple(_row(source, split, *entry) for entry in fields["rows"]))


def note_of(event: RowSelected) -> Noted:
    """Encode a row once, for ``gathered``."""
    row = event.row
    head = dumps({"e": SELECTED, "s": row.ref.source, "p": row.segment.split})
    return Noted(head[:-1], dumps(_entry(row)))


def gathered(notes: Iterable[Noted | bytes]) -> Iterator[bytes]:
    """Make packed records, in order; ``bytes`` are records already."""
    head, entries, size_bytes = b"", list[bytes](), 0
    for note in notes:
        entry = note.entry if isinstance(note, Noted) else b""
        is_next = isinstance(note, Noted) and note.head == head
        if not is_next or len(entries) >= MOST_ROWS or size_bytes + len(entry) > MOST_BYTES:
            yield from _record(head, entries)
            head, entries, size_bytes = note.head if isinstance(note, Noted) else b"", [], 0
        if isinstance(note, Noted):
            entries.append(entry)
            size_bytes += len(entry)
        else:
            yield note
    yield from _record(head, entries)


def _record(head: bytes, entries: list[bytes]) -> Iterator[bytes]:
    if entries:
        yield b'%b,"rows":[%b]}' % (head, b",".join(entries))


def _entry(row: Row) -> list[object]:
    segment = row.segment
    entry: list[object] = [row.ref.line, segment.key]
    if segment.labels or segment.columns:
        entry.append(segment.labels)
    if segment.columns:
        entry.append(segment.columns)
    return entry


def _row(
    source: int,
    split: str,
    line: int,
    key: str,
    labels: Sequence[str] = (),
    columns: Sequence[Sequence[str]] = (),
    *_newer: object,
) -> Row:
    ytid, span = forms.parts_of(key)
    pairs = tuple((forms.text(name), forms.text(text)) for name, text in columns)
    segment = Segment(ytid, span, split, forms.texts(labels), pairs)
    return Row(RowRef(source, forms.number(line)), segment)
