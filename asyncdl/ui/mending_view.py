"""``asyncdl journal repair`` and ``compact``: what was done, for people and for scripts."""

from __future__ import annotations

from rich.console import Group
from rich.text import Text

from asyncdl.core.printable import printable
from asyncdl.errors import ExitCode
from asyncdl.runtime.compacting import Saved, Weight
from asyncdl.runtime.repair_report import Repaired
from asyncdl.ui.wording import size_text


def repair_object(report: Repaired) -> dict[str, object]:
    """Make the object of ``asyncdl journal repair --json``; its keys are a promise to scripts."""
    return {
        "damaged_places": len(report.damage),
        "lost_records": report.records,
        "settled": report.is_settled,
        "checked": report.verified.clips,
        "lost": report.lost,
        "unjudged": report.unjudged,
        "segments_without_row": report.rowless,
        "files_without_record": report.unrecorded,
        "stored": report.counts.stored,
        "open": report.counts.open,
        "exit_code": int(report.exit_code),
    }


def repair_view(report: Repaired, out_option: str = "") -> Group:
    """Lines for people; ``out_option`` is how commands name the data set, with a blank before."""
    if not report.damage:
        return Group(Text("The journal is whole: there is nothing to repair.", style="bold green"))
    lines = [_result(report), *_checked(report)]
    return Group(*lines, Text(), Text("Next", style="bold"), *_next(report, out_option))


def compact_object(saved: Saved | None) -> dict[str, object]:
    """Make the object of ``asyncdl journal compact --json``."""
    if saved is None:
        return {"compacted": False}
    return {"compacted": True, "before": _weight_object(saved.before), "after": _weight_object(saved.after)}


def compact_view(saved: Saved | None) -> Group:
    """Lines for people: sizes before and after."""
    if saved is None:
        return Group(Text("The journal is compact: there is nothing to gain.", style="bold green"))
    rows = [("before", saved.before), ("after", saved.after)]
    width = max(len(f"{weight.records:,}") for _, weight in rows)
    return Group(
        Text("The journal is compact now.", style="bold green"),
        *(
            Text(
                f"  {name:<6}  {weight.records:>{width},} records  {size_text(weight.size_bytes):>8}"
                f"  {_files(weight.files)}"
            )
            for name, weight in rows
        ),
    )


def _result(report: Repaired) -> Text:
    records = "1 record is" if report.records == 1 else f"{report.records:,} records are"
    if report.is_settled:
        return Text(
            f"The journal is repaired: {records} known to be gone, and runs can go on.", style="bold green"
        )
    if report.unjudged:
        clips = _clips(report.unjudged)
        return Text(f"Not repaired yet: {clips} could not be looked at.", style="bold red")
    return Text("Not repaired yet: stopped before every stored clip was looked at.", style="bold yellow")


def _checked(report: Repaired) -> list[Text]:
    whole = report.verified.clips - report.lost - report.unjudged
    looked = f"{_clips(report.verified.clips)}, {size_text(report.verified.size_bytes)}: {whole:,} whole"
    counts = report.counts
    lines = [_row("looked at", looked)]
    if report.lost:
        lines.append(_row("open again", f"{_clips(report.lost)}, not there or not whole"))
    if report.rowless:
        lines.append(
            _row("no row", f"{report.rowless:,} segments; the next run reads the rows from their lists")
        )
    if report.unrecorded:
        lines.append(
            _row("no record", f"{_clips(report.unrecorded)} in the folder; fetched again and replaced")
        )
    lines.append(
        _row("now", f"{counts.stored:,} stored, {counts.failed_total:,} failed, {counts.open:,} open")
    )
    return lines + [
        Text(f"    {printable(f'{one.path}: {one.problem}: {one.detail}')}") for one in report.examples
    ]


def _next(report: Repaired, out_option: str) -> list[Text]:
    if report.is_settled:
        run, compact = f"asyncdl run{out_option}", f"asyncdl journal compact{out_option}"
        return [
            _command(f"{run:<{len(compact)}}", "with the same lists goes on"),
            _command(compact, "makes one whole file of all, without the damaged ones"),
        ]
    what = "again, once these clips can be read" if report.exit_code is ExitCode.ENVIRONMENT else "again"
    return [_command(f"asyncdl journal repair{out_option}", what)]


def _weight_object(weight: Weight) -> dict[str, int]:
    return {"files": weight.files, "records": weight.records, "bytes": weight.size_bytes}


def _row(name: str, text: str) -> Text:
    return Text.assemble("  ", (f"{name:<10}", "dim"), "  ", text)


def _command(name: str, text: str) -> Text:
    return Text.assemble("  ", (name, "cyan"), "  ", text)


def _clips(count: int) -> str:
    return "1 clip" if count == 1 else f"{count:,} clips"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"
