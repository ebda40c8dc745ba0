"""The dashboard's picture: from a snapshot and a size to lines, each exactly one row high.

From top to bottom: what runs, the bar, progress, counts, a note; then segments in flight, identities, why
segments failed, and the latest failures, as far as the height allows (``ui.layout``). What changes its length
stands lower down.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from asyncdl.core.printable import printable
from asyncdl.core.progress import InFlight, RecentFailure, Snapshot
from asyncdl.ui.canvas import ACCENT, FAILED, NOTE, STORED, Canvas, heading
from asyncdl.ui.failures import kind_lines
from asyncdl.ui.identities import identity_section
from asyncdl.ui.layout import Layout, layout
from asyncdl.ui.symbols import UNICODE, Symbols
from asyncdl.ui.wording import (
    age_text,
    clock_text,
    disk_text,
    eta_text,
    note_text,
    rate_text,
    settled_text,
    share_text,
)

_OLD_S = 120.0


def screen(
    snapshot: Snapshot,
    *,
    width: int,
    height: int,
    places: Sequence[InFlight | None] | None = None,
    symbols: Symbols = UNICODE,
    now_s: float | None = None,
) -> Group:
    """Draw at most ``height - 1`` lines, none wider than ``width`` cells.

    ``places`` are the rows of ``core.progress.keep_places``; without them the order of the snapshot counts.
    ``now_s`` is in seconds since 1970, None for the clock's own.
    """
    canvas = Canvas(max(width, 1), symbols)
    now_s = time.time() if now_s is None else now_s
    lines = _fixed(canvas, snapshot, height, now_s)
    if not snapshot.is_over:
        shares = layout(height, snapshot)
        rows = snapshot.in_flight if places is None else places
        lines += _flight(canvas, snapshot, rows[: shares.flight], shares)
        lines += identity_section(
            canvas, snapshot.identities, shares.identities, now_s, is_tall=shares.is_tall
        )
        lines += _kinds(snapshot, shares)
        lines += _recent(canvas, snapshot.recent_failures[: shares.recent], shares)
    for line in lines:
        line.no_wrap = True
        line.truncate(canvas.width, overflow="ellipsis" if symbols is UNICODE else "crop")
    return Group(*lines[: max(height - 1, 1)])


def _fixed(canvas: Canvas, snapshot: Snapshot, height: int, now_s: float) -> list[Text]:
    """Five lines, always there; the most telling ones where the terminal is tiny."""
    lines = [_bar(canvas, snapshot), _progress(canvas, snapshot), _counts(canvas, snapshot)]
    head = [_head(canvas, snapshot)] if height > 5 else []
    return [*head, *lines, _note(canvas, snapshot, now_s)]


def _head(canvas: Canvas, snapshot: Snapshot) -> Text:
    elapsed = clock_text(snapshot.elapsed_s)
    if canvas.is_roomy:
        elapsed = f"{snapshot.concurrency} at a time {canvas.symbols.dot} {elapsed}"
    title = canvas.fit(printable(snapshot.title), canvas.width - len(elapsed) - 1)
    return Text.assemble((title, "bold"), " ", (elapsed, "dim"))


def _note(canvas: Canvas, snapshot: Snapshot, now_s: float) -> Text:
    """Tell what holds the run up, and at the right the disk where both fit."""
    note, disk = note_text(snapshot, now_s), disk_text(snapshot)
    if len(disk) + (cell_len(note) + 2 if note else 0) > canvas.width:
        disk = ""
    left = canvas.fit(note, canvas.width - len(disk))
    return Text.assemble((left, NOTE), (disk, "dim"))


def _bar(canvas: Canvas, snapshot: Snapshot) -> Text:
    """Draw stored and failed as shares of the whole; an empty track while the whole is not known."""
    share = share_text(snapshot.settled, snapshot.total or 0)
    cells = canvas.width - (len("100.0 %") + 2 if share else 0)
    if cells < 5:
        share, cells = "", canvas.width
    total = snapshot.total or 0
    stored = cells * snapshot.stored // total if total else 0
    settled = cells * snapshot.settled // total if total else 0
    return Text.assemble(
        (canvas.symbols.stored * stored, STORED),
        (canvas.symbols.failed * (settled - stored), FAILED),
        (canvas.symbols.track * (cells - settled), "dim"),
        (f"  {share:>7}" if share else "", "bold"),
    )


def _progress(canvas: Canvas, snapshot: Snapshot) -> Text:
    settled = settled_text(snapshot)
    if not canvas.is_roomy:
        settled = settled.removesuffix(" settled")
    eta = [] if snapshot.is_over else [Text(eta_text(snapshot.eta_s))]
    rate = Text(rate_text(snapshot.rate_per_min))
    return canvas.joined([Text(settled, style="bold"), *eta, rate])


def _counts(canvas: Canvas, snapshot: Snapshot) -> Text:
    parts = [
        Text(f"{snapshot.stored:,} stored", style=STORED),
        Text(f"{snapshot.failed_total:,} failed", style=FAILED if snapshot.failed_total else "dim"),
        Text(f"{snapshot.open:,} open", style="default"),
    ]
    if snapshot.waiting_retry:
        parts.append(Text(f"{snapshot.waiting_retry:,} wait for a retry", style="default"))
    if snapshot.rejected_rows:
        parts.append(Text(f"{snapshot.rejected_rows:,} rejected rows", style="dim"))
    return canvas.joined(parts)


def _flight(
    canvas: Canvas, snapshot: Snapshot, rows: Sequence[InFlight | None], shares: Layout
) -> list[Text]:
    """Draw as many lines as were planned: a free place is a blank line."""
    if not shares.flight:
        return []
    shown = sum(each is not None for each in rows)
    count = len(snapshot.in_flight)
    beside = f"{count}" if shown == count else f"{count}, {shown} of them shown"
    blank = [Text()] * (shares.flight - len(rows))
    lines = [Text() if each is None else _flight_row(canvas, each) for each in rows]
    return [*heading("In flight", beside, is_tall=shares.is_tall), *lines, *blank]


def _flight_row(canvas: Canvas, each: InFlight) -> Text:
    age = f"{age_text(each.age_s):>9}"
    attempt = f"try {each.attempt}" if each.attempt > 1 else ""
    stage = f"{each.stage.value:<9}" if canvas.is_roomy else ""
    rest = canvas.width - len(stage) - len(age) - 4
    key_cells = max(min(rest - 7, 34), 1)
    return Text.assemble(
        "  ",
        (canvas.symbols.stage(each.stage), ACCENT),
        " ",
        (stage, "dim"),
        canvas.fit(printable(each.key), key_cells),
        (f" {attempt:<6}" if rest > 20 else "", "dim"),
        (age, NOTE if each.age_s >= _OLD_S else "dim"),
    )


def _kinds(snapshot: Snapshot, shares: Layout) -> list[Text]:
    if not shares.kinds:
        return []
    lines = kind_lines(snapshot.failed)
    left_out = len(lines) - shares.kinds
    more = f", {left_out} more kinds" if left_out > 0 else ""
    return [
        *heading("Why segments failed", f"{snapshot.failed_total:,}{more}", is_tall=shares.is_tall),
        *lines[: shares.kinds],
    ]


def _recent(canvas: Canvas, failures: Sequence[RecentFailure], shares: Layout) -> list[Text]:
    if not failures:
        return []
    lines = [_recent_row(canvas, each) for each in failures]
    again = f"{canvas.symbols.again} will be tried again"
    return [*heading("Latest failures", again, is_tall=shares.is_tall), *lines]


def _recent_row(canvas: Canvas, each: RecentFailure) -> Text:
    sign = (canvas.symbols.gave_up, FAILED) if each.is_final else (canvas.symbols.again, NOTE)
    key = canvas.fit(printable(each.key), 26)
    kind = f"{printable(each.kind):<18}  " if canvas.is_roomy else f"{printable(each.kind)}  "
    text = canvas.fit(printable(each.text), canvas.width - 32 - cell_len(kind)).rstrip()
    return Text.assemble("  ", sign, " ", key, "  ", kind, (text, "dim"))
