"""What was selected, and how far a run came with each label: lines for people, objects for scripts."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.text import Text

from asyncdl.core.printable import printable
from asyncdl.core.reach import LabelCount, LabelReach, Why
from asyncdl.ui.wording import share_text

_MOST_NAMES = 6
_MEANINGS = {
    Why.CANDIDATES_ENDED: "the lists hold no more of them",
    Why.NOT_REPLACED: "some are gone, and nothing replaced them: --replace does",
    Why.OPEN: "some are still open",
}


def reach_lines(labels: Sequence[LabelReach]) -> list[Text]:
    """Say how many labels have their clips, and which have not, scarcest first; nothing without labels."""
    if not labels:
        return []
    reached = sum(one.why is Why.REACHED for one in labels)
    wanted = labels[0].wanted
    heading = f"Labels: {reached:,} of {len(labels):,} have their {wanted:,} clips"
    lines = [Text(), Text(heading, style="bold")]
    for why, meaning in _MEANINGS.items():
        short = sorted((one for one in labels if one.why is why), key=lambda one: (one.stored, one.name))
        if short:
            told = "; ".join(f"{printable(one.name)} {one.stored:,}" for one in short[:_MOST_NAMES])
            more = f"; and {len(short) - _MOST_NAMES:,} more" if len(short) > _MOST_NAMES else ""
            lines.append(Text.assemble("  ", (f"{len(short):,}", "bold"), f"  {meaning}: {told}{more}"))
    return lines


def reach_objects(labels: Sequence[LabelReach]) -> list[dict[str, object]]:
    """Make the member ``labels`` of ``run --json``; its keys are a promise to scripts."""
    return [
        {
            "label": one.label,
            "name": one.name,
            "wanted": one.wanted,
            "candidates": one.candidates,
            "stored": one.stored,
            "gone": one.gone,
            "why": one.why.value,
        }
        for one in labels
    ]


def selected_view(segments: int, of_segments: int, rejected: int, file: str) -> Group:
    """Say what ``asyncdl select`` has written."""
    where = "" if file == "-" else f" into {printable(file)}"
    share = share_text(segments, of_segments)
    lines = [
        Text.assemble(
            (f"{segments:,} of {of_segments:,} segments", "bold green"),
            f"{f' ({share})' if share else ''} written{where}",
        )
    ]
    if rejected:
        lines.append(Text(f"{rejected:,} rows of the lists are no segments; they are left out"))
    return Group(*lines)


def selected_object(
    segments: int, of_segments: int, rejected: int, labels: Sequence[LabelCount]
) -> dict[str, object]:
    """Make the object of ``asyncdl select --json``; its keys are a promise to scripts."""
    return {
        "selected": segments,
        "segments": of_segments,
        "rejected_rows": rejected,
        "labels": [
            {"label": one.label, "name": one.name, "candidates": one.candidates, "selected": one.selected}
            for one in labels
        ],
    }
