"""Joins the rows of a data set with what became of them, in row order, without holding either in memory."""

from __future__ import annotations

import os
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Self, TypeAlias

from asyncdl.core.encoding import REJECTED, STORED, decode
from asyncdl.core.events import AttemptFailed, ClipStored, GaveUp, RowRejected, RowsSelected
from asyncdl.core.keytable import ABSENT, KeyTable
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import RejectedRow, Row
from asyncdl.core.records import MAX_RECORD_BYTES, Fields, open_record
from asyncdl.core.row_encoding import SELECTED
from asyncdl.core.scan import RecordScan
from asyncdl.errors import JournalFault
from asyncdl.runtime.run_folder import open_run_file, run_file_names

Outcome: TypeAlias = ClipStored | GaveUp | AttemptFailed

_FAILURES = {"failed": False, "gave_up": True}
_OFFSET_BITS = 44
_OPEN_FILES = 16
_LIKELY_RECORD_BYTES = 1024


def iterate_rows(folder: Path) -> Iterator[Row]:
    """Yield the selected rows, each segment once, in the order in which they were first noted."""
    seen = KeyTable()
    for name in run_file_names(folder):
        with open_run_file(folder / name) as stream:
            for _, fields in RecordScan(stream):
                if fields.get("e") != SELECTED:
                    continue
                for row in _rows(fields):
                    known = len(seen)
                    if seen.add(row.segment.key) == known:
                        yield row


def iterate_rejected(folder: Path) -> Iterator[RejectedRow]:
    """Yield the lines that are no segments, each once, in the order in which they were first noted."""
    seen = KeyTable()
    for name in run_file_names(folder):
        with open_run_file(folder / name) as stream:
            for _, fields in RecordScan(stream):
                if fields.get("e") != REJECTED:
                    continue
                known = len(seen)
                event = decode(fields)
                if isinstance(event, RowRejected) and seen.add(str(event.row.ref)) == known:
                    yield event.row


def iterate_outcomes(folder: Path, ledger: Ledger) -> Iterator[tuple[Row, Outcome | None]]:
    """Yield each row with its ``ClipStored``, or else its last failure, or None when it was never tried.

    The split of a stored row is the folder in which its clip stands.

    ``ledger`` is a replay of this folder and does not change meanwhile. Eight bytes per segment, then one
    record at a time.
    """
    with OutcomeTable(folder, ledger) as table:
        for row in iterate_rows(folder):
            outcome = table.outcome_of(row.segment.key)
            yield _standing(row, outcome), outcome


class OutcomeTable:
    """Where the record stands that speaks for each segment; a context manager, since it keeps files open."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self._folder = folder
        self._ledger = ledger
        self._names = run_file_names(folder)
        self._places = array("Q", bytes(8 * ledger.counts().segments))
        self._streams: OrderedDict[int, BinaryIO] = OrderedDict()
        for number, name in enumerate(self._names):
            with open_run_file(folder / name) as stream:
                self._enter(number, RecordScan(stream))

    def outcome_of(self, key: str) -> Outcome | None:
        """Read the winning record of a segment; None when it was never tried."""
        slot = self._ledger.slot_of(key)
        place = self._places[slot] if slot != ABSENT else 0
        if not place:
            return None
        number, offset = divmod(place - 1, 1 << _OFFSET_BITS)
        event = decode(self._read(number, offset))
        return event if isinstance(event, ClipStored | GaveUp | AttemptFailed) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()

    def _enter(self, number: int, scan: RecordScan) -> None:
        """Later records overwrite equal ones: the last one in replay order wins."""
        for offset, fields in scan:
            if (slot := self._winner(fields)) != ABSENT:
                self._places[slot] = (number << _OFFSET_BITS) + offset + 1

    def _winner(self, fields: Fields) -> int:
        event = fields.get("e")
        if not isinstance(event, str) or (event != STORED and event not in _FAILURES):
            return ABSENT
        key, round_ = fields.get("k"), fields.get("r")
        if not isinstance(key, str) or not isinstance(round_, int):
            raise JournalFault(f"record {fields.get('q')} is not of this version")
        slot = self._ledger.slot_of(key)
        if not 0 <= slot < len(self._places):
            return ABSENT
        if event == STORED:
            return slot if self._ledger.clip_wins(slot, round_) else ABSENT
        gave_up = _FAILURES[event]
        return slot if self._ledger.failure_wins(slot, round_, gave_up=gave_up) else ABSENT

    def _read(self, number: int, offset: int) -> Fields:
        descriptor = self._stream(number).fileno()
        line, _, _ = os.pread(descriptor, _LIKELY_RECORD_BYTES, offset).partition(b"\n")
        if len(line) == _LIKELY_RECORD_BYTES:
            line, _, _ = os.pread(descriptor, MAX_RECORD_BYTES, offset).partition(b"\n")
        fields = open_record(line)
        if fields is None:
            raise JournalFault(f"{self._names[number]} changed at byte {offset} while it was read")
        return fields

    def _stream(self, number: int) -> BinaryIO:
        if number in self._streams:
            self._streams.move_to_end(number)
            return self._streams[number]
        if len(self._streams) >= _OPEN_FILES:
            self._streams.popitem(last=False)[1].close()
        stream = self._streams[number] = (self._folder / self._names[number]).open("rb")
        return stream


def _standing(row: Row, outcome: Outcome | None) -> Row:
    """Lead to the folder of the clip, which is another list's where that list had it fetched."""
    split = outcome.clip.split if isinstance(outcome, ClipStored) else ""
    if split in {"", row.segment.split}:
        return row
    return replace(row, segment=replace(row.segment, split=split))


def _rows(fields: Fields) -> tuple[Row, ...]:
    event = decode(fields)
    if not isinstance(event, RowsSelected):
        raise JournalFault(f"record {fields['q']} holds no rows")
    return event.rows
