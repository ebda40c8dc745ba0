"""Snapshots and messages as lines of JSON, from the main process to the screen's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from asyncdl.core.printable import printable
from asyncdl.core.progress import IdentityView, InFlight, RecentFailure, Snapshot, Stage
from asyncdl.ui.identity_text import LONGEST_WHY, name_text

_MAX_FAILURES = 20


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """One line; texts are made printable, since lone surrogates have no JSON form."""
    return orjson.dumps({"snapshot": _made_printable(snapshot)}, option=orjson.OPT_APPEND_NEWLINE)


def encode_message(text: str) -> bytes:
    """One line; the text's own line breaks are kept."""
    lines = [printable(line) for line in text.splitlines()]
    return orjson.dumps({"message": "\n".join(lines)}, option=orjson.OPT_APPEND_NEWLINE)


def decode(line: bytes) -> Snapshot | str:
    """Read one line of either kind back."""
    values = orjson.loads(line)
    return snapshot_from(values["snapshot"]) if "snapshot" in values else str(values["message"])


def snapshot_from(values: Mapping[str, Any]) -> Snapshot:
    """Build a snapshot from its JSON object; raises ``TypeError`` or ``KeyError`` for another shape."""
    in_flight = tuple(InFlight(**{**each, "stage": Stage(each["stage"])}) for each in values["in_flight"])
    failures = tuple(RecentFailure(**each) for each in values["recent_failures"])
    identities = tuple(IdentityView(**each) for each in values.get("identities", ()))
    told = {"in_flight": in_flight, "recent_failures": failures, "identities": identities}
    return Snapshot(**{**values, **told})


def _made_printable(snapshot: Snapshot) -> Snapshot:
    return replace(
        snapshot,
        title=printable(snapshot.title),
        note=printable(snapshot.note),
        failed={printable(kind): count for kind, count in snapshot.failed.items()},
        in_flight=tuple(replace(each, key=printable(each.key)) for each in snapshot.in_flight),
        recent_failures=tuple(
            replace(each, key=printable(each.key), kind=printable(each.kind), text=printable(each.text))
            for each in snapshot.recent_failures[:_MAX_FAILURES]
        ),
        identities=tuple(
            replace(
                each, name=name_text(each), phase=printable(each.phase), why=printable(each.why, LONGEST_WHY)
            )
            for each in snapshot.identities
        ),
    )
