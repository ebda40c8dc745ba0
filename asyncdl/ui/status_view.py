"""``asyncdl status``: the counts of a data set for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.text import Text

from asyncdl.core.ledger import Counts
from asyncdl.core.progress import IdentityView
from asyncdl.ui.failures import gone_and_retryable
from asyncdl.ui.identities import status_lines
from asyncdl.ui.status_object import status_object
from asyncdl.ui.summary import DEFAULT_COMMANDS, Commands, failed_lines, next_lines, rows_lines
from asyncdl.ui.wording import share_text, size_text

__all__ = ["status_object", "status_view"]


def status_view(
    counts: Counts,
    commands: Commands = DEFAULT_COMMANDS,
    identities: Sequence[IdentityView] = (),
    now_s: float | None = None,
) -> Group:
    """Lines for people: counts, why segments failed, identities, what to do next."""
    gone, retryable = gone_and_retryable({kind.value: count for kind, count in counts.failed.items()})
    lines = _table(counts)
    lines += failed_lines("Gone", "asking again is of no use", gone)
    lines += failed_lines("Can be tried again", "", retryable)
    lines += status_lines(identities, now_s)
    lines += rows_lines(counts.rejected_rows, counts.repeated_rows, commands)
    lines += next_lines(counts.open, sum(retryable.values()), commands)
    return Group(*lines)


def _table(counts: Counts) -> list[Text]:
    rows = [
        ("segments", counts.segments, "selected so far", ""),
        ("stored", counts.stored, size_text(counts.stored_bytes), "green"),
        ("failed", counts.failed_total, "", "red" if counts.failed_total else ""),
        ("open", counts.open, "", ""),
    ]
    width = max(len(f"{count:,}") for _, count, _, _ in rows)
    return [
        Text.assemble(
            f"  {name:<8}  ",
            (f"{count:>{width},}", f"bold {style}".strip()),
            (f"  {share_text(count, counts.segments):>7}" if name != "segments" else " " * 9, "dim"),
            (f"  {remark}" if remark else "", "dim"),
        )
        for name, count, remark, style in rows
    ]
