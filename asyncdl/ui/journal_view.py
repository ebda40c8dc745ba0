"""``asyncdl journal``: what was found and done, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from rich.console import Group
from rich.text import Text

from asyncdl.core.printable import printable
from asyncdl.runtime.examining import Examined, Loss, SnapshotState
from asyncdl.ui.wording import size_text

_MOST_LINES = 20


def check_object(found: Examined) -> dict[str, object]:
    """Make the object of ``asyncdl journal check --json``; its keys are a promise to scripts."""
    replayed = found.replayed
    return {
        "whole": found.is_whole,
        "files": len(replayed.files),
        "records": found.records,
        "bytes": found.size_bytes,
        "lost_records": found.lost_records,
        "damage": [_loss_object(loss) for loss in found.losses],
        "settled": [{"file": one.file, "first": one.first, "last": one.last} for one in found.settled],
        "torn": list(replayed.torn),
        "replaced": list(found.replaced),
        "twins": [list(pair) for pair in found.twins],
        "foreign": [printable(name) for name in found.foreign],
        "leftovers": [printable(name) for name in found.leftovers],
        "segments_without_row": found.rowless,
        "snapshot": found.snapshot.value,
    }


def check_view(found: Examined, out_option: str = "") -> Group:
    """Lines for people; ``out_option`` is how commands name the data set, with a blank before."""
    lines = _losses(found, out_option) if found.losses else _whole(found)
    return Group(*lines, *_notes(found, out_option))


def _whole(found: Examined) -> list[Text]:
    counts = found.replayed.ledger.counts()
    size = size_text(found.size_bytes)
    told = f"{counts.segments:,} segments: {counts.stored:,} stored, {counts.failed_total:,} failed"
    return [
        Text("The journal is whole.", style="bold green"),
        Text(f"  {_files(len(found.replayed.files))}, {found.records:,} records, {size}"),
        Text(f"  {told}, {counts.open:,} open"),
    ]


def _losses(found: Examined, out_option: str) -> list[Text]:
    places = "1 place" if len(found.losses) == 1 else f"{len(found.losses):,} places"
    head = f"The journal is damaged: {_records(found.lost_records)} gone from {places}."
    lines = [Text(head, style="bold red"), Text()]
    for loss in islice(found.losses, _MOST_LINES):
        lines += _loss_lines(loss)
    if len(found.losses) > _MOST_LINES:
        lines.append(Text(f"  and {len(found.losses) - _MOST_LINES:,} more; --json lists all", style="dim"))
    return [*lines, Text(), *_meaning(found), Text(), *_next(out_option)]


def _loss_lines(loss: Loss) -> list[Text]:
    damage = loss.damage
    told = "what became of segments" if loss.holds_events else "rows of the lists, up to 256 in each"
    if loss.is_file_gone:
        lost = "all" if loss.holds_events else f"{damage.records:,} records"
        return [Text(f"  {damage.file} is not there"), Text(f"    {lost} of {told}")]
    many = (
        f"records {damage.first:,} to {damage.last:,}" if damage.records > 1 else f"record {damage.first:,}"
    )
    lines = [Text(f"  {damage.file} behind byte {damage.offset:,}"), Text(f"    {many}: {told}")]
    if loss.remains:
        words = ", ".join(f"{count:,} {word}" for word, count in sorted(loss.remains.items()))
        lines.append(Text(f"    still to be made out in its place: {words}", style="dim"))
    return lines


def _meaning(found: Examined) -> list[Text]:
    lines = [Text("What it means", style="bold")]
    if any(loss.holds_events for loss in found.losses):
        lines += [
            Text("  A clip whose record is gone is fetched again. But one that was found lost may count as"),
            Text("  stored now, so no run starts before every stored clip has been looked at."),
        ]
    if not all(loss.holds_events for loss in found.losses):
        lines.append(
            Text("  Rows that are gone are read again from their lists; until then no manifest has them.")
        )
    if found.replayed.ledger.spec is None:
        lines += [
            Text("  No run file tells any more what a clip of this data set is (format, rate, channels)."),
            Text("  A repair needs a copy of any of them from a backup."),
        ]
    return lines


def _next(out_option: str) -> list[Text]:
    return [
        Text("Next", style="bold"),
        _line(f"asyncdl journal repair{out_option}", "looks at every stored clip and settles the damage;"),
        Text("  the damaged files stay as they are. A copy of them from a backup, put back, mends it too."),
    ]


def _notes(found: Examined, out_option: str) -> list[Text]:
    """Tell what is no damage, and worth knowing."""
    gone = sum(one.last - one.first + 1 for one in found.settled)
    torn = "with a torn end, as a crash leaves it: nothing that ever counted is lost"
    notes = [
        (found.replayed.torn, torn),
        (found.replaced, f"told again by a compacted one; asyncdl journal compact{out_option} removes them"),
        (found.leftovers, "left by a program that was killed; the next run removes them"),
        (found.foreign, "here that asyncdl did not make, and does not read"),
    ]
    lines = [_names(names, what) for names, what in notes if names]
    if gone:
        lines.append(Text(f"  {_records(gone)} gone for good: settled by a repair"))
    lines += [
        Text(f"  {one} and {other} have one number: two runs wrote at once") for one, other in found.twins
    ]
    if found.rowless:
        told = "segments have results but no row; the next run reads the rows from their lists"
        lines.append(Text(f"  {found.rowless:,} {told}"))
    if found.snapshot is SnapshotState.UNUSABLE:
        lines.append(Text("  the snapshot is of no use and passed over; the next run writes another"))
    return [Text(), Text("Beside that", style="bold"), *lines] if lines else []


def _names(names: Sequence[str], what: str) -> Text:
    shown = ", ".join(printable(name, 80) for name in names[:3])
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return Text(f"  {_files(len(names))} {what}: {shown}{more}")


def _loss_object(loss: Loss) -> dict[str, object]:
    damage = loss.damage
    return {
        "file": damage.file,
        "offset": damage.offset,
        "first": damage.first,
        "last": damage.last,
        "records": damage.records,
        "holds": "events" if loss.holds_events else "rows",
        "file_gone": loss.is_file_gone,
        "remains": loss.remains,
    }


def _records(count: int) -> str:
    return "1 record is" if count == 1 else f"{count:,} records are"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _line(name: str, text: str) -> Text:
    return Text.assemble("  ", (name, "cyan"), "  ", text)
