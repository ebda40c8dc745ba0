"""What came of each list: good, failed and open segments as lists of AudioSet's own form, and why.

For a list of split X: ``X_good.csv``, ``X_failed.csv`` and ``X_open.csv`` (to be tried yet, or again) hold
each of its segments once, and can be given to ``asyncdl run`` or to another tool. ``X_failed_reasons.csv``
says why there is no clip, ``X_rejected.csv`` names lines that are no segments. A segment that several lists
name counts for the first one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from asyncdl.core import layout
from asyncdl.core.events import Source
from asyncdl.core.export import Sizes
from asyncdl.core.printable import printable
from asyncdl.exporting.contract import Exporter, Terms
from asyncdl.exporting.finishing import Finish
from asyncdl.exporting.foreign import date_of
from asyncdl.exporting.segment_lists import ListHead, seconds_text, usual_line
from asyncdl.exporting.spools import Spools, csv_line
from asyncdl.exporting.standing import Standing, StandingRow, standing_rows
from asyncdl.exporting.table import Table
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_rejected

_REASON_COLUMNS = (
    "YTID", "start_seconds", "end_seconds", "standing", "kind", "code", "text", "attempts", "when",
)  # fmt: skip
_REJECTED_COLUMNS = ("line", "reason", "text")
_TOLD = {
    Standing.GOOD: "segments with a clip",
    Standing.FAILED: "segments without a clip, for reasons told beside",
    Standing.OPEN: "segments that are not settled yet",
}


class _Lists:
    """The lists of a data set by their indexes, with names for files that no two share."""

    def __init__(self, sources: Sequence[Source], splits: Sequence[str]) -> None:
        self._splits = {source.index: source.split for source in sources}
        self._chosen = frozenset(splits)
        self.names: dict[int, str] = {}
        for source in sources:
            if self.is_chosen(source.index):
                self.name_of(source.index)

    def is_chosen(self, index: int) -> bool:
        """Whether the list's own split is exported; lines that are no segments have no other."""
        return not self._chosen or self._splits.get(index, "") in self._chosen

    def name_of(self, index: int) -> str:
        """Name a list by its split, and by its number too where an earlier one is called so."""
        if index not in self.names:
            name = layout.split_name(self._splits.get(index, f"list_{index}"))
            taken = set(self.names.values())
            while name in taken:
                name = f"{name}_{index}"
            self.names[index] = name
        return self.names[index]


def _finish(finish: Finish) -> None:
    lists = _Lists(finish.ledger.sources, finish.terms.splits)
    heads: dict[str, ListHead] = {}
    with Spools(finish.table.folder) as spools:
        for one in standing_rows(finish):
            name = lists.name_of(one.row.ref.source)
            list_name = f"{name}_{one.standing}.csv"
            heads.setdefault(list_name, ListHead()).add(one.row.segment)
            spools.add(list_name, usual_line(one.row.segment))
            if one.failure is not None or one.left_out is not None:
                spools.add(f"{name}_failed_reasons.csv", _reason_line(one))
            if one.standing is Standing.GOOD or one.left_out is not None:
                finish.on_clip()
        for row in iterate_rejected(journal_of(finish.place.root)):
            if lists.is_chosen(row.ref.source):
                line = csv_line((row.ref.line, printable(row.reason), printable(row.text)))
                spools.add(f"{lists.name_of(row.ref.source)}_rejected.csv", line)
        _write(finish, lists.names.values(), heads, spools)


def _write(finish: Finish, names: Iterable[str], heads: Mapping[str, ListHead], spools: Spools) -> None:
    """Write all files of all lists, also empty ones: no older file stands for what is no more."""
    for name in names:
        for standing, told in _TOLD.items():
            file = f"{name}_{standing}.csv"
            finish.write(file, _with_head(heads.get(file, ListHead()).lines(f"{name}, {told}"), spools, file))
        for file, columns in (
            (f"{name}_failed_reasons.csv", _REASON_COLUMNS),
            (f"{name}_rejected.csv", _REJECTED_COLUMNS),
        ):
            finish.write(file, _with_head(csv_line(columns), spools, file))


def _with_head(head: bytes, spools: Spools, name: str) -> Iterator[bytes]:
    yield head
    yield from spools.blocks(name)


def _reason_line(one: StandingRow) -> bytes:
    segment, failure, outcome = one.row.segment, one.failure, one.outcome
    standing = "left_out" if one.left_out is not None else "given_up" if _is_failed(one) else "open"
    return csv_line(
        (
            segment.ytid,
            seconds_text(segment.span.start_ms),
            seconds_text(segment.span.end_ms),
            standing,
            failure.kind if failure else "",
            printable(failure.code) if failure else "",
            printable(one.reason),
            outcome.attempt if outcome else "",
            _when(outcome.at_ms) if outcome else "",
        )
    )


def _is_failed(one: StandingRow) -> bool:
    return one.standing is Standing.FAILED


def _when(at_ms: int) -> str:
    date = date_of(at_ms)
    return "" if date is None else date.strftime("%Y-%m-%dT%H:%M:%SZ")


def _clip_bytes(table: Table, _terms: Terms) -> Sizes:
    """Bound the lines by those of the table, which say more."""
    return table.row_bytes


EXPORTER = Exporter(
    name="log",
    summary="good, failed and open segments of each list as CSV, with reasons",
    finish=_finish,
    clip_bytes=_clip_bytes,
)
