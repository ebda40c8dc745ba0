"""``asyncdl labels``: a tree or a table on a terminal, plain lines elsewhere, objects for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from asyncdl.labels import Label, Labels, LabelTally

_NARROW = 90  # cells; below, a table leaves out what can do without
_COLUMNS = ("mid", "index", "name", "strong name", "rated right", "flags", "classes below")


@dataclass(frozen=True, slots=True)
class Shelf:
    """All labels, and how many segments bear them: in lists, and stored and missing in a data set."""

    labels: Labels
    lists: Mapping[str, LabelTally] = field(default_factory=dict)
    data_set: Mapping[str, LabelTally] = field(default_factory=dict)

    @property
    def tallies(self) -> dict[str, LabelTally]:
        """Every tally by its heading."""
        return {**self.lists, **self.data_set}


def label_object(label: Label, shelf: Shelf, *, is_meant: bool) -> dict[str, object]:
    """Make an object of ``asyncdl labels --json``; its keys are a promise to scripts."""
    return {
        "mid": label.mid,
        "index": label.index,
        "name": label.name,
        "strong_name": label.strong_name,
        "strong": label.is_strong,
        "abstract": label.is_abstract,
        "blacklist": label.is_blacklisted,
        "rated": label.rated,
        "right": label.true,
        "classes_below": shelf.labels.classes_below(label.mid),
        "parents": shelf.labels.parents[label.mid],
        "children": label.children,
        "meant": is_meant,
        "in": {name: _counts_object(label, tally) for name, tally in shelf.lists.items()},
        "out": {name: _counts_object(label, tally) for name, tally in shelf.data_set.items()},
    }


def tree_view(tops: Sequence[Label], shelf: Shelf, *, is_terminal: bool) -> RenderableType:
    """Draw labels with all that is below; what has several parents is unfolded at the first of them."""
    if not is_terminal:
        return Group(*_legend(shelf), *_outline(tops, shelf, 0, set()))
    whole = Tree(Text(), hide_root=True, guide_style="dim")
    _grow(whole, tops, shelf, set())
    return Group(*_legend(shelf), whole)


def table_lines(found: Iterable[Label], shelf: Shelf) -> Iterator[str]:
    """Give a head and a row a label, with tabs between the fields."""
    heads = [*_COLUMNS, *(head for name in shelf.tallies for head in (name, f"{name} with below"))]
    yield "\t".join(heads)
    for label in found:
        yield "\t".join(_fields(label, shelf))


def table_view(found: Iterable[Label], shelf: Shelf, width: int) -> Table:
    """One row a label, to fit ``width`` cells."""
    is_narrow = width < _NARROW
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for head in _headings(is_narrow=is_narrow):
        is_number = head in {"index", "below", "rated right"}
        table.add_column(head, justify="right" if is_number else "left", overflow="fold")
    for name in shelf.tallies:
        table.add_column(f"{name}\n(with below)", justify="right", overflow="fold")
    for label in found:
        table.add_row(*_cells(label, shelf, is_narrow=is_narrow))
    return table


def label_view(label: Label, shelf: Shelf, *, is_terminal: bool) -> RenderableType:
    """Tell all about one label, with what stands right above and below it."""
    labels = shelf.labels
    lines = [Text.assemble((label.name, "bold"), f"  {label.mid}")]
    lines += [Text(f"  {line}") for line in _facts(label, shelf)]
    parents = [labels.by_mid[mid] for mid in labels.parents[label.mid]]
    if parents:
        lines += [Text("Above", "dim"), *(Text("  ").append(_line(one, shelf)) for one in parents)]
    if not label.children:
        return Group(*lines)
    children = [labels.by_mid[mid] for mid in label.children]
    return Group(*lines, Text("Below", "dim"), tree_view(children, shelf, is_terminal=is_terminal))


def _legend(shelf: Shelf) -> list[Text]:
    if not shelf.tallies:
        return []
    return [Text(f"Segments: {' / '.join(shelf.tallies)} (with what is below)", "green")]


def _facts(label: Label, shelf: Shelf) -> Iterator[str]:
    yield f"index {label.index} of the 527 classes" if label.is_class else "none of the 527 classes"
    if label.strong_name is not None:
        yield f"in the strong lists: {label.strong_name}"
    elif label.is_strong:
        yield "in the strong lists, by the same name"
    if label.is_class:
        yield f"found right by raters: {_quality(label) if label.rated else 'unknown, none was rated'}"
    if flags := _flags(label):
        yield f"marked in the ontology: {flags}"
    if below := shelf.labels.classes_below(label.mid):
        yield f"classes below: {below}"
    for name, tally in shelf.tallies.items():
        yield f"{name}: {_segments(label, tally)}"


def _segments(label: Label, tally: LabelTally) -> str:
    own, within = tally.own[label.mid], tally.within[label.mid]
    return f"{own:,}" if own == within else f"{own:,}, with what is below {within:,}"


def _grow(tree: Tree, labels: Iterable[Label], shelf: Shelf, seen: set[str]) -> None:
    for label in labels:
        is_again = label.mid in seen and bool(label.children)
        seen.add(label.mid)
        line = _line(label, shelf).append("  see above" if is_again else "", "dim italic")
        branch = tree.add(line)
        if not is_again:
            _grow(branch, (shelf.labels.by_mid[mid] for mid in label.children), shelf, seen)


def _outline(labels: Iterable[Label], shelf: Shelf, depth: int, seen: set[str]) -> Iterator[Text]:
    for label in labels:
        is_again = label.mid in seen and bool(label.children)
        seen.add(label.mid)
        yield Text("  " * depth).append(_line(label, shelf)).append("  see above" if is_again else "")
        if not is_again:
            below = (shelf.labels.by_mid[mid] for mid in label.children)
            yield from _outline(below, shelf, depth + 1, seen)


def _line(label: Label, shelf: Shelf) -> Text:
    """One label on a line: a class stands out, a mere node of the tree does not."""
    parts = [label.mid]
    if label.is_class:
        parts += [f"#{label.index}", _quality(label).replace(" of ", " right of ")]
    if flags := _flags(label):
        parts.append(flags)
    counts = [_short(label, tally) for tally in shelf.tallies.values()]
    line = Text.assemble(
        (label.name, "bold" if label.is_class else "italic"), ("  " + "  ".join(parts), "dim")
    )
    return line.append("  " + " / ".join(counts), "green") if counts else line


def _headings(*, is_narrow: bool) -> tuple[str, ...]:
    if is_narrow:
        return "mid", "index", "name"
    return "mid", "index", "name", "strong name", "rated right", "flags", "below"


def _cells(label: Label, shelf: Shelf, *, is_narrow: bool) -> list[str]:
    cells = [label.mid, "" if label.index is None else str(label.index), label.name]
    if not is_narrow:
        below = shelf.labels.classes_below(label.mid)
        cells += [label.strong_name or "", _quality(label), _flags(label), str(below or "")]
    return [*cells, *(_short(label, tally) for tally in shelf.tallies.values())]


def _fields(label: Label, shelf: Shelf) -> Iterator[str]:
    yield from _cells(label, shelf, is_narrow=False)[: len(_COLUMNS)]
    for tally in shelf.tallies.values():
        yield str(tally.own[label.mid])
        yield str(tally.within[label.mid])


def _short(label: Label, tally: LabelTally) -> str:
    own, within = tally.own[label.mid], tally.within[label.mid]
    return f"{own:,}" if own == within else f"{own:,} ({within:,})"


def _quality(label: Label) -> str:
    if not label.is_class:
        return ""
    return "unrated" if label.quality is None else f"{label.quality:.0%} of {label.rated}"


def _flags(label: Label) -> str:
    flags = {
        "abstract": label.is_abstract,
        "blacklist": label.is_blacklisted,
        "strong only": _is_strong_only(label),
    }
    return ", ".join(flag for flag, holds in flags.items() if holds)


def _is_strong_only(label: Label) -> bool:
    """Tell the labels of the strong lists that the weak ones do not know."""
    return label.is_strong and not label.is_class


def _counts_object(label: Label, tally: LabelTally) -> dict[str, int]:
    return {"own": tally.own[label.mid], "with_below": tally.within[label.mid]}
