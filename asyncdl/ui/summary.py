"""What a run says at its end: what is stored, what is gone and why, and what to do next."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group
from rich.text import Text

from asyncdl.core.printable import printable
from asyncdl.core.progress import Snapshot
from asyncdl.core.reach import LabelReach
from asyncdl.ui.failures import gone_and_retryable, kind_lines
from asyncdl.ui.identities import identity_lines
from asyncdl.ui.selection_view import reach_lines
from asyncdl.ui.wording import clock_text, disk_text, rate_text, share_text


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands that are recommended, as the user would type them."""

    run: str = "asyncdl run"
    retry: str = "asyncdl retry-failed"
    status: str = "asyncdl status"
    rejected: str = "asyncdl status --rejected"


DEFAULT_COMMANDS = Commands()


def summary(
    final: Snapshot,
    commands: Commands = DEFAULT_COMMANDS,
    *,
    now_s: float | None = None,
    labels: Sequence[LabelReach] = (),
) -> Group:
    """Make lines for people; print them with ``soft_wrap=True`` where there is no terminal to fit.

    ``now_s`` is in seconds since 1970, None for the clock's own; ``labels`` tells of ``--per-label``.
    """
    gone, retryable = gone_and_retryable(final.failed)
    lines = [_result(final), *_run(final)]
    lines += failed_lines("Gone", "asking again is of no use", gone)
    lines += failed_lines("Can be tried again", "", retryable)
    lines += reach_lines(labels)
    lines += identity_lines(final.identities, time.time() if now_s is None else now_s)
    lines += rows_lines(final.rejected_rows, final.repeated_rows, commands)
    lines += next_lines(final.open, sum(retryable.values()), commands)
    return Group(*lines)


def failed_lines(title: str, remark: str, failed: Mapping[str, int]) -> list[Text]:
    """Put a heading with the sum, and a line for each kind; nothing where nothing failed so."""
    total = sum(failed.values())
    if not total:
        return []
    heading = Text.assemble((f"{title}: {total:,}", "bold"), (f"  {remark}" if remark else "", "dim"))
    return [Text(), heading, *kind_lines(failed)]


def rows_lines(rejected: int, repeated: int, commands: Commands = DEFAULT_COMMANDS) -> list[Text]:
    """Rows of the lists that became no segment, and how to see them."""
    if not rejected and not repeated:
        return []
    width = max(len(f"{rejected:,}"), len(f"{repeated:,}"))
    lines = [Text(), Text("Rows of the lists", style="bold")]
    if rejected:
        lines.append(
            _pair(f"{rejected:>{width},} rejected", f"are no segments; {commands.rejected} shows them")
        )
    if repeated:
        lines.append(_pair(f"{repeated:>{width},} repeated", "name the segment of another row; stored once"))
    return lines


def next_lines(left_open: int, retryable: int, commands: Commands = DEFAULT_COMMANDS) -> list[Text]:
    """Tell what to type next, most useful first."""
    steps = []
    if left_open:
        steps.append((commands.run, f"with the same lists goes on with {_segments(left_open)} still open"))
    if retryable:
        steps.append((commands.retry, f"tries {_segments(retryable)} again"))
    if not steps:
        steps.append((commands.status, "shows this at any time; nothing is left to try"))
    width = max(len(command) for command, _ in steps)
    return [
        Text(),
        Text("Next", style="bold"),
        *(_pair(f"{command:<{width}}", why) for command, why in steps),
    ]


def _result(final: Snapshot) -> Text:
    whole = final.total or max(final.segments, final.settled)
    share = share_text(final.stored, whole)
    return Text.assemble(
        (f"{final.stored:,} of {whole:,} segments stored", "bold green" if final.stored else "bold"),
        f" ({share})" if share else "",
        f", {final.failed_total:,} failed, {final.open:,} open",
        (f"  {printable(final.note)}" if final.note else "", "yellow"),
    )


def _run(final: Snapshot) -> list[Text]:
    again = f", {final.run_retried:,} attempts repeated" if final.run_retried else ""
    rate = rate_text(final.run_stored / final.elapsed_s * 60 if final.elapsed_s > 0 else 0.0)
    return [
        _pair("this run", f"{final.run_stored:,} stored, {final.run_failed:,} failed{again}"),
        _pair("time    ", f"{clock_text(final.elapsed_s)}, {rate} on average"),
        _pair("disk    ", disk_text(final)),
    ]


def _pair(name: str, text: str) -> Text:
    return Text.assemble("  ", (name, "cyan"), "  ", text)


def _segments(count: int) -> str:
    return f"{count:,} segment" if count == 1 else f"{count:,} segments"
