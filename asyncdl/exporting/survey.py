"""One pass over a data set: the table of its clips, and what there is to say of what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from asyncdl.core.events import AttemptFailed, ClipStored, GaveUp
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import ClipSpec, Row
from asyncdl.errors import JournalFault
from asyncdl.exporting.foreign import date_of, is_possible
from asyncdl.exporting.table import Table, TableWriter
from asyncdl.labels import load_labels
from asyncdl.runtime.outcomes import Outcome

# Clips of honest lists have some hundred labels, and few tools made them. A journal may come from a stranger.
_MOST_LABELS, _MOST_TOOLS, _MOST_SPLITS = 4096, 1024, 1 << 16
_LONGEST = 200
OTHERS = ""
"""Stands for all that came after so many different ones."""


@dataclass(slots=True)
class SplitTally:
    """What became of the segments of a split; labels are counted by id, once a segment."""

    segments: int = 0
    stored: int = 0
    open: int = 0
    failed: Counter[FailureKind] = field(default_factory=Counter)
    wanted_labels: Counter[str] = field(default_factory=Counter)
    stored_labels: Counter[str] = field(default_factory=Counter)
    samples_s: float = 0.0
    size_bytes: int = 0
    short: int = 0
    silent: int = 0

    def add(self, labels: AbstractSet[str], outcome: Outcome | None) -> None:
        """Count one segment."""
        self.segments += 1
        self.wanted_labels.update(labels)
        match outcome:
            case ClipStored(clip=clip):
                self.stored += 1
                self.stored_labels.update(labels)
                self.samples_s += clip.samples / clip.sample_rate
                self.size_bytes += clip.size_bytes
                self.short += clip.is_short
                self.silent += clip.is_silent
            case GaveUp(failure=failure):
                self.failed[failure.kind] += 1
            case AttemptFailed() | None:
                self.open += 1


@dataclass(slots=True)
class Survey:
    """The splits in the order of the lists, and what the clips were made with and when.

    ``names`` are all splits that the data set has, also those that were not asked for.
    """

    splits: defaultdict[str, SplitTally] = field(default_factory=lambda: defaultdict(SplitTally))
    tools: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    names: dict[str, None] = field(default_factory=dict)
    first_ms: int | None = None
    last_ms: int | None = None
    _labels: set[str] = field(default_factory=set, init=False)

    def note_split(self, split: str) -> None:
        """Note that the data set has it; raises ``JournalFault`` for more than any can have."""
        self.names[split] = None
        if len(self.names) > _MOST_SPLITS:
            raise JournalFault(f"the journal tells of more than {_MOST_SPLITS:,} splits")

    def add(self, row: Row, outcome: Outcome | None) -> None:
        """Count one segment; raises ``JournalFault`` for a clip that cannot be."""
        self.splits[row.segment.split].add({self._known(label) for label in row.segment.labels}, outcome)
        if isinstance(outcome, ClipStored):
            _refuse_impossible(outcome)
            _count(self.tools, outcome.clip.tool_version)
            _count(self.formats, outcome.clip.format_id)
            self._note_time(outcome.at_ms)

    def _known(self, label: str) -> str:
        """Give the label itself, or ``OTHERS``; those that AudioSet has are always told."""
        if label in self._labels:
            return label
        label = label[:_LONGEST]
        if len(self._labels) < _MOST_LABELS or label in load_labels().by_mid:
            self._labels.add(label)
        return label if label in self._labels else OTHERS

    def _note_time(self, at_ms: int) -> None:
        if date_of(at_ms) is not None:
            self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
            self.last_ms = at_ms if self.last_ms is None else max(self.last_ms, at_ms)

    @property
    def stored(self) -> int:
        """How many clips there are."""
        return sum(tally.stored for tally in self.splits.values())


def survey_of(
    outcomes: Iterable[tuple[Row, Outcome | None]],
    folder: Path,
    spec: ClipSpec,
    *,
    splits: Iterable[str] = (),
    seed: int | None = None,
    on_row: Callable[[], None] = lambda: None,
) -> tuple[Table, Survey]:
    """Write the table into the existing ``folder``; only of ``splits``, where some are named.

    Raises ``JournalFault`` for what no run can have recorded.
    """
    chosen = frozenset(splits)
    survey = Survey()
    with closing(TableWriter(folder, spec.extension)) as writer:
        for row, outcome in outcomes:
            on_row()
            survey.note_split(row.segment.split)
            if chosen and row.segment.split not in chosen:
                continue
            survey.add(row, outcome)
            if isinstance(outcome, ClipStored):
                writer.add(row, outcome)
        return writer.finish(seed), survey


def _count(counts: Counter[str], text: str) -> None:
    text = text[:_LONGEST]
    counts[text if text in counts or len(counts) < _MOST_TOOLS else OTHERS] += 1


def _refuse_impossible(stored: ClipStored) -> None:
    clip = stored.clip
    if not is_possible(clip):
        raise JournalFault(
            f"the record of {stored.key} tells of a clip that cannot be: {clip.samples} samples at"
            f" {clip.sample_rate} Hz, {clip.channels} channels, {clip.size_bytes} bytes",
            mend="asyncdl verify measures clips anew; asyncdl run then fetches what is not as recorded.",
        )
