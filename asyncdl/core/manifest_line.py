"""One line of a manifest that somebody published becomes a segment, or a reason why it is none."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from asyncdl.core import forms
from asyncdl.core.holdings import UNKNOWN, sound_of
from asyncdl.core.model import Segment

MAX_LINE_BYTES = 1 << 20
NO_SPLIT = "no_split"


def read_manifest_line(line: bytes) -> tuple[Segment, int, bool]:
    """Answer the segment, its clip's ``sound_of`` if it is told, and whether labels are told.

    A segment is known by ``ytid``, ``start`` and ``end`` in seconds, else by the name of its file. Nothing in
    a line becomes a path. Raises ``ValueError`` that says what is wrong.
    """
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"it is longer than {MAX_LINE_BYTES >> 20} MiB")
    try:
        fields = forms.members(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise ValueError("it is no JSON object") from error
    ytid, span = forms.parts_of(_key_of(fields))
    labels = _labels_of(fields)
    segment = Segment(ytid, span, forms.split(fields.get("split", NO_SPLIT)), labels or ())
    return segment, _sound_in(fields), labels is not None


def _key_of(fields: Mapping[str, object]) -> str:
    if "ytid" not in fields:
        name = forms.text(fields.get("audio_filepath", "")).rpartition("/")[2]
        return name.partition(".")[0]
    start_ms, end_ms = _time_ms(fields.get("start")), _time_ms(fields.get("end"))
    return f"{forms.text(fields['ytid'])}_{start_ms}_{end_ms}"


def _time_ms(seconds: object) -> int:
    if isinstance(seconds, int | float) and not isinstance(seconds, bool):
        if 0 <= seconds * 1000 <= forms.MAX_TIME_MS:
            return round(seconds * 1000)
        raise ValueError(f"{forms.told(seconds)} is no time of a video")
    raise ValueError(f"{forms.told(seconds)} is no time in seconds")


def _sound_in(fields: Mapping[str, object]) -> int:
    sha256 = fields.get("sha256")
    if sha256 is None:
        return UNKNOWN
    sound = sound_of(forms.text(sha256))
    if sound == UNKNOWN:
        raise ValueError(f"{forms.told(sha256)} is no SHA-256")
    return sound


def _labels_of(fields: Mapping[str, object]) -> tuple[str, ...] | None:
    if "labels" in fields:
        return forms.texts(fields["labels"])
    return tuple(forms.text(fields["label"]).split()) if "label" in fields else None
