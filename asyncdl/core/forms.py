"""The forms that names and numbers have wherever they come from: a list, a command line, a journal.

A journal may come from a stranger. What it says becomes paths, arguments of ffmpeg and counters, so whoever
reads one asks here; each function raises ``ValueError`` that names what is wrong, never the whole of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from asyncdl.core.model import AudioFormat, ClipSpec, Quality, Span

MAX_DURATION_MS = 6 * 60 * 60 * 1000
MAX_TIME_MS = 999_999_999
SAMPLE_RATES = range(4000, 192001)
BITRATES_KBPS = range(6, 513)
HEIGHTS = range(16, 4321)
# No run comes near it, and arithmetic on rounds stays within 32 bits.
MAX_ROUND = 1 << 24

YTID = re.compile(r"[A-Za-z0-9_-]{11}")
_KEY = re.compile(r"([A-Za-z0-9_-]{11})_(0|[1-9][0-9]{0,8})_([1-9][0-9]{0,8})")
_SPLIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_KEPT = re.compile(
    r"clips/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}/[0-9a-f]{3}/[A-Za-z0-9_-]{13,31}\.source(?:\.[a-z0-9]{3,5}){1,2}"
)
_LONGEST_TOLD = 80


def parts_of(key: object) -> tuple[str, Span]:
    """Take a key apart into video id and span; the rules are those of a list's row."""
    match = _KEY.fullmatch(text(key))
    if match is None:
        raise ValueError(f"{told(key)} is no key of a segment")
    span = Span(int(match[2]), int(match[3]))
    if not 0 < span.duration_ms <= MAX_DURATION_MS:
        raise ValueError(f"{told(key)} is no key of a segment: its times are impossible")
    return match[1], span


def split(value: object) -> str:
    """Check the name of a folder of clips."""
    if not _SPLIT.fullmatch(text(value)):
        raise ValueError(f"{told(value)} is no name of a split")
    return text(value)


def kept_source(value: object) -> str:
    """Check the path of kept source bytes, as ``layout.source_path`` makes it."""
    if not _KEPT.fullmatch(text(value)):
        raise ValueError(f"{told(value)} is no path of source bytes")
    return text(value)


def text(value: object) -> str:
    """Check that a value is text."""
    if not isinstance(value, str):
        raise ValueError(f"{told(value)} is no text")  # noqa: TRY004 - a form is wrong, no program is
    return value


def texts(value: object) -> tuple[str, ...]:
    """Check that a value is a list of texts."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"{told(value)} is no list of texts")  # noqa: TRY004 - as above
    return tuple(text(each) for each in value)


def members(value: object) -> dict[str, object]:
    """Check that a value is a JSON object."""
    if not isinstance(value, dict):
        raise ValueError(f"{told(value)} is no object")  # noqa: TRY004 - as above
    return value


def number(value: object, least: int = 0, most: int = 1 << 62) -> int:
    """Check a whole number."""
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{told(value)} is no whole number from {least} to {most}")
    return value


def round_number(value: object) -> int:
    """Check the number of a round."""
    return number(value, 0, MAX_ROUND)


def clip_spec(fields: Mapping[str, object]) -> ClipSpec:
    """Build what a clip is from a journal; its numbers end in ffmpeg's arguments."""
    usual = ClipSpec()
    return ClipSpec(
        format=AudioFormat(text(fields.get("format", usual.format))),
        sample_rate=optional(fields.get("sample_rate"), SAMPLE_RATES),
        mono=flag(fields.get("mono", usual.mono)),
        bitrate_kbps=optional(fields.get("bitrate_kbps"), BITRATES_KBPS),
        video=flag(fields.get("video", usual.video)),
        max_height=number(fields.get("max_height", usual.max_height), HEIGHTS[0], HEIGHTS[-1]),
        quality=Quality(text(fields.get("quality", usual.quality))),
    )


def told(value: object) -> str:
    """Show the beginning of any value in ASCII, so that it steers no terminal."""
    shown = ascii(value if not isinstance(value, str) else value[:_LONGEST_TOLD])
    return shown if len(shown) <= _LONGEST_TOLD else f"{shown[:_LONGEST_TOLD]}…"


def optional(value: object, allowed: range) -> int | None:
    """Check a whole number that may be left out."""
    return None if value is None else number(value, allowed[0], allowed[-1])


def flag(value: object) -> bool:
    """Check that a value is true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{told(value)} is neither true nor false")  # noqa: TRY004 - as above
    return value
