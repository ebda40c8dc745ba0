"""What identities are doing, in words; no colours, no layout. Times are told by the local clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from asyncdl.core.breaker import Phase
from asyncdl.core.printable import printable
from asyncdl.core.progress import IdentityView

_LONGEST_NAME = 80
LONGEST_WHY = 120
_LAST_S = 32_503_680_000.0  # the year 3000: no wait ends later
_WAITING = frozenset({Phase.COOLING.value, "benched"})


def is_running(view: IdentityView) -> bool:
    """Whether it works at its usual pace."""
    return view.phase == Phase.RUNNING.value


def are_worth_showing(views: Sequence[IdentityView]) -> bool:
    """Tell whether they say more than the counts do: there are several, or one does not run."""
    return len(views) > 1 or any(not is_running(view) for view in views)


def name_text(view: IdentityView) -> str:
    """Its name on one line."""
    return printable(view.name, _LONGEST_NAME)


def why_text(view: IdentityView) -> str:
    """Give the sign or fault behind its phase on one line; empty while it runs."""
    return "" if is_running(view) else printable(view.why, LONGEST_WHY)


def until_text(until_s: float, now_s: float) -> str:
    """``14:05``, or ``12 Nov 14:05`` on another day; rounded up, so that it is never told too early."""
    minute_s = math.ceil(min(max(until_s, 0.0), _LAST_S) / 60) * 60
    until, now = _local(minute_s), _local(now_s)
    return f"{until:%H:%M}" if until.date() == now.date() else f"{until.day} {until:%b %H:%M}"


def state_text(view: IdentityView, now_s: float) -> str:
    """Tell its phase, and how long a wait lasts: ``running``, ``cooling until 14:05``."""
    phase = printable(view.phase, 12)
    if view.phase not in _WAITING or view.until_s is None:
        return phase
    return f"{phase} until {until_text(view.until_s, now_s)}"


def budget_text(view: IdentityView) -> str:
    """``412 of 900/h``; without a bound ``412 in 1 h``."""
    if view.allowed_per_h is None:
        return f"{view.last_hour:,} in 1 h"
    return f"{view.last_hour:,} of {view.allowed_per_h:,.0f}/h"


def count_texts(view: IdentityView) -> list[str]:
    """``1,234 fetched``, ``3 held``, ``throttled 2 times``: those that are not 0."""
    times = "once" if view.throttled == 1 else f"{view.throttled:,} times"
    return [
        *([f"{view.fetched:,} fetched"] if view.fetched else []),
        *([f"{view.held:,} held"] if view.held else []),
        *([f"throttled {times}"] if view.throttled else []),
    ]


def phases_text(views: Sequence[IdentityView]) -> str:
    """``5: 3 running, 2 cooling``."""
    counts: dict[str, int] = {}
    for view in views:
        phase = printable(view.phase, 12)
        counts[phase] = counts.get(phase, 0) + 1
    return f"{len(views):,}: " + ", ".join(f"{count:,} {phase}" for phase, count in counts.items())


def still_text(views: Sequence[IdentityView], now_s: float) -> str:
    """Say until when nothing can be asked; empty while any identity may send."""
    waits = _waits(views)
    if not views or len(waits) < len(views):
        return ""
    why = f"all {len(views)} identities wait" if len(views) > 1 else why_text(views[0])
    return f"stands still until {until_text(min(waits), now_s)}" + (f": {why}" if why else "")


def waiting_text(views: Sequence[IdentityView], now_s: float) -> str:
    """``2 of 5 identities wait, the first until 14:05``; empty when none does, or all do."""
    waits = _waits(views)
    if not waits or len(waits) == len(views):
        return ""
    wait = "wait, the first" if len(waits) > 1 else "waits"
    return f"{len(waits)} of {len(views)} identities {wait} until {until_text(min(waits), now_s)}"


def _waits(views: Sequence[IdentityView]) -> list[float]:
    return [view.until_s for view in views if view.phase in _WAITING and view.until_s is not None]


def _local(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC).astimezone()
