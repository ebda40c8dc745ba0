"""``asyncdl status --json``: the same counts for scripts, without loading what draws."""

from __future__ import annotations

from collections.abc import Sequence

from asyncdl.core.ledger import Counts
from asyncdl.core.progress import IdentityView


def status_object(counts: Counts, identities: Sequence[IdentityView] = ()) -> dict[str, object]:
    """Make the object of ``asyncdl status --json``; its keys are a promise to scripts."""
    return {
        "segments": counts.segments,
        "stored": counts.stored,
        "open": counts.open,
        "failed": {kind.value: count for kind, count in sorted(counts.failed.items()) if count},
        "failed_total": counts.failed_total,
        "rejected_rows": counts.rejected_rows,
        "repeated_rows": counts.repeated_rows,
        "bytes": counts.stored_bytes,
        "identities": [identity_object(view) for view in identities],
    }


def identity_object(view: IdentityView) -> dict[str, object]:
    """Make a member of ``identities`` in ``asyncdl status --json``; its keys are a promise to scripts."""
    return {
        "name": view.name,
        "phase": view.phase,
        "why": view.why or None,
        "until_s": view.until_s,
        "allowed_per_h": view.allowed_per_h,
        "last_hour": view.last_hour,
        "fetched": view.fetched,
        "failed": view.failed,
        "throttled": view.throttled,
        "held": view.held,
    }
