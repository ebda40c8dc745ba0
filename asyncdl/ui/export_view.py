"""``asyncdl export``: formats, plans and results, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from rich.console import Group
from rich.text import Text

from asyncdl.core.printable import printable
from asyncdl.errors import DiskFull
from asyncdl.exporting.contract import Exporter
from asyncdl.exporting.report import ExportPlan, ExportReport
from asyncdl.ui.wording import clock_text, size_text

_MOST_LINES = 20


def format_objects(formats: Mapping[Exporter, Sequence[str]]) -> Iterator[dict[str, object]]:
    """Make an object for each format; ``formats`` tells which of its libraries are missing."""
    for exporter, missing in formats.items():
        yield {
            "format": exporter.name,
            "summary": exporter.summary,
            "extra": exporter.extra,
            "missing": list(missing),
            "options": sorted(exporter.takes),
        }


def formats_view(formats: Mapping[Exporter, Sequence[str]]) -> Group:
    """List the formats, with what has to be installed for them."""
    width = max(len(exporter.name) for exporter in formats)
    return Group(*(_format(exporter, missing, width) for exporter, missing in formats.items()))


def _format(exporter: Exporter, missing: Sequence[str], width: int) -> Text:
    needs = f"  needs pip install 'asyncdl[{exporter.extra}]'" if missing else ""
    return Text.assemble(
        (f"{exporter.name:<{width}}", "bold cyan"), "  ", exporter.summary, (needs, "yellow")
    )


def plan_object(plan: ExportPlan) -> dict[str, object]:
    """Make the object of ``asyncdl export --dry-run --json``."""
    return {
        "format": plan.format,
        "target": str(plan.target),
        "splits": dict(plan.clips),
        "clips": sum(plan.clips.values()),
        "shards": sum(plan.shards.values()),
        "most_bytes": plan.most_bytes,
        "free_bytes": plan.free_bytes,
    }


def plan_view(plan: ExportPlan) -> Group:
    """Say what would be written."""
    fits = plan.most_bytes <= plan.free_bytes
    lines = [Text(f"{plan.format}: {sum(plan.clips.values()):,} clips to {plan.target}", style="bold")]
    for split, clips in plan.clips.items():
        shards = f" in {_counted(plan.shards[split], 'shard')}" if plan.shards.get(split) else ""
        lines.append(Text(f"  {split}  {clips:,} clips{shards}"))
    room = f"at most {size_text(plan.most_bytes)}; {size_text(plan.free_bytes)} are free"
    lines.append(Text(f"  disk  {room}", style="" if fits else "yellow"))
    return Group(*lines)


def report_object(report: ExportReport) -> dict[str, object]:
    """Make the object of ``asyncdl export --json``, but for the clips that were left out."""
    return {
        "format": report.format,
        "target": str(report.target),
        "splits": dict(report.clips),
        "clips": sum(report.clips.values()),
        "shards": report.shards,
        "kept_shards": report.kept,
        "passed_over": [
            {"split": split, "clips": clips, "reason": reason.value}
            for (split, reason), clips in report.passed_over.items()
        ],
        "cut": dict(report.cut),
        "bytes": report.size_bytes,
        "card": report.card,
        "complete": report.is_complete,
        "elapsed_s": round(report.elapsed_s, 3),
        "exit_code": int(report.exit_code),
    }


def left_out_objects(report: ExportReport) -> Iterator[dict[str, object]]:
    """Make an object for each clip that was left out."""
    for one in report.left_out.values():
        yield {"key": one.key, "split": one.split, "path": one.path, "reason": one.reason}


def report_view(report: ExportReport, out_option: str = "") -> Group:
    """Say what was written, and what was left out."""
    if not report.is_complete:
        is_passing = report.fault is None or isinstance(report.fault, DiskFull)
        when = "" if is_passing else "once that is mended, "
        text = f"Not complete. What is published stays; {when}the same command goes on."
        return Group(Text(text, style="bold yellow"))
    clips = sum(report.clips.values())
    lines = [Text.assemble((f"{clips:,} clips as {report.format}", "bold green"), f" in {report.target}")]
    lines += [Text(f"  {split}  {count:,}") for split, count in report.clips.items()]
    lines += [
        Text(f"  {split}  {count:,} more are not in this format: {reason}")
        for (split, reason), count in report.passed_over.items()
    ]
    lines += [
        Text(f"  {split}  {count:,} of them are longer than this format holds, and were cut", style="yellow")
        for split, count in report.cut.items()
    ]
    kept = f", {report.kept:,} of them there already" if report.kept else ""
    shards = f"{_counted(report.shards, 'shard')}{kept}, " if report.shards else ""
    lines.append(Text(f"  {shards}{size_text(report.size_bytes)}"))
    if report.card:
        lines.append(Text(f"  {report.card} tells what is there and what is missing", style="dim"))
    lines.append(Text(f"  time  {clock_text(report.elapsed_s)}", style="dim"))
    return Group(*lines, *_left_out(report, out_option))


def _left_out(report: ExportReport, out_option: str) -> list[Text]:
    if not report.left_out:
        return []
    clips = _counted(len(report.left_out), "stored clip")
    lines = [Text(), Text(f"Left out: {clips}", style="bold yellow")]
    lines += [
        Text(f"  {one.path}: {printable(one.reason)}")
        for one in islice(report.left_out.values(), _MOST_LINES)
    ]
    if len(report.left_out) > _MOST_LINES:
        lines.append(Text(f"  and {len(report.left_out) - _MOST_LINES:,} more; left_out.csv has all"))
    next_step = Text.assemble(
        ("asyncdl verify" + out_option, "cyan"), "  opens them again, so that asyncdl run fetches them"
    )
    return [*lines, next_step]


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"
