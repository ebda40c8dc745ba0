"""``asyncdl verify``: what was found, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from rich.console import Group
from rich.text import Text

from asyncdl.core.foreign import ForeignKind
from asyncdl.core.printable import printable
from asyncdl.core.soundness import Depth, Problem
from asyncdl.runtime.verify_report import VerifyReport
from asyncdl.ui.wording import clock_text, size_text

_MOST_LINES = 20
_DEPTHS = {
    Depth.SIZE: "sizes only, nothing was read",
    Depth.CHECKSUM: "checksums, nothing was decoded",
    Depth.DECODE: "checksums, decoded to the end",
}


def verify_object(report: VerifyReport) -> dict[str, object]:
    """Make the object of ``asyncdl verify --json``, but for its lists; its keys are a promise to scripts."""
    tallies = report.tallies
    return {
        "depth": report.depth.name.lower(),
        "recorded": report.recorded,
        "checked": report.verified.clips,
        "whole": report.whole,
        "lost": tallies.lost,
        "reopened": tallies.reopened,
        "unjudged": tallies.unjudged,
        "problems": {problem.value: tallies.problems[problem] for problem in Problem},
        "foreign_kinds": {kind.value: tallies.foreign_kinds[kind] for kind in ForeignKind},
        "complete": report.is_complete,
        "stored": report.counts.stored,
        "open": report.counts.open,
        "bytes": report.verified.size_bytes,
        "elapsed_s": round(report.elapsed_s, 3),
        "exit_code": int(report.exit_code),
    }


def verify_view(report: VerifyReport, out_option: str = "") -> Group:
    """Lines for people; the first twenty findings and foreign files.

    ``out_option`` is how the data set is named on the command line, with a blank before.
    """
    lines = [*_result(report), *_findings(report), *_foreign(report), *_next(report, out_option)]
    return Group(*lines)


def _result(report: VerifyReport) -> list[Text]:
    is_well = report.whole == report.recorded
    looked = "" if report.is_complete else f"  {report.verified.clips:,} were looked at"
    return [
        Text.assemble(
            (f"{report.whole:,} of {report.recorded:,} clips are whole", "bold green" if is_well else "bold"),
            (looked, "yellow"),
        ),
        _line("looked at", f"{size_text(report.verified.size_bytes)}: {_DEPTHS[report.depth]}"),
        _line("time     ", clock_text(report.elapsed_s)),
    ]


def _findings(report: VerifyReport) -> list[Text]:
    tallies = report.tallies
    if not tallies.problems:
        return []
    meanings = {problem.value: problem.meaning for problem in Problem}
    counts = {problem.value: count for problem, count in sorted(tallies.problems.items())}
    told = (f"{one['path']}: {one['problem']}: {one['detail']}" for one in tallies.findings)
    return _section("Clips", counts, meanings, told, len(tallies.findings))


def _foreign(report: VerifyReport) -> list[Text]:
    tallies = report.tallies
    if not report.is_complete:
        return [Text(), Text("Foreign files were not looked for to the end.", style="dim")]
    if not tallies.foreign_kinds:
        return []
    meanings = {kind.value: kind.meaning for kind in ForeignKind}
    counts = {kind.value: count for kind, count in sorted(tallies.foreign_kinds.items())}
    told = (f"{one['path']}: {one['kind']}" for one in tallies.foreign)
    title = "No record speaks of these; nothing was deleted"
    return _section(title, counts, meanings, told, len(tallies.foreign))


def _section(
    title: str, counts: Mapping[str, int], meanings: Mapping[str, str], told: Iterable[str], total: int
) -> list[Text]:
    width = max(len(f"{count:,}") for count in counts.values())
    names = max(map(len, counts))
    lines = [Text(), Text(title, style="bold")]
    lines += [
        Text.assemble("  ", (f"{count:>{width},}", "bold"), f"  {name:<{names}}  ", (meanings[name], "dim"))
        for name, count in counts.items()
    ]
    lines += [Text(f"    {printable(one)}") for one in islice(told, _MOST_LINES)]
    if total > _MOST_LINES:
        lines.append(Text(f"    and {total - _MOST_LINES:,} more; --json lists all", style="dim"))
    return lines


def _next(report: VerifyReport, out_option: str) -> list[Text]:
    lost, reopened = report.tallies.lost, report.tallies.reopened
    if not lost:
        return []
    lines = [Text(), Text("Next", style="bold")]
    if report.writes:
        clips = "1 clip is" if reopened == 1 else f"{reopened:,} clips are"
        lines.append(
            _line(f"asyncdl run{out_option}", f"with the same lists fetches them: {clips} open again")
        )
    else:
        lines.append(
            _line(
                f"asyncdl verify{out_option}",
                "without --dry-run opens the lost ones again; nothing was written",
            )
        )
    return lines


def _line(name: str, text: str) -> Text:
    return Text.assemble("  ", (name, "cyan"), "  ", text)
