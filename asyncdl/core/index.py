"""What a media index says: values shared by the parsers (``sidx``, ``cues``) and the choice of entries."""

from __future__ import annotations

from dataclasses import dataclass

from asyncdl.core.model import Container

MAX_PREFIX_BYTES = 4 * 1024 * 1024
READ_AHEAD_BYTES = 8 * 1024


class NotAnIndex(ValueError):
    """The bytes break the rules of their container; the text says which."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stretch that can be decoded alone: bytes from ``first_byte`` up to, not including, ``end_byte``."""

    start_ms: float
    end_ms: float
    first_byte: int
    end_byte: int


@dataclass(frozen=True, slots=True)
class Index:
    """Where which time stands in a file.

    The first ``init_bytes`` bytes are needed before any entry; ``end_ms`` is the exact end of the media.
    Entries are in order, never empty, at least one.
    """

    container: Container
    init_bytes: int
    entries: tuple[Entry, ...]
    end_ms: float


@dataclass(frozen=True, slots=True)
class NeedMore:
    """The index goes on; read the file from its start up to, not including, ``end_byte``."""

    end_byte: int


@dataclass(frozen=True, slots=True)
class CuesAt:
    """The index stands elsewhere; read from ``first_byte`` up to, not including, ``end_byte``."""

    first_byte: int
    end_byte: int


@dataclass(frozen=True, slots=True)
class NoIndex:
    """The file cannot be fetched in part."""

    reason: str


Parsed = Index | NeedMore | CuesAt | NoIndex


def more_up_to(end_byte: int, have_bytes: int, size_bytes: int) -> NeedMore:
    """Ask for a longer prefix; raises ``NotAnIndex`` where the file ends before or the bound is passed."""
    if end_byte > size_bytes:
        raise NotAnIndex(f"an element ends at byte {end_byte}, the file at {size_bytes}")
    if have_bytes >= min(end_byte, size_bytes):
        raise NotAnIndex("the file ends before its index")
    if end_byte > MAX_PREFIX_BYTES:
        raise NotAnIndex(f"no index in the first {MAX_PREFIX_BYTES} bytes")
    return NeedMore(min(end_byte, MAX_PREFIX_BYTES))
