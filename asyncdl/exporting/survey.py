"""One pass over a data set: the table of its clips, and what there is to say of what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from asyncdl.core.events import AttemptFailed, ClipStored, GaveUp
from asyncdl.core.export import StoredClip
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import ClipSpec, Row
from asyncdl.exporting.table import Table, TableWriter
from asyncdl.runtime.outcomes import Outcome


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

    def add(self, row: Row, outcome: Outcome | None) -> None:
        """Count one segment."""
        labels = set(row.segment.labels)
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

    def add(self, row: Row, outcome: Outcome | None) -> None:
        """Count one segment."""
        self.splits[row.segment.split].add(row, outcome)
        if isinstance(outcome, ClipStored):
            self.tools[outcome.clip.tool_version] += 1
            self.formats[outcome.clip.format_id] += 1
            self.first_ms = min(self.first_ms or outcome.at_ms, outcome.at_ms)
            self.last_ms = max(self.last_ms or outcome.at_ms, outcome.at_ms)

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
    """Write the table into the existing ``folder``; only of ``splits``, where some are named."""
    chosen = frozenset(splits)
    survey, writer = Survey(), TableWriter(folder, spec.extension)
    for row, outcome in outcomes:
        on_row()
        survey.names[row.segment.split] = None
        if chosen and row.segment.split not in chosen:
            continue
        survey.add(row, outcome)
        if isinstance(outcome, ClipStored):
            writer.add(row, outcome)
    return writer.finish(seed), survey


def stored_clip(row: Row, stored: ClipStored, path: str) -> StoredClip:
    """Join a row with its clip."""
    return StoredClip(row.segment, stored.clip, path, row.ref, stored.at_ms)
