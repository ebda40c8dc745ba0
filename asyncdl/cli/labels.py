"""``asyncdl labels``: the classes, the tree above them, and how many clips bear them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

    from asyncdl.labels import Label, LabelTally
    from asyncdl.ui.labels_view import Shelf


def labels(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS]...", help="A label's mid, its name, or whole words of it. [default: all]"
        ),
    ] = None,
    lists: Annotated[
        list[str] | None,
        typer.Option(
            "--in",
            metavar="LIST",
            help="Count the segments of each label in this list: a file or a known name. Repeatable.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Count what this data set holds, and what it lacks."),
    ] = None,
    tree: Annotated[
        bool | None,
        typer.Option("--tree/--flat", help="Draw what is below, or a row each. [default: as fits]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list on stdout.")] = False,
) -> None:
    """Browse AudioSet's labels, or find those with all of these WORDS; say what one means and holds."""
    from asyncdl.labels import candidates, load_labels, search  # noqa: PLC0415 - --help does not need it

    known = load_labels()
    wanted = " ".join(words or ())
    found = candidates(wanted, known) if words else []
    meant = found[0] if len(found) == 1 else None
    others = [one for one in search(wanted, known) if one not in found] if words else list(known)
    shelf = _counted(lists or [], out)
    if as_json:
        _print_objects([*found, *others], meant, shelf)
    elif meant is not None and tree is None:
        _print_one(meant, others, shelf)
    elif tree or (tree is None and not words):
        _print_tree(_uppermost([*found, *others], shelf), shelf)
    else:
        _print_table([*found, *others], shelf)


def _counted(lists: list[str], out: Path | None) -> Shelf:
    from asyncdl.labels import load_labels  # noqa: PLC0415 - on use
    from asyncdl.ui.labels_view import Shelf  # noqa: PLC0415 - on use

    return Shelf(load_labels(), _in_lists(lists), _in_data_set(out))


def _in_lists(lists: list[str]) -> dict[str, LabelTally]:
    if not lists:
        return {}
    from asyncdl.app.label_counts import count_lists  # noqa: PLC0415 - loads the readers
    from asyncdl.core.printable import printable  # noqa: PLC0415 - on use
    from asyncdl.inputs.cache import cache_folder  # noqa: PLC0415 - as above
    from asyncdl.labels import load_labels  # noqa: PLC0415 - on use
    from asyncdl.ui.download import DownloadBar  # noqa: PLC0415 - on use

    bar = DownloadBar(is_live=sys.stderr is not None and sys.stderr.isatty())
    tallies = count_lists(lists, cache_folder(os.environ), load_labels(), _tell, bar)
    for name, tally in tallies.items():
        _tell_unknown(name, tally)
    return {printable(name): tally for name, tally in tallies.items()}


def _in_data_set(out: Path | None) -> dict[str, LabelTally]:
    if out is None:
        return {}
    from asyncdl.app.label_counts import count_data_set  # noqa: PLC0415 - on use
    from asyncdl.labels import load_labels  # noqa: PLC0415 - on use
    from asyncdl.runtime.finding import find_root  # noqa: PLC0415 - on use

    return count_data_set(find_root(out, Path()), load_labels())


def _print_objects(found: list[Label], meant: Label | None, shelf: Shelf) -> None:
    from asyncdl.cli.printing import print_json_list  # noqa: PLC0415 - on use
    from asyncdl.ui.labels_view import label_object  # noqa: PLC0415 - on use

    print_json_list(label_object(one, shelf, is_meant=one is meant) for one in found)


def _print_one(meant: Label, others: list[Label], shelf: Shelf) -> None:
    from asyncdl.ui.labels_view import label_view  # noqa: PLC0415 - on use

    _print(label_view(meant, shelf, is_terminal=_is_terminal()))
    if others:
        _print("", "Other labels with these words")
        _print_table(others, shelf)


def _print_tree(tops: list[Label], shelf: Shelf) -> None:
    from asyncdl.ui.labels_view import tree_view  # noqa: PLC0415 - on use

    _print(tree_view(tops, shelf, is_terminal=_is_terminal()))


def _print_table(found: list[Label], shelf: Shelf) -> None:
    from rich.console import Console  # noqa: PLC0415 - on use

    from asyncdl.cli.printing import print_lines  # noqa: PLC0415 - on use
    from asyncdl.ui.labels_view import table_lines, table_view  # noqa: PLC0415 - on use

    if _is_terminal():
        _print(table_view(found, shelf, Console().width))
    else:
        print_lines(table_lines(found, shelf))


def _print(*parts: RenderableType) -> None:
    from asyncdl.cli.printing import print_text  # noqa: PLC0415 - on use

    print_text(*parts, fits=_is_terminal())


def _uppermost(found: list[Label], shelf: Shelf) -> list[Label]:
    """Leave out what is drawn below another one; of all labels, roots and those without a place are left."""
    mids = {label.mid for label in found}
    return [label for label in found if mids.isdisjoint(shelf.labels.lineage(label.mid) - {label.mid})]


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _tell(text: str) -> None:
    from asyncdl.core.printable import printable_lines  # noqa: PLC0415 - on use

    if sys.stderr is not None:
        sys.stderr.write(f"asyncdl: {printable_lines(text)}\n")


def _tell_unknown(name: str, tally: LabelTally) -> None:
    if unknown := sorted(tally.unknown):
        shown = ", ".join(unknown[:5]) + (", …" if len(unknown) > 5 else "")
        what = "1 label that is none" if len(unknown) == 1 else f"{len(unknown)} labels that are none"
        _tell(f"{name} holds {what} of AudioSet's: {shown}")
