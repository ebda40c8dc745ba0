"""``asyncdl diff``: what two data sets share and lack, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np
from rich.console import Group
from rich.text import Text

from asyncdl.core.diff_report import DiffReport, chosen
from asyncdl.core.difference import Verdict
from asyncdl.core.hearing import Hearings
from asyncdl.core.holdings import STORED, Side
from asyncdl.core.kinds import FailureKind
from asyncdl.core.listing import DIFFERENCES, Listing
from asyncdl.core.printable import printable

_MOST_KEYS = 3
_MOST_SPLITS = 20
_MOST_LINES = 5
_COLUMNS = {
    "same": "same",
    "other_sound": "other sound",
    "unknown_sound": "unknown sound",
    "only_a": "only A",
    "only_b": "only B",
    "other_labels": "other labels",
    "other_split": "other split",
}
# These are told where there are any.
_RARE = frozenset({"unknown_sound", "other_labels", "other_split"})
_REASONS = {
    "open": "not there yet: never tried, or to be tried again",
    "not_in_lists": "not in its lists",
    "not_told": "a manifest names clips only, and no reasons",
} | {kind.value: kind.meaning for kind in FailureKind}
_HEADINGS = {
    Listing.OTHER_SOUND: "Held by both with other sound (SHA-256)",
    Listing.UNKNOWN_SOUND: "Held by both; one of them tells no SHA-256",
    Listing.ONLY_A: "Only in A",
    Listing.ONLY_B: "Only in B",
    Listing.OTHER_LABELS: "Held by both with other labels",
}


def diff_object(report: DiffReport) -> dict[str, object]:
    """Make the object of ``asyncdl diff --json``, but for its lists; its keys are a promise to scripts."""
    found = report.difference
    told: dict[str, object] = {
        "equal": report.is_equal,
        "a": _side_object(report.a, len(found.repeats_a)),
        "b": _side_object(report.b, len(found.repeats_b)),
        "all": report.total,
        "splits": report.counts,
        "only_a_why": found.why(Verdict.ONLY_A),
        "only_b_why": found.why(Verdict.ONLY_B),
    }
    if report.hearings is not None:
        told["heard"] = _hearings_object(report.hearings)
    return told


def diff_lists(report: DiffReport) -> dict[str, Iterator[dict[str, object]]]:
    """Make its lists, which may hold millions: the segments of each difference."""
    return {listing.word: _elements(report, listing) for listing in DIFFERENCES}


def keys_of(report: DiffReport, listing: Listing) -> Iterator[str]:
    """Name the segments that are meant, in the order of the lists."""
    return (key for key, _, _ in report.difference.segments(chosen(report.difference, listing)))


def diff_view(report: DiffReport) -> Group:
    """Lines for people: both sides, a row per split, and the first segments of each difference."""
    lines = [*_sides(report), Text(), *_table(report.counts, report.total)]
    for listing in DIFFERENCES:
        lines += _section(report, listing)
    if neither := report.total[Verdict.NEITHER.word]:
        lines += [Text(), Text(f"In the lists, held by neither: {neither:,}", style="bold")]
    if report.is_equal:
        heard = "" if report.hearings is None else ": what has other bytes sounds the same"
        lines += [Text(), Text(f"No difference{heard}", style="bold green")]
    return Group(*lines)


def _elements(report: DiffReport, listing: Listing) -> Iterator[dict[str, object]]:
    has_reason = listing in {Listing.ONLY_A, Listing.ONLY_B}
    for key, split, reason in report.difference.segments(chosen(report.difference, listing)):
        element: dict[str, object] = {"key": key, "split": split}
        yield element | {"why": reason} if has_reason else element


def _side_object(side: Side, repeats: int) -> dict[str, object]:
    return {
        "path": printable(side.path, 4000),
        "is_manifest": side.is_manifest,
        "segments": None if side.is_manifest else len(side.holdings),
        "clips": _clips_of(side) - (repeats if side.is_manifest else 0),
        "repeated_lines": repeats,
    }


def _hearings_object(hearings: Hearings) -> dict[str, object]:
    counts = {heard.value: count for heard, count in sorted(hearings.counts.items())}
    return {
        "counts": counts,
        "max_difference": hearings.max_difference,
        "rms_difference": hearings.rms_difference,
    }


def _clips_of(side: Side) -> int:
    return int(np.count_nonzero(side.holdings.states == STORED))


def _sides(report: DiffReport) -> list[Text]:
    found = report.difference
    sides = [("A", report.a, found.repeats_a), ("B", report.b, found.repeats_b)]
    width = max(len(printable(side.path)) for _, side, _ in sides)
    lines = []
    for name, side, repeats in sides:
        told = _side_object(side, len(repeats))
        what = "manifest" if side.is_manifest else "data set"
        head = Text.assemble(
            (name, "bold"), f"  {printable(side.path):<{width}}  {what}  {told['clips']:,} clips"
        )
        lines.append(head)
        if len(repeats):
            where = ", ".join(str(place + 1) for place in repeats[:_MOST_LINES].tolist())
            more = ", …" if len(repeats) > _MOST_LINES else ""
            text = (
                f"   {len(repeats):,} lines name a segment again; the first one counts (lines {where}{more})"
            )
            lines.append(Text(text, style="yellow"))
    return lines


def _table(counts: Mapping[str, Mapping[str, int]], total: Mapping[str, int]) -> list[Text]:
    shown = {word: title for word, title in _COLUMNS.items() if word not in _RARE or total[word]}
    rows = list(islice(counts.items(), _MOST_SPLITS))
    names = max(len(name) for name in ("all", *(name for name, _ in rows)))
    widths = {word: max(len(title), len(f"{total[word]:,}")) for word, title in shown.items()}
    head = "".join(f"  {title:>{widths[word]}}" for word, title in shown.items())
    lines = [Text(" " * (names + 2) + head, style="bold")]
    for name, words in rows:
        cells = "".join(f"  {words[word]:>{widths[word]},}" for word in shown)
        lines.append(Text(f"  {name:<{names}}{cells}"))
    if len(counts) > _MOST_SPLITS:
        lines.append(Text(f"  and {len(counts) - _MOST_SPLITS:,} more splits; --json lists all", style="dim"))
    cells = "".join(f"  {total[word]:>{widths[word]},}" for word in shown)
    lines.append(Text(f"  {'all':<{names}}{cells}", style="bold"))
    return lines


def _section(report: DiffReport, listing: Listing) -> list[Text]:
    count = report.total[listing.word]
    if not count:
        return []
    lines = [Text(), Text(f"{_HEADINGS[listing]}: {count:,}", style="bold")]
    if listing in {Listing.ONLY_A, Listing.ONLY_B}:
        lines += _why(report, listing)
    if listing is Listing.OTHER_SOUND and report.hearings is not None:
        lines += _heard(report.hearings)
    first = ", ".join(islice(keys_of(report, listing), _MOST_KEYS))
    more = f", … (--list {listing} names all)" if count > _MOST_KEYS else ""
    lines.append(Text(f"  {first}{more}", style="dim"))
    return lines


def _why(report: DiffReport, listing: Listing) -> list[Text]:
    """Say what the side says that lacks them."""
    side = "B" if listing is Listing.ONLY_A else "A"
    why = report.difference.why(Verdict[listing.name])
    width, names = max(len(f"{count:,}") for count in why.values()), max(map(len, why))
    lines = [Text(f"  {side} says of them")]
    return lines + [
        Text.assemble(f"    {count:>{width},}  {reason:<{names}}  ", (_REASONS[reason], "dim"))
        for reason, count in why.items()
    ]


def _heard(hearings: Hearings) -> list[Text]:
    width = max(len(f"{count:,}") for count in hearings.counts.values())
    lines = [
        Text(f"    {count:>{width},}  {heard.meaning}") for heard, count in sorted(hearings.counts.items())
    ]
    if hearings.max_difference:
        apart = f"largest difference {hearings.max_difference:.3g} of full scale"
        lines.append(Text(f"    {apart}, RMS up to {hearings.rms_difference:.3g}"))
    return lines
