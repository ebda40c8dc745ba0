"""The identities of a run as lines: on the dashboard, in the summary, in ``asyncdl status``.

Names and reasons are data: they are made printable, and never read as markup.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from asyncdl.core.breaker import Phase
from asyncdl.core.progress import IdentityView
from asyncdl.ui.canvas import ACCENT, FAILED, NOTE, STORED, Canvas, heading
from asyncdl.ui.identity_text import (
    budget_text,
    count_texts,
    is_running,
    name_text,
    phases_text,
    state_text,
    why_text,
)
from asyncdl.ui.status_object import identity_object

__all__ = ["identities_view", "identity_lines", "identity_object", "identity_section", "status_lines"]

_STYLES = {Phase.RUNNING.value: STORED, Phase.COOLING.value: NOTE, Phase.PROBING.value: ACCENT}
_WIDEST_NAME = 28
_MOST_TOLD = 20


def identity_section(
    canvas: Canvas, views: Sequence[IdentityView], rows: int, now_s: float, *, is_tall: bool
) -> list[Text]:
    """Draw the dashboard's section in ``rows`` lines and its heading; those that do not run come first."""
    if not rows:
        return []
    ordered = sorted(views, key=is_running)
    shown = ordered if len(ordered) <= rows else ordered[: rows - 1]
    hidden = ordered[len(shown) :]
    lines = _rows(canvas, shown, now_s)
    more = [Text(f"    {_more(hidden)}", style="dim")] if hidden else []
    return [*heading("Identities", phases_text(ordered), is_tall=is_tall), *lines, *more]


def identity_lines(final: Sequence[IdentityView], now_s: float) -> list[Text]:
    """Make a summary's line for each that was throttled or does not run; nothing where all went well."""
    told = [view for view in sorted(final, key=is_running) if view.throttled or not is_running(view)]
    if not told:
        return []
    lines = _table(told[:_MOST_TOLD], now_s)
    if len(told) > _MOST_TOLD:
        lines.append(Text(f"  and {len(told) - _MOST_TOLD:,} more", style="dim"))
    return [Text(), Text("Identities that YouTube or their way out held up", style="bold"), *lines]


def identities_view(views: Sequence[IdentityView], now_s: float | None = None) -> Group:
    """Make the section of ``asyncdl status``: each with its phase and what it has learned to allow itself."""
    return Group(*status_lines(views, now_s))


def status_lines(views: Sequence[IdentityView], now_s: float | None = None) -> list[Text]:
    """Make the lines of ``identities_view``; none without identities."""
    if not views:
        return []
    lines = _table(sorted(views, key=is_running), time.time() if now_s is None else now_s)
    return [Text(), Text("Identities", style="bold"), *lines]


def _rows(canvas: Canvas, views: Sequence[IdentityView], now_s: float) -> list[Text]:
    """Columns that fit: sign, name, state; then the budget; then why and counts as far as there is room."""
    names = min(max(cell_len(name_text(view)) for view in views), _WIDEST_NAME, max(canvas.width // 3, 1))
    states = max(len(state_text(view, now_s)) for view in views)
    budgets = max(len(budget_text(view)) for view in views)
    lines = []
    for view in views:
        line = Text.assemble(
            "  ",
            (canvas.symbols.phase(view.phase), _style(view)),
            f" {canvas.fit(name_text(view), names)}  ",
            (f"{state_text(view, now_s):<{states}}", _style(view)),
        )
        if canvas.is_roomy:
            details = f" {canvas.symbols.dot} ".join(_details(view))
            line = Text.assemble(line, f"  {budget_text(view):>{budgets}}", (f"  {details}", "dim"))
        lines.append(line)
    return lines


def _table(views: Sequence[IdentityView], now_s: float) -> list[Text]:
    """Make all columns, without a width to keep to."""
    names = max(cell_len(name_text(view)) for view in views)
    states = max(len(state_text(view, now_s)) for view in views)
    return [
        Text.assemble(
            f"  {name_text(view)}{' ' * (names - cell_len(name_text(view)))}  ",
            (f"{state_text(view, now_s):<{states}}", _style(view)),
            f"  {', '.join([budget_text(view), *count_texts(view)])}",
            (f"  {why_text(view)}" if why_text(view) else "", "dim"),
        )
        for view in views
    ]


def _details(view: IdentityView) -> list[str]:
    why = why_text(view)
    return [*([why] if why else []), *count_texts(view)]


def _more(hidden: Sequence[IdentityView]) -> str:
    running = sum(map(is_running, hidden))
    others = len(hidden) - running
    if not others:
        return f"and {running:,} more running"
    return f"and {others:,} more not running" + (f", {running:,} running" if running else "")


def _style(view: IdentityView) -> str:
    return _STYLES.get(view.phase, FAILED)
