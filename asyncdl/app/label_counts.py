"""How many segments of lists, and of a data set, bear each label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from asyncdl.core.events import ClipStored
from asyncdl.inputs.cache import OnProgress
from asyncdl.inputs.label_sets import label_sets
from asyncdl.inputs.sources import resolve
from asyncdl.labels import Labels, LabelTally
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes
from asyncdl.runtime.replay import replay


def count_lists(
    arguments: Sequence[str],
    cache: Path,
    labels: Labels,
    tell: Callable[[str], None],
    on_progress: OnProgress | None = None,
) -> dict[str, LabelTally]:
    """Count each list by itself, by its name, or its argument where two share one; known names are fetched.

    ``tell`` gets sentences for people. Raises what ``inputs.sources.resolve`` and the readers raise.
    """
    files = {one: resolve(one, cache, on_progress=on_progress) for one in arguments}
    names = Counter(file.split for file in files.values())
    tallies: dict[str, LabelTally] = {}
    for argument, file in files.items():
        if file.warning:
            tell(file.warning)
        name = file.split if names[file.split] == 1 else argument
        tallies[name] = tally = LabelTally(labels)
        for mids, segments in label_sets(file):
            tally.add(mids, segments)
    return tallies


def count_data_set(root: Path, labels: Labels) -> dict[str, LabelTally]:
    """Count a data set's segments: ``stored`` ones, and those that are ``missing`` for whatever reason.

    Raises ``JournalFault`` where the journal is damaged: the counts would be too low.
    """
    folder = journal_of(root)
    replayed = replay(folder)
    replayed.require_whole()
    stored, missing = LabelTally(labels), LabelTally(labels)
    for row, outcome in iterate_outcomes(folder, replayed.ledger):
        tally = stored if isinstance(outcome, ClipStored) else missing
        tally.add(row.segment.labels)
    return {"stored": stored, "missing": missing}
