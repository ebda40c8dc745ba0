"""Figures and progress in words, the same on every screen; no colours, no layout."""

from __future__ import annotations

from asyncdl.core.printable import printable
from asyncdl.core.progress import Snapshot
from asyncdl.ui.identity_text import still_text, waiting_text

_MINUTE_S = 60
_HOUR_S = 3600


def size_text(size_bytes: int) -> str:
    """``31.2 GB``; decimal units, as disks are sold."""
    size = float(max(size_bytes, 0))
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 99.95 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def clock_text(seconds: float) -> str:
    """``3:12:09`` or ``2 d 03:12:09``: exact, for time that has passed."""
    minutes, second = divmod(int(max(seconds, 0)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{days} d {hour:02}:{minute:02}:{second:02}"
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


def age_text(seconds: float) -> str:
    """``7 s``, ``59 s``, then as a clock."""
    return f"{int(max(seconds, 0))} s" if seconds < _MINUTE_S else clock_text(seconds)


def eta_text(eta_s: float | None) -> str:
    """``about 4 h 10 min left``."""
    return "time left unknown" if eta_s is None else f"{duration_text(eta_s)} left"


def duration_text(seconds: float) -> str:
    """``about 4 h 10 min``: no finer than an estimate can be."""
    if seconds < _MINUTE_S:
        return "less than 1 min"
    if (minutes := round(seconds / _MINUTE_S)) < 60:
        return f"about {minutes} min"
    hours, tens = divmod(round(minutes / 10), 6)
    if hours < 10:
        return f"about {hours} h {tens}0 min" if tens else f"about {hours} h"
    if (hours := round(seconds / _HOUR_S)) < 24:
        return f"about {hours} h"
    days, hours = divmod(hours, 24)
    return f"about {days} d {hours} h" if hours and days < 10 else f"about {days:,} d"


def rate_text(rate_per_min: float) -> str:
    """``41.2 clips/min``, by the hour where it is slow."""
    if 0 < rate_per_min < 0.95:
        return f"{rate_per_min * 60:.0f} clips/h"
    return f"{rate_per_min:,.0f} clips/min" if rate_per_min >= 99.5 else f"{rate_per_min:.1f} clips/min"


def share_text(part: int, whole: int) -> str:
    """``57.3 %``, rounded down: 100 % is said only when it is so."""
    return f"{part * 1000 // whole / 10:.1f} %" if whole > 0 else ""


def settled_text(snapshot: Snapshot) -> str:
    """``12,345 of 22,160 settled``, or ``… so far`` while the lists are not read to their end."""
    if snapshot.total is None:
        return f"{snapshot.settled:,} settled so far"
    return f"{snapshot.settled:,} of {snapshot.total:,} settled"


def disk_text(snapshot: Snapshot) -> str:
    """``31.2 GB used, 120 GB free``."""
    return f"{size_text(snapshot.stored_bytes)} used, {size_text(snapshot.disk_free_bytes)} free"


def note_text(snapshot: Snapshot, now_s: float) -> str:
    """Tell what holds the run up: its own note, else until when nothing can be asked."""
    if snapshot.note or snapshot.is_over:
        return printable(snapshot.note)
    return still_text(snapshot.identities, now_s)


def progress_line(snapshot: Snapshot, now_s: float) -> str:
    """All that matters on one plain line, for logs; ``now_s`` in seconds since 1970."""
    share = share_text(snapshot.settled, snapshot.total or 0)
    waiting = "" if snapshot.is_over else waiting_text(snapshot.identities, now_s)
    parts = [
        settled_text(snapshot) + (f" ({share})" if share else ""),
        f"{snapshot.stored:,} stored",
        f"{snapshot.failed_total:,} failed",
        f"{len(snapshot.in_flight)} in flight",
        rate_text(snapshot.rate_per_min),
        *([] if snapshot.is_over else [eta_text(snapshot.eta_s)]),
        disk_text(snapshot),
        *([waiting] if waiting else []),
    ]
    note = note_text(snapshot, now_s)
    return f"[{clock_text(snapshot.elapsed_s)}] {' · '.join(parts)}" + (f" - {note}" if note else "")
