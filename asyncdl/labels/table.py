"""The table of labels, read from the package; 664 rows: ontology nodes and labels of the strong lists alone.

Source: AudioSet's class list, ontology, strong label names and rating counts; ``docs/make_label_table.py``
makes the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Label:
    """One sound class.

    ``index`` is its place among the 527 classes, None for others; ``strong_name`` is what the strong lists
    call it, where that differs; ``is_strong`` tells that they know it; ``rated`` clips were heard by raters,
    ``true`` of them were right, both None where nobody listened.
    """

    mid: str
    index: int | None
    name: str
    strong_name: str | None
    is_abstract: bool
    is_blacklisted: bool
    is_strong: bool
    children: tuple[str, ...]
    rated: int | None
    true: int | None

    @property
    def names(self) -> tuple[str, ...]:
        """All names that it goes by."""
        return (self.name,) if self.strong_name is None else (self.name, self.strong_name)

    @property
    def is_class(self) -> bool:
        """It is one of the 527 classes that the weak lists know."""
        return self.index is not None

    @property
    def quality(self) -> float | None:
        """Share of rated clips that were right; None where nobody listened."""
        return None if self.rated is None or self.true is None else self.true / self.rated


@dataclass(frozen=True)
class Labels:
    """All labels by mid, in the ontology's order."""

    by_mid: Mapping[str, Label]

    def __iter__(self) -> Iterator[Label]:
        return iter(self.by_mid.values())

    def __len__(self) -> int:
        return len(self.by_mid)

    @cached_property
    def classes(self) -> tuple[Label, ...]:
        """The 527 classes by their index: the order of every one-hot export."""
        chosen = [(label.index, label) for label in self if label.index is not None]
        return tuple(label for _, label in sorted(chosen, key=lambda pair: pair[0]))

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """Mids of the nodes right above each label; 38 labels have several."""
        above: dict[str, list[str]] = {label.mid: [] for label in self}
        for label in self:
            for child in label.children:
                above[child].append(label.mid)
        return {mid: tuple(parents) for mid, parents in above.items()}

    @property
    def roots(self) -> tuple[Label, ...]:
        """The seven tops of the tree."""
        return tuple(label for label in self if label.children and not self.parents[label.mid])

    def subtree(self, mid: str) -> frozenset[str]:
        """Mids of a label and of everything below it."""
        return _reached(mid, lambda one: self.by_mid[one].children)

    def lineage(self, mid: str) -> frozenset[str]:
        """Mids of a label and of everything above it."""
        return _reached(mid, lambda one: self.parents[one])

    def classes_below(self, mid: str) -> int:
        """Count the classes strictly below a label, each once."""
        return sum(self.by_mid[one].is_class for one in self.subtree(mid) - {mid})


def _reached(mid: str, onward: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """Walk from a label; some are reached on several ways."""
    found: set[str] = set()
    left = [mid]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += onward(one)
    return frozenset(found)


@cache
def load_labels() -> Labels:
    """Read the package's own table, once."""
    text = files("asyncdl.labels").joinpath("table.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    next(rows)  # names of columns
    labels = [_label(row) for row in rows]
    return Labels({label.mid: label for label in labels})


def _label(row: list[str]) -> Label:
    if len(row) != _COLUMNS:
        raise ValueError(f"a row of the label table has {len(row)} columns: {row}")
    mid, index, name, strong_name, flags, children, rated, true = row
    return Label(
        mid=mid,
        index=int(index) if index else None,
        name=name,
        strong_name=strong_name or None,
        is_abstract="abstract" in flags.split(),
        is_blacklisted="blacklist" in flags.split(),
        is_strong="strong" in flags.split(),
        children=tuple(children.split()),
        rated=int(rated) if rated else None,
        true=int(true) if true else None,
    )
