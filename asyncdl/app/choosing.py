"""Chooses rows of lists before a run: surveys them, picks, and says what could not be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asyncdl.app.wanted import resolve_selection
from asyncdl.core.choosing import Candidates, Numbers, PerLabel, sample
from asyncdl.core.selection import SelectionSettings
from asyncdl.errors import UsageError
from asyncdl.inputs.cache import OnProgress
from asyncdl.inputs.first_rejected import first_rejected
from asyncdl.inputs.sources import ListFile
from asyncdl.inputs.survey import Survey, survey
from asyncdl.labels import Labels, load_labels

_MOST_TOLD = 5


@dataclass(frozen=True, eq=False)
class Choice:
    """What a selection takes of lists: ``picks`` are numbers of the survey's rows, in ascending order.

    ``per_label`` still knows the other candidates; None where there is no ``--per-label``.
    """

    survey: Survey
    picks: Numbers
    per_label: PerLabel | None = None

    def masks(self, picks: Numbers) -> list[bytearray]:
        """Answer for each list a byte a line, up to the last one picked: 1 for those to be read."""
        masks = []
        for first, end in zip(self.survey.bounds, self.survey.bounds[1:], strict=False):
            here = picks[(picks >= first) & (picks < end)]
            lines = self.survey.lines[here]
            mask = np.zeros(int(lines.max()) + 1 if len(lines) else 0, dtype=np.uint8)
            mask[lines] = 1
            masks.append(bytearray(mask.tobytes()))
        return masks


def choose(
    files: Sequence[ListFile],
    selection: SelectionSettings,
    limit: int | None,
    cache: Path,
    tell: Callable[[str], None],
    on_progress: OnProgress | None = None,
) -> Choice:
    """Read the lists and choose: takes seconds, so not for the event loop.

    ``tell`` gets sentences for people. Raises ``UsageError`` where nothing is chosen, and what
    ``resolve_selection`` and the readers raise.
    """
    labels = load_labels()
    wanted = resolve_selection(selection, labels, cache, tell, on_progress)
    found = survey(files, wanted, with_labels=selection.per_label is not None)
    if not len(found):
        raise _nothing(found, files)
    seed = selection.seed or 0
    per_label = None
    if selection.per_label is not None:
        candidates = Candidates(found.hashes, found.starts, found.labels, len(found.names))
        per_label = PerLabel(candidates, selection.per_label, seed)
        picks = np.sort(np.array(per_label.first(), dtype=np.int32))
        for text in _lacking(per_label, found.names, labels):
            tell(text)
    else:
        picks = sample(found.hashes, len(found) if selection.sample is None else selection.sample, seed)
        if selection.sample is not None and len(found) < selection.sample:
            tell(f"--sample {selection.sample:,}: only {len(found):,} segments are there; all are taken.")
    if not len(picks):
        raise _nothing(found, files)
    return Choice(found, picks if limit is None else picks[:limit], per_label)


def name_of(label: str, labels: Labels) -> str:
    """Name a label for people; one that the table does not hold has its id only."""
    return labels.by_mid[label].name if label in labels.by_mid else label


def _lacking(per_label: PerLabel, names: Sequence[str], labels: Labels) -> Iterator[str]:
    """Say which labels have too few candidates, scarcest first."""
    counts = {name: per_label.available(number) for number, name in enumerate(names)}
    lacking = sorted(
        (count, name_of(name, labels)) for name, count in counts.items() if count < per_label.per_label
    )
    if lacking:
        told = "; ".join(f"{name} {count:,}" for count, name in lacking[:_MOST_TOLD])
        more = f"; and {len(lacking) - _MOST_TOLD:,} more" if len(lacking) > _MOST_TOLD else ""
        yield (
            f"--per-label {per_label.per_label:,} cannot be reached for {len(lacking):,} of {len(names):,}"
            f" labels: the lists hold {told}{more}"
        )


def _nothing(found: Survey, files: Sequence[ListFile]) -> UsageError:
    rejected = sum(map(len, found.rejected))
    told = f" ({rejected:,} rows are no segments)" if rejected else ""
    if not found.segments:
        what = [f"There is no segment in what was given as a list{told}.", *first_rejected(files)]
        return UsageError("\n".join(what))
    return UsageError(
        f"No segment is left: none of {found.segments:,} is what the options ask for{told}.",
        mend="asyncdl labels NAME --in LIST counts what a list holds.",
    )
