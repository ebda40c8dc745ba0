"""Failure kinds as aligned lines: how many, which, and what that means."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from asyncdl.core.kinds import FailureKind
from asyncdl.core.printable import printable


def by_count(failed: Mapping[str, int]) -> list[tuple[str, int]]:
    """Kinds that occurred, most frequent first, then by name, so that equal ones keep their places."""
    return sorted(((kind, count) for kind, count in failed.items() if count), key=lambda it: (-it[1], it[0]))


def gone_and_retryable(failed: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Split by whether asking again can help."""
    gone = {kind: count for kind, count in failed.items() if known_kind(kind).is_permanent}
    return gone, {kind: count for kind, count in failed.items() if kind not in gone}


def known_kind(name: str) -> FailureKind:
    """Read a kind; a journal written by a later version may hold one that is not known here."""
    try:
        return FailureKind(name)
    except ValueError:
        return FailureKind.UNKNOWN


def kind_line(kind: str, count: int, *, count_width: int, name_style: str = "") -> Text:
    """``  removed             800  the video was removed``."""
    return Text.assemble(
        "  ",
        (f"{count:>{count_width},}", "bold"),
        "  ",
        (f"{printable(kind):<18}", name_style),
        (f"  {known_kind(kind).meaning}", "dim"),
    )


def kind_lines(failed: Mapping[str, int], *, name_style: str = "") -> list[Text]:
    """All kinds that occurred."""
    width = max((len(f"{count:,}") for count in failed.values()), default=0)
    return [
        kind_line(kind, count, count_width=width, name_style=name_style) for kind, count in by_count(failed)
    ]
