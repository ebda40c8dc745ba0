"""Which segments of the lists are wanted: the words that a user gives, and the test that they come to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from asyncdl.core.keytable import ABSENT, KeyTable
from asyncdl.core.model import Segment, Span

_MOST_NUMBER = 1 << 31
_MOST_SEED = 1 << 63
_MOST_SECONDS = 21_600.0


@dataclass(frozen=True, slots=True)
class SelectionSettings:
    """What a user says; labels are words, ``min_duration_s`` seconds, ``ids`` and ``exclude`` files or lists.

    None and empty tuples say nothing.
    """

    labels: tuple[str, ...] = ()
    exact: bool = False
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    per_label: int | None = None
    replace: bool = False
    sample: int | None = None
    seed: int | None = None
    min_duration_s: float | None = None
    ids: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def takes_all(self) -> bool:
        """Nothing is said: every row is wanted."""
        return self == SelectionSettings()

    def mistakes(self, limit: int | None = None) -> list[str]:
        """Tell what cannot be meant, also together with ``--limit``."""
        found = [
            _outside("--per-label", self.per_label, 1, _MOST_NUMBER, "clips"),
            _outside("--sample", self.sample, 1, _MOST_NUMBER, "clips"),
            _outside("--seed", self.seed, 0, _MOST_SEED, ""),
            _mistake_in_duration(self.min_duration_s),
            *self._contradictions(limit),
        ]
        return [mistake for mistake in found if mistake]

    def _contradictions(self, limit: int | None) -> list[str]:
        chooses = self.per_label is not None or self.sample is not None
        told = {
            "--exact says something about --label, --all-of and --none-of; none is given.": self.exact
            and not (self.labels or self.all_of or self.none_of),
            "--per-label and --sample contradict each other: give one of them.": self.per_label is not None
            and self.sample is not None,
            "--seed is for --per-label and --sample; nothing else is drawn.": self.seed is not None
            and not chooses,
            "--replace is for --per-label: it keeps up its number.": self.replace and self.per_label is None,
            "--limit and --sample contradict each other: give --sample the smaller number.": limit is not None
            and self.sample is not None,
            "--limit and --per-label contradict each other: the limit cuts off its number.": limit is not None
            and self.per_label is not None,
        }
        return [text for text, is_so in told.items() if is_so]

    def to_options(self) -> dict[str, object]:
        """Answer what the journal keeps: what is said, and nothing else."""
        said = {f.name: getattr(self, f.name) for f in fields(self)}
        nothing = SelectionSettings()
        return {name: value for name, value in said.items() if value != getattr(nothing, name)}

    @staticmethod
    def from_options(options: object) -> SelectionSettings:
        """Read ``to_options`` back; a journal may be a stranger's, and what has no sense is passed over."""
        if not isinstance(options, Mapping):
            return SelectionSettings()
        return SelectionSettings(
            labels=_texts(options.get("labels")),
            exact=options.get("exact") is True,
            all_of=_texts(options.get("all_of")),
            none_of=_texts(options.get("none_of")),
            per_label=_integer(options.get("per_label")),
            replace=options.get("replace") is True,
            sample=_integer(options.get("sample")),
            seed=_integer(options.get("seed")),
            min_duration_s=_seconds(options.get("min_duration_s")),
            ids=_texts(options.get("ids")),
            exclude=_texts(options.get("exclude")),
        )


@dataclass(frozen=True, slots=True)
class Group:
    """One ``--label``: its name, and the labels that count as it."""

    name: str
    mids: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """The test of a segment: any of ``groups``, one of each set in ``all_of``, nothing in ``none_of``.

    ``only`` and ``excluded`` hold video ids and keys of segments; None lets all pass.
    """

    groups: tuple[Group, ...] = ()
    all_of: tuple[frozenset[str], ...] = ()
    none_of: frozenset[str] = frozenset()
    min_duration_ms: int = 0
    only: KeyTable | None = None
    excluded: KeyTable | None = None

    @property
    def looks_at_ids(self) -> bool:
        """Whether it matters which segment it is."""
        return self.only is not None or self.excluded is not None

    def matches(self, segment: Segment) -> bool:
        """Say whether a segment is wanted."""
        return (
            self.wants_span(segment.span)
            and self.wants_labels(segment.labels)
            and (not self.looks_at_ids or self.wants_id(segment.ytid, segment.key))
        )

    def wants_span(self, span: Span) -> bool:
        """Say whether it is long enough."""
        return span.duration_ms >= self.min_duration_ms

    def wants_labels(self, labels: Collection[str]) -> bool:
        """Judge the labels alone."""
        return (
            (not self.groups or any(not group.mids.isdisjoint(labels) for group in self.groups))
            and not any(needed.isdisjoint(labels) for needed in self.all_of)
            and self.none_of.isdisjoint(labels)
        )

    def wants_id(self, ytid: str, key: str) -> bool:
        """Judge by name alone."""
        return (self.only is None or _holds(self.only, ytid, key)) and not (
            self.excluded is not None and _holds(self.excluded, ytid, key)
        )

    def names_of(self, labels: Collection[str]) -> tuple[str, ...]:
        """Name what a segment counts for: its groups, or without any its labels."""
        if not self.groups:
            return tuple(labels)
        return tuple(group.name for group in self.groups if not group.mids.isdisjoint(labels))


def _holds(table: KeyTable, ytid: str, key: str) -> bool:
    return table.find(key) != ABSENT or table.find(ytid) != ABSENT


def _outside(flag: str, value: int | None, least: int, end: int, unit: str) -> str:
    if value is None or least <= value < end:
        return ""
    return f"{flag}: {value} is no number{f' of {unit}' if unit else ''} from {least} up."


def _mistake_in_duration(seconds: float | None) -> str:
    if seconds is None or 0 < seconds <= _MOST_SECONDS:
        return ""
    return f"--min-duration: {seconds:g} is no number of seconds up to {_MOST_SECONDS:g}."


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - out of a file
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()


def _integer(value: Any) -> int | None:  # noqa: ANN401 - out of a file
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _seconds(value: Any) -> float | None:  # noqa: ANN401 - out of a file
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
