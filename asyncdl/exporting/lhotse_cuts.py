"""lhotse's manifests of a clip, as its readers take them: a cut that covers a recording whole.

A clip with one channel is a MonoCut, with more a MultiCut. Labels stand in ``custom``: ``labels`` are mids,
``label_names`` their names, ``classes`` the indices of those that are among the 527. A supervision is there
only where the list has a caption; it is the text.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from asyncdl.core.export import StoredClip
from asyncdl.core.table_columns import CAPTION
from asyncdl.exporting.targets import Targets


@dataclass(frozen=True, slots=True)
class Sound:
    """What a recording is of: ``path`` of its file, None for sound that travels in a tar beside the cuts."""

    path: str | None
    rate: int
    samples: int
    channels: int


def recording(name: str, sound: Sound) -> dict[str, object]:
    """Describe a recording."""
    channels = [*range(sound.channels)]
    kind, path = ("shar", "") if sound.path is None else ("file", sound.path)
    return {
        "id": name,
        "sources": [{"type": kind, "channels": channels, "source": path}],
        "sampling_rate": sound.rate,
        "num_samples": sound.samples,
        "duration": sound.samples / sound.rate,
        "channel_ids": channels,
    }


def cut_line(clip: StoredClip, name: str, sound: Sound, targets: Targets) -> bytes:
    """Make the line of a cut."""
    channel: int | list[int] = 0 if sound.channels == 1 else [*range(sound.channels)]
    duration = sound.samples / sound.rate
    captions = [text for column, text in clip.segment.columns if column == CAPTION and text.strip()]
    supervisions = [
        {
            "id": f"{name}-{number}" if number else name,
            "recording_id": name,
            "start": 0.0,
            "duration": duration,
            "channel": channel,
            "text": text,
        }
        for number, text in enumerate(captions)
    ]
    cut = {
        "id": name,
        "start": 0.0,
        "duration": duration,
        "channel": channel,
        "supervisions": supervisions,
        "recording": recording(name, sound),
        "custom": _custom(clip, targets),
        "type": "MonoCut" if sound.channels == 1 else "MultiCut",
    }
    return orjson.dumps(cut, option=orjson.OPT_APPEND_NEWLINE)


def _custom(clip: StoredClip, targets: Targets) -> dict[str, object]:
    segment = clip.segment
    labels = [*dict.fromkeys(segment.labels)]
    return {
        "labels": labels,
        "label_names": targets.names_of(labels),
        "classes": [*targets.indices_of(labels).values()],
        "ytid": segment.ytid,
        "start_s": segment.span.start_ms / 1000,
        "end_s": segment.span.end_ms / 1000,
        "split": segment.split,
        "sha256": clip.clip.sha256,
    }
