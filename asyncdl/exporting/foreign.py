"""What a journal says, as lists can hold it: a journal may come from a stranger, and labels be any text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from asyncdl.core.forms import MAX_DURATION_MS
from asyncdl.core.model import Clip
from asyncdl.core.printable import printable
from asyncdl.core.rows import is_label

# Beyond what any source has, and far below what arithmetic on 64 bits could not take.
_RATES = range(1000, 768_001)
_CHANNELS = range(1, 256)
_MOST_BYTES = 1 << 40


def date_of(at_ms: int) -> datetime | None:
    """Turn a time of the journal into a date, to the second; None for a number that is none."""
    try:
        return datetime.fromtimestamp(at_ms // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def words_of(labels: Iterable[str]) -> list[str]:
    """Write labels for lists that divide them by white space, each once: names have ``_`` for blanks."""
    return [*dict.fromkeys(word for label in labels if (word := _word(label)))]


@lru_cache(maxsize=4096)
def _word(label: str) -> str:
    return label if is_label(label) else printable(label).replace(" ", "_")


def is_possible(clip: Clip) -> bool:
    """Whether a clip may have the length, the rate, the channels and the size that are recorded."""
    rate = clip.sample_rate
    return (
        rate in _RATES
        and clip.channels in _CHANNELS
        and clip.size_bytes <= _MOST_BYTES
        and clip.samples * 1000 <= (MAX_DURATION_MS + 1000) * rate
        and clip.padded_samples <= clip.samples
    )
