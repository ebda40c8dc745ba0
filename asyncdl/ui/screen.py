"""The dashboard's picture: from a snapshot and a size to lines, each exactly one row high.

From top to bottom: what runs, the bar, progress, counts, a note; then segments in flight, why segments
failed, and the latest failures, as far as the height allows. What changes its length stands lower down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Group
from rich.text import Text

from asyncdl.core.printable import printable
from asyncdl.core.progress import InFlight, RecentFailure, Snapshot
from asyncdl.ui.failures import by_count, kind_lines
from asyncdl.ui.symbols import UNICODE, Symbols
from asyncdl.ui.wording import (
    age_text,
    clock_text,
    disk_text,
    eta_text,
    rate_text,
    settled_text,
    share_text,
)

MAX_FLIGHT_ROWS = 20
_MAX_KIND_ROWS = 8
_MAX_RECENT_ROWS = 6
_OTHERS = 8  # rows that a high terminal leaves to the sections below
_TALL = 18
_ROOMY = 60
_STORED = "green"
_FAILED = "red"
_ACCENT = "cyan"
_NOTE = "yellow"
_OLD_S = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How many rows each changing section gets, headings not counted; 0 leaves the section out."""

    flight: int
    kinds: int
    recent: int
    is_tall: bool


@dataclass(frozen=True, slots=True)
class _Canvas:
    width: int
    symbols: Symbols


def plan(height: int, snapshot: Snapshot) -> Plan:
    """Share the rows below the five fixed ones, one more being left free for the cursor."""
    is_tall = height >= _TALL
    extra = 2 if is_tall else 1  # a heading, and a blank line above it where there is room
    room = max(height - 6, 0)
    wanted = min(max(snapshot.concurrency, len(snapshot.in_flight)), MAX_FLIGHT_ROWS)
    is_cramped = room < 2 * (extra + 2)
    share = room if is_cramped else max(room // 2, room - _OTHERS)
    flight = min(wanted, max(share - extra, 0))
    room -= flight + extra if flight else 0
    kinds = min(len(by_count(snapshot.failed)), _MAX_KIND_ROWS, max(room // 2 - extra, 0))
    room -= kinds + extra if kinds else 0
    recent = min(_MAX_RECENT_ROWS, max(room - extra, 0))
    return Plan(flight, kinds, recent, is_tall)


def screen(
    snapshot: Snapshot,
    *,
    width: int,
    height: int,
    places: Sequence[InFlight | None] | None = None,
    symbols: Symbols = UNICODE,
) -> Group:
    """Draw at most ``height - 1`` lines, none wider than ``width`` cells.

    ``places`` are the rows of ``core.progress.keep_places``; without them the order of the snapshot counts.
    """
    canvas = _Canvas(max(width, 1), symbols)
    lines = _fixed(canvas, snapshot, height)
    if not snapshot.is_over:
        shares = plan(height, snapshot)
        rows = snapshot.in_flight if places is None else places
        lines += _flight(canvas, snapshot, rows[: shares.flight], shares)
        lines += _kinds(snapshot, shares)
        lines += _recent(canvas, snapshot.recent_failures[: shares.recent], shares)
    for line in lines:
        line.no_wrap = True
        line.truncate(canvas.width, overflow="ellipsis" if symbols is UNICODE else "crop")
    return Group(*lines[: max(height - 1, 1)])


def _fixed(canvas: _Canvas, snapshot: Snapshot, height: int) -> list[Text]:
    """Five lines, always there; the most telling ones where the terminal is tiny."""
    lines = [_bar(canvas, snapshot), _progress(canvas, snapshot), _counts(canvas, snapshot)]
    head = [_head(canvas, snapshot)] if height > 5 else []
    return [*head, *lines, _note(canvas, snapshot)]


def _head(canvas: _Canvas, snapshot: Snapshot) -> Text:
    elapsed = clock_text(snapshot.elapsed_s)
    if canvas.width >= _ROOMY:
        elapsed = f"{snapshot.concurrency} at a time {canvas.symbols.dot} {elapsed}"
    title = _fit(canvas, printable(snapshot.title), canvas.width - len(elapsed) - 1)
    return Text.assemble((title, "bold"), " ", (elapsed, "dim"))


def _note(canvas: _Canvas, snapshot: Snapshot) -> Text:
    """Tell what holds the run up, and at the right the disk where both fit."""
    note, disk = printable(snapshot.note), disk_text(snapshot)
    if len(disk) + (cell_len(note) + 2 if note else 0) > canvas.width:
        disk = ""
    left = _fit(canvas, note, canvas.width - len(disk))
    return Text.assemble((left, _NOTE), (disk, "dim"))


def _bar(canvas: _Canvas, snapshot: Snapshot) -> Text:
    """Draw stored and failed as shares of the whole; an empty track while the whole is not known."""
    share = share_text(snapshot.settled, snapshot.total or 0)
    cells = canvas.width - (len("100.0 %") + 2 if share else 0)
    if cells < 5:
        share, cells = "", canvas.width
    total = snapshot.total or 0
    stored = cells * snapshot.stored // total if total else 0
    settled = cells * snapshot.settled // total if total else 0
    return Text.assemble(
        (canvas.symbols.stored * stored, _STORED),
        (canvas.symbols.failed * (settled - stored), _FAILED),
        (canvas.symbols.track * (cells - settled), "dim"),
        (f"  {share:>7}" if share else "", "bold"),
    )


def _progress(canvas: _Canvas, snapshot: Snapshot) -> Text:
    settled = settled_text(snapshot)
    if canvas.width < _ROOMY:
        settled = settled.removesuffix(" settled")
    eta = [] if snapshot.is_over else [Text(eta_text(snapshot.eta_s))]
    rate = Text(rate_text(snapshot.rate_per_min))
    return _joined(canvas, [Text(settled, style="bold"), *eta, rate])


def _counts(canvas: _Canvas, snapshot: Snapshot) -> Text:
    parts = [
        Text(f"{snapshot.stored:,} stored", style=_STORED),
        Text(f"{snapshot.failed_total:,} failed", style=_FAILED if snapshot.failed_total else "dim"),
        Text(f"{snapshot.open:,} open", style="default"),
    ]
    if snapshot.waiting_retry:
        parts.append(Text(f"{snapshot.waiting_retry:,} wait for a retry", style="default"))
    if snapshot.rejected_rows:
        parts.append(Text(f"{snapshot.rejected_rows:,} rejected rows", style="dim"))
    return _joined(canvas, parts)


def _flight(canvas: _Canvas, snapshot: Snapshot, rows: Sequence[InFlight | None], shares: Plan) -> list[Text]:
    """Draw as many lines as were planned: a free place is a blank line."""
    if not shares.flight:
        return []
    shown = sum(each is not None for each in rows)
    count = len(snapshot.in_flight)
    heading = f"{count}" if shown == count else f"{count}, {shown} of them shown"
    blank = [Text()] * (shares.flight - len(rows))
    lines = [Text() if each is None else _flight_row(canvas, each) for each in rows]
    return [*_heading("In flight", heading, shares), *lines, *blank]


def _flight_row(canvas: _Canvas, each: InFlight) -> Text:
    age = f"{age_text(each.age_s):>9}"
    attempt = f"try {each.attempt}" if each.attempt > 1 else ""
    stage = f"{each.stage.value:<9}" if canvas.width >= _ROOMY else ""
    rest = canvas.width - len(stage) - len(age) - 4
    key_cells = max(min(rest - 7, 34), 1)
    return Text.assemble(
        "  ",
        (canvas.symbols.stage(each.stage), _ACCENT),
        " ",
        (stage, "dim"),
        _fit(canvas, printable(each.key), key_cells),
        (f" {attempt:<6}" if rest > 20 else "", "dim"),
        (age, _NOTE if each.age_s >= _OLD_S else "dim"),
    )


def _kinds(snapshot: Snapshot, shares: Plan) -> list[Text]:
    if not shares.kinds:
        return []
    lines = kind_lines(snapshot.failed)
    left_out = len(lines) - shares.kinds
    more = f", {left_out} more kinds" if left_out > 0 else ""
    return [
        *_heading("Why segments failed", f"{snapshot.failed_total:,}{more}", shares),
        *lines[: shares.kinds],
    ]


def _recent(canvas: _Canvas, failures: Sequence[RecentFailure], shares: Plan) -> list[Text]:
    if not failures:
        return []
    lines = [_recent_row(canvas, each) for each in failures]
    again = f"{canvas.symbols.again} will be tried again"
    return [*_heading("Latest failures", again, shares), *lines]


def _recent_row(canvas: _Canvas, each: RecentFailure) -> Text:
    sign = (canvas.symbols.gave_up, _FAILED) if each.is_final else (canvas.symbols.again, _NOTE)
    key = _fit(canvas, printable(each.key), 26)
    kind = f"{printable(each.kind):<18}  " if canvas.width >= _ROOMY else f"{printable(each.kind)}  "
    text = _fit(canvas, printable(each.text), canvas.width - 32 - cell_len(kind)).rstrip()
    return Text.assemble("  ", sign, " ", key, "  ", kind, (text, "dim"))


def _heading(name: str, beside: str, shares: Plan) -> list[Text]:
    line = Text.assemble((name, "bold"), "  ", (beside, "dim"))
    return [Text(), line] if shares.is_tall else [line]


def _joined(canvas: _Canvas, parts: Sequence[Text]) -> Text:
    """As many parts as fit whole, from the left."""
    line = parts[0].copy()
    for part in parts[1:]:
        if cell_len(line.plain) + 3 + cell_len(part.plain) > canvas.width:
            break
        line = Text.assemble(line, (f" {canvas.symbols.dot} ", "dim"), part)
    return line


def _fit(canvas: _Canvas, text: str, cells: int) -> str:
    """Exactly ``cells`` wide: padded, or cut with a sign of it."""
    if cell_len(text) <= cells:
        return text + " " * (cells - cell_len(text))
    return set_cell_size(text, cells - 1) + canvas.symbols.ellipsis if cells > 0 else ""
