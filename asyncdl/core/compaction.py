"""Which records of a journal its fold still needs.

Of each segment that is what its maxima rest on (``core.slots``): the winning clip; the winning failure,
unless a clip of its round or a later one is stored; the loss and the request that hold the floor. Equal
records are all kept, so that the last one still speaks. A failure that is dropped leaves its round behind as
a floor, for the next attempt is counted from it. Records that this version does not know are kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncdl.core.encoding import NOTED, encode
from asyncdl.core.events import RetryRequested
from asyncdl.core.keytable import KeyTable
from asyncdl.core.ledger import Ledger
from asyncdl.core.marks import Lines
from asyncdl.core.records import Fields, dumps, pack
from asyncdl.core.row_encoding import SELECTED, Noted

_OF_THE_LINE = ("q", "d", "c")
_OF_ONE_FILE = frozenset({"run_started", "run_ended", "settled", "compacted", NOTED})
_GAVE_UP = {"failed": 0, "gave_up": 1}


class Compaction:
    """Sieves all records of a journal, in replay order; ``ledger`` is a replay of the same records."""

    def __init__(self, ledger: Ledger) -> None:
        columns = ledger.columns()
        self._clip, self._failed, self._floor = columns["clip"], columns["failed"], columns["floor"]
        self._slot_of = ledger.slot_of
        self._lines = Lines()
        self._keys = KeyTable()
        self._sources: set[int] = set()
        self._paces: dict[str, bytes] = {}

    def kept(self, fields: Fields) -> Iterator[Noted | bytes]:
        """Yield what is to stay of a record: nothing, the record without its numbers, or some of its rows."""
        event = fields.get("e")
        if event == SELECTED:
            yield from self._rows(fields)
        elif event == "pace":
            self._paces[fields["who"]] = _packed(fields)
        elif event in _GAVE_UP:
            yield from self._failure(fields)
        elif event not in _OF_ONE_FILE and self._stays(fields):
            yield _packed(fields)

    def paces(self) -> Iterator[bytes]:
        """Yield the latest of each identity, at the end."""
        yield from self._paces.values()

    def _rows(self, fields: Fields) -> Iterator[Noted]:
        """Keep a row where its segment or its line is new."""
        source = fields["s"]
        head = dumps({name: part for name, part in fields.items() if name not in {*_OF_THE_LINE, "rows"}})
        for entry in fields["rows"]:
            known = len(self._keys)
            slot = self._keys.add(entry[1])
            if self._lines.selected(source, entry[0], slot, is_repeat=slot < known):
                yield Noted(head[:-1], dumps(entry))

    def _stays(self, fields: Fields) -> bool:
        match fields.get("e"):
            case "stored":
                return bool(self._clip[self._slot_of(fields["k"])] == 2 * fields["r"] + 1)
            case "lost":
                slot, lost = self._slot_of(fields["k"]), fields["r"]
                return bool(self._clip[slot] == 2 * lost + 2 or self._floor[slot] == lost + 1)
            case "retry":
                return bool(self._floor[self._slot_of(fields["k"])] == fields["r"])
            case "repeated" | "rejected" as word:
                return self._is_line_new(fields["s"], fields["i"], word)
            case "source":
                known = len(self._sources)
                self._sources.add(fields["index"])
                return len(self._sources) > known
            case _:
                return True

    def _is_line_new(self, source: int, line: int, word: str) -> bool:
        marked = self._lines.rejected_rows, self._lines.repeated_rows
        mark = self._lines.repeated if word == "repeated" else self._lines.rejected
        mark(source, line)
        return marked != (self._lines.rejected_rows, self._lines.repeated_rows)

    def _failure(self, fields: Fields) -> Iterator[bytes]:
        slot, round_ = self._slot_of(fields["k"]), fields["r"]
        if self._failed[slot] != 2 * round_ + 1 + _GAVE_UP[fields["e"]]:
            return
        clip = self._clip[slot]
        if not clip & 1 or (clip - 1) >> 1 < round_:
            yield _packed(fields)
        elif round_ > self._floor[slot]:
            yield pack(encode(RetryRequested(fields["k"], round_, fields.get("t", 0))))


def _packed(fields: Fields) -> bytes:
    return pack({name: part for name, part in fields.items() if name not in _OF_THE_LINE})
