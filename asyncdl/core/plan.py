"""What a run will take, told before it begins: segments, disk, time, and what stands in the way.

Nothing here is exact but counts; sizes are good to a factor of 1.5, except those of WAV.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from asyncdl.core.cutting import OPUS_RATE, clip_rate, sound_format
from asyncdl.core.finding import Level
from asyncdl.core.model import AudioFormat, ClipSpec
from asyncdl.core.pace_policy import DEFAULT_BURST

# What yt-dlp's wiki documents of YouTube: a guest session gets about 1,000 player and webpage requests an
# hour, which are about 300 videos with yt-dlp's default requests; an account about 4,000.
GUEST_VIDEOS_PER_H = 300
GUEST_REQUESTS_PER_H = 1_000
ACCOUNT_REQUESTS_PER_H = 4_000

# Seconds that a segment takes of one worker: a player request, two ranged GETs, the cut, the check. Assumed
# for a usual connection; loopback takes half of it.
CLIP_WORK_S = 3.0

# FLAC keeps about this share of 16-bit samples: 1.0 MB of 1.92 MB in ten stereo seconds at 48 kHz.
_FLAC_SHARE = 0.52
_WAV_HEADER = 78
_BYTES_PER_SAMPLE = 2
# kbit/s that the encoders choose by themselves, mono and stereo; measured on pink noise at 48 kHz.
_USUAL_KBPS = {AudioFormat.OPUS: (64, 96), AudioFormat.M4A: (72, 128), AudioFormat.MP3: (64, 128)}
# kbit/s of x264 "veryfast" at constant quality, by lines; real pictures lie between half and twice of it.
_PICTURE_KBPS = ((144, 150), (240, 300), (360, 600), (480, 1_000), (720, 2_200), (1080, 4_500), (1440, 8_500))
_PICTURE_KBPS_BEYOND = 17_000
# With --keep-source: kbit/s of YouTube's sound, and what is fetched around the segment, in seconds.
_SOURCE_KBPS = 130
_AROUND_S = 10.0
# Lines of the journal, and what a file's last block leaves empty.
_BESIDE_BYTES = 4_000

_TIGHT = 0.9


class Advice(StrEnum):
    """What a plan has to say against itself."""

    DISK_TOO_SMALL = "disk_too_small"
    DISK_TIGHT = "disk_tight"
    LONG_FOR_ONE = "long_for_one"  # one identity, and more than an hour of its documented limit
    ABOVE_LIMIT = "above_limit"  # the pace is beyond what YouTube is known to allow

    @property
    def level(self) -> Level:
        """How much it matters."""
        levels = {Advice.DISK_TOO_SMALL: Level.FAULT, Advice.LONG_FOR_ONE: Level.NOTE}
        return levels.get(self, Level.WARNING)


@dataclass(frozen=True, slots=True)
class Work:
    """Segments ``to_do`` and ``settled`` already; ``mean_s`` is their mean length in seconds.

    ``is_about``: the lists were counted roughly.
    """

    to_do: int
    settled: int = 0
    mean_s: float = 10.0
    is_about: bool = False


@dataclass(frozen=True, slots=True)
class Means:
    """What a run may use, one of each at least: identities, of each the requests an hour and at once.

    ``allowed_per_h`` is None (or infinite) where nothing bounds it. ``requests_each`` are the player and
    webpage requests of one segment; ``is_guest`` is False where accounts are used.
    """

    identities: int = 1
    allowed_per_h: float | None = None
    concurrency: int = 1
    burst: int = DEFAULT_BURST
    requests_each: int = 1
    is_guest: bool = True

    @property
    def total_per_h(self) -> float:
        """Requests an hour of all identities, infinite where nothing bounds them."""
        return math.inf if self.allowed_per_h is None else self.allowed_per_h * self.identities

    @property
    def limit_per_h(self) -> int:
        """Requests an hour that YouTube is documented to allow one identity."""
        return GUEST_REQUESTS_PER_H if self.is_guest else ACCOUNT_REQUESTS_PER_H


@dataclass(frozen=True, slots=True)
class Plan:
    """``needed_bytes`` if every segment is still there; ``time_s`` at the present pace, without blocks.

    ``least_s`` is the time at the documented limit, where the present pace is above it, else ``time_s``.
    """

    work: Work
    means: Means
    clip_bytes: int
    needed_bytes: int
    free_bytes: int
    time_s: float
    least_s: float
    advice: tuple[Advice, ...]

    @property
    def fits(self) -> bool:
        """Whether the disk will hold it."""
        return Advice.DISK_TOO_SMALL not in self.advice


def plan(work: Work, spec: ClipSpec, means: Means, free_bytes: int, *, keep_source: bool = False) -> Plan:
    """Foretell a run; ``free_bytes`` is what the disk of the data set has left."""
    clip_bytes = expected_clip_bytes(spec, work.mean_s)
    kept_bytes = expected_source_bytes(spec, work.mean_s) if keep_source else 0
    needed_bytes = work.to_do * (clip_bytes + kept_bytes + _BESIDE_BYTES)
    time_s = expected_time_s(work.to_do, means)
    limit_s = work.to_do * means.requests_each * 3600 / (means.limit_per_h * means.identities)
    is_above = _is_long(work, means) and means.total_per_h > means.limit_per_h * means.identities
    return Plan(
        work=work,
        means=means,
        clip_bytes=clip_bytes,
        needed_bytes=needed_bytes,
        free_bytes=free_bytes,
        time_s=time_s,
        least_s=max(time_s, limit_s) if is_above else time_s,
        advice=(*_of_disk(needed_bytes, free_bytes), *_of_pace(work, means, is_above=is_above)),
    )


def expected_clip_bytes(spec: ClipSpec, seconds: float) -> int:
    """Foretell the size of a clip; where the source decides, it is taken for stereo at 48,000 Hz."""
    sound_bytes = _sound_bytes(spec, seconds)
    return round(sound_bytes + seconds * picture_kbps(spec.max_height) * 125 if spec.video else sound_bytes)


def expected_source_bytes(spec: ClipSpec, seconds: float) -> int:
    """Foretell what ``--keep-source`` keeps beside a clip."""
    kbps = _SOURCE_KBPS + (picture_kbps(spec.max_height) if spec.video else 0)
    return round((seconds + _AROUND_S) * kbps * 125)


def picture_kbps(lines: int) -> int:
    """Foretell the bit rate of a picture so many lines high, in kbit/s."""
    return next((kbps for height, kbps in _PICTURE_KBPS if lines <= height), _PICTURE_KBPS_BEYOND)


def expected_time_s(to_do: int, means: Means) -> float:
    """Foretell the time: what the workers take, or what the pace leaves to wait for, if that is more."""
    work_s = to_do * CLIP_WORK_S / means.concurrency
    # The first requests of an identity leave at once, the others at its pace.
    paced = max(0, to_do * means.requests_each - means.burst * means.identities)
    return max(work_s, paced * 3600 / means.total_per_h) if paced else work_s


def _sound_bytes(spec: ClipSpec, seconds: float) -> float:
    channels = 1 if spec.mono else 2
    raw_bytes = round(seconds * clip_rate(spec, OPUS_RATE)) * channels * _BYTES_PER_SAMPLE
    match sound_format(spec):
        case AudioFormat.WAV:
            return raw_bytes + _WAV_HEADER
        case AudioFormat.FLAC:
            return raw_bytes * _FLAC_SHARE
        case lossy:
            return seconds * (spec.bitrate_kbps or _USUAL_KBPS[lossy][channels - 1]) * 125


def _is_long(work: Work, means: Means) -> bool:
    """Whether the documented limit of an hour does not do."""
    return work.to_do * means.requests_each > means.limit_per_h * means.identities


def _of_disk(needed_bytes: int, free_bytes: int) -> tuple[Advice, ...]:
    if needed_bytes > free_bytes:
        return (Advice.DISK_TOO_SMALL,)
    return (Advice.DISK_TIGHT,) if needed_bytes > _TIGHT * free_bytes else ()


def _of_pace(work: Work, means: Means, *, is_above: bool) -> tuple[Advice, ...]:
    if is_above:
        return (Advice.ABOVE_LIMIT,)
    return (Advice.LONG_FOR_ONE,) if means.identities == 1 and _is_long(work, means) else ()
