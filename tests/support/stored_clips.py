"""A data set of generated clips, recorded by the real journal as a run would."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from asyncdl.core import layout
from asyncdl.core.events import ClipStored
from asyncdl.core.model import Clip, ClipSpec, RowRef, Segment, Span
from support.datasets import rows_of, write_run

RATE = 16_000
SPEC = ClipSpec()


def segments(count: int) -> list[Segment]:
    return [Segment(f"Clip{number:07d}", Span(30_000, 40_000), "eval") for number in range(count)]


def path_of(root: Path, segment: Segment, spec: ClipSpec = SPEC) -> Path:
    return root / layout.clip_path(segment, spec.extension)


def write_sound(path: Path, seed: int, samples: int = RATE // 4, rate: int = RATE, channels: int = 1) -> None:
    """Noise that differs by its seed: no two clips share a byte for long."""
    noise = np.random.default_rng(seed).integers(-9000, 9000, (samples, channels), dtype=np.int16)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise, rate)


def clip_of(path: Path, samples: int = RATE // 4, rate: int = RATE, channels: int = 1) -> Clip:
    """What a record says of a file as it stands."""
    data = path.read_bytes()
    return Clip(
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        samples=samples,
        sample_rate=rate,
        channels=channels,
        padded_samples=0,
        is_silent=False,
        format_id="140",
        source_rate=44_100,
        whole_file=False,
        tool_version="yt-dlp 0",
    )


def stored(segment: Segment, line: int, clip: Clip) -> ClipStored:
    return ClipStored(segment.key, RowRef(0, line), 0, 1, 0, clip)


async def store_clips(
    root: Path, count: int, *, kept: Sequence[int] = (), unfetched: int = 0
) -> list[Segment]:
    """Record ``count`` clips, those numbered in ``kept`` with their source bytes; then rows that are open."""
    chosen = segments(count + unfetched)
    events = []
    for number, segment in enumerate(chosen[:count]):
        path = path_of(root, segment)
        write_sound(path, number)
        clip = clip_of(path)
        if number in kept:
            name = layout.source_path(segment, "webm")
            (root / name).write_bytes(b"source")
            clip = replace(clip, source_files=(name,))
        events.append(stored(segment, number + 4, clip))
    await write_run(root, rows_of(chosen), events)
    return chosen
