"""``asyncdl doctor``: the findings as a table for people and as an object for scripts."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.text import Text

from asyncdl.core.finding import Finding, Level, worst
from asyncdl.core.printable import printable

_STYLES = {Level.OK: "green", Level.NOTE: "dim", Level.WARNING: "yellow", Level.FAULT: "bold red"}
_WORDS = {Level.OK: "ok", Level.NOTE: "note", Level.WARNING: "warning", Level.FAULT: "FAULT"}
_LEVEL_WIDTH = max(map(len, _WORDS.values()))
_NARROWEST = 24
_WIDEST_NAME = 28
_LONGEST_TEXT = 2_000


def doctor_object(findings: Sequence[Finding]) -> dict[str, object]:
    """Make the object of ``asyncdl doctor --json``; its keys and levels are a promise to scripts."""
    return {
        "level": worst(findings).value,
        "findings": [
            {
                "name": finding.name,
                "level": finding.level.value,
                "what": finding.what,
                "mend": finding.mend or None,
            }
            for finding in findings
        ],
    }


def doctor_view(findings: Sequence[Finding], width: int | None = None) -> Group:
    """One line a check and the mend under it, wrapped to ``width`` cells; None does not wrap."""
    longest = max((len(printable(finding.name)) for finding in findings), default=0)
    name_width = min(longest, _WIDEST_NAME)
    lines = [line for finding in findings for line in _lines(finding, name_width, width)]
    return Group(*lines, Text(), _verdict(findings))


def _lines(finding: Finding, name_width: int, width: int | None) -> Iterator[Text]:
    """Give a name that is too long for its column a line of its own."""
    name = printable(finding.name)
    indent = 2 + _LEVEL_WIDTH + 2 + name_width + 2
    left = Text.assemble(
        "  ", (f"{_WORDS[finding.level]:<{_LEVEL_WIDTH}}", _STYLES[finding.level]), f"  {name:<{name_width}}"
    )
    what = _wrapped(finding.what, indent, width)
    if len(name) > name_width:
        yield left
    else:
        yield left.append(f"  {what.pop(0)}" if what else "")
    for line in what:
        yield Text(" " * indent + line)
    for line in _wrapped(f"mend: {finding.mend}" if finding.mend else "", indent, width):
        yield Text(" " * indent + line, style="cyan")


def _wrapped(text: str, indent: int, width: int | None) -> list[str]:
    """Break at blanks only, so that paths and commands stay whole."""
    bare = printable(text, _LONGEST_TEXT)
    if width is None or not bare:
        return [bare] if bare else []
    room = max(_NARROWEST, width - indent)
    return textwrap.wrap(bare, room, break_long_words=False, break_on_hyphens=False)


def _verdict(findings: Sequence[Finding]) -> Text:
    faults, warnings = (
        sum(finding.level is level for finding in findings) for level in (Level.FAULT, Level.WARNING)
    )
    if faults:
        return Text(
            f"A run could not work: {_count(faults, 'fault')}, {_count(warnings, 'warning')}.", "bold red"
        )
    if warnings:
        return Text(f"A run can work, with {_count(warnings, 'warning')}.", "bold yellow")
    return Text("Nothing is in the way of a run.", "bold green")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
