# ruff: noqa: INP001 - a program run by hand, not a package
"""Make ``asyncdl/labels/table.tsv`` of AudioSet's own files.

    python docs/make_label_table.py FOLDER

FOLDER holds ``ontology.json`` (repository audioset/ontology), ``class_labels_indices.csv``,
``mid_to_display_name.tsv`` and ``qa_true_counts.csv`` (addresses in docs/lists.md). Nothing but ids, names,
order, relations, flags and counts is taken over.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

TABLE = Path(__file__).parent.parent / "asyncdl" / "labels" / "table.tsv"
_HEAD = """\
# AudioSet's labels: the nodes of its ontology in the ontology's order, then labels of the strong lists alone.
# Made of facts from the AudioSet Ontology (CC BY-SA 4.0), AudioSet's class list and rating counts and the
# names of its strong labels (CC BY 4.0), all by Google; this table is under CC BY-SA 4.0.
# index: place among the 527 classes. flags: abstract, blacklist, strong. strong_name: where it differs.
# children: by their mids. rated, true: clips that raters heard, and found right; empty where none was.
"""
_COLUMNS = ("mid", "index", "name", "strong_name", "flags", "children", "rated", "true")


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Yield the table's rows."""
    nodes = json.loads((folder / "ontology.json").read_text("utf-8"))
    with (folder / "class_labels_indices.csv").open(encoding="utf-8") as file:
        index = {row["mid"]: row["index"] for row in csv.DictReader(file)}
    lines = (folder / "mid_to_display_name.tsv").read_text("utf-8").splitlines()
    strong = dict(line.split("\t") for line in lines)
    with (folder / "qa_true_counts.csv").open(encoding="utf-8") as file:
        rated = {row["label_id"]: (row["num_rated"], row["num_true"]) for row in csv.DictReader(file)}
    for node in nodes:
        mid, name = node["id"], node["name"]
        flags = [*node["restrictions"], *(["strong"] if mid in strong else [])]
        other = strong.get(mid, name)
        counts = rated.get(mid, ("", ""))
        counts = ("", "") if counts[0] == "0" else counts
        other_name = "" if other == name else other
        yield (
            mid,
            index.get(mid, ""),
            name,
            other_name,
            " ".join(flags),
            " ".join(node["child_ids"]),
            *counts,
        )
    known = {node["id"] for node in nodes}
    for mid in sorted(strong.keys() - known):
        yield mid, "", strong[mid], "", "strong", "", "", ""


def table(folder: Path) -> str:
    """Make the table's text."""
    return _HEAD + "".join("\t".join(row) + "\n" for row in (_COLUMNS, *rows(folder)))


def main() -> None:
    """Write the table."""
    TABLE.write_text(table(Path(sys.argv[1])), encoding="utf-8")


if __name__ == "__main__":
    main()
