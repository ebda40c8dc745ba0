"""The events of clips from strong lists, out of the column in which their rows carry them."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from asyncdl.core.export import StoredClip
from asyncdl.core.forms import MAX_DURATION_MS
from asyncdl.core.rows import is_label
from asyncdl.core.strong_rows import EVENTS


class SoundEvent(NamedTuple):
    """A sound in a clip; times in seconds from the clip's start. Sorts by onset, then offset, then label."""

    onset_s: float
    offset_s: float
    mid: str


def events_of(clip: StoredClip) -> list[SoundEvent] | None:
    """Read the events of a clip, each once, by onset; None for a clip of a list that has none."""
    text = next((text for name, text in clip.segment.columns if name == EVENTS), None)
    if text is None:
        return None
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, list) or not all(map(_is_event, told)):
        return None  # a column of another table, which has that name by chance
    return sorted({SoundEvent(float(onset_s), float(offset_s), mid) for onset_s, offset_s, mid in told})


def _is_event(told: object) -> bool:
    match told:
        case [int() | float() as onset_s, int() | float() as offset_s, str() as mid]:
            return 0 <= onset_s < offset_s <= MAX_DURATION_MS / 1000 and is_label(mid)
    return False
