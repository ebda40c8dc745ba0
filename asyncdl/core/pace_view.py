"""What a screen is told of an identity that is not at work just now, from its pace in the journal."""

from __future__ import annotations

import math
from collections.abc import Mapping

from asyncdl.core.pace_json import from_json
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.pacing import allowed_per_h, bounded
from asyncdl.core.progress import IdentityView
from asyncdl.core.records import Fields


def views_of(paces: Mapping[str, Fields], policy: PacePolicy, now_s: float) -> tuple[IdentityView, ...]:
    """Make a view of each identity; one written by another version is left out."""
    views = (_view(name, fields, policy, now_s) for name, fields in sorted(paces.items()))
    return tuple(view for view in views if view is not None)


def _view(name: str, fields: Fields, policy: PacePolicy, now_s: float) -> IdentityView | None:
    try:
        pace = bounded(from_json(fields), now_s)
    except (TypeError, ValueError, AttributeError, OverflowError):
        return None
    allowed = allowed_per_h(pace, policy)
    return IdentityView(
        name=name,
        phase=pace.phase.value,
        why=pace.breaker.cause or "",
        until_s=pace.breaker.until_s if pace.breaker.until_s > now_s else None,
        allowed_per_h=allowed if math.isfinite(allowed) else None,
        last_hour=pace.hour.load(now_s),
        fetched=0,
        failed=0,
        throttled=sum(count for _, count in pace.signs),
        held=0,
    )
