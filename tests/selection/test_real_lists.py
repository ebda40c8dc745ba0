"""``--label`` and ``--per-label`` on AudioSet's own lists, counted again by a few independent lines."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncdl.app.choosing import choose
from asyncdl.core.selection import SelectionSettings
from asyncdl.inputs.sources import resolve

DOG = "/m/0bt9lr"
EVAL, BALANCED = "eval_segments.csv", "balanced_train_segments.csv"
UNBALANCED = "unbalanced_train_segments.csv.gz"


@pytest.fixture
def data() -> Path:
    folder = os.environ.get("ASYNCDL_TEST_DATA")
    if folder is None:
        pytest.skip("ASYNCDL_TEST_DATA does not name the folder of AudioSet's own files")
    return Path(folder)


def raw_rows(path: Path) -> Iterator[tuple[str, set[str]]]:
    """Ids and labels, by the csv module alone."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(newline="") as lines:
        for row in csv.reader(lines, skipinitialspace=True):
            if not row[0].startswith("# "):
                yield row[0], set(row[3].split(","))


def below(data: Path, mid: str) -> set[str]:
    """A node and all that is below it, by the ontology's own file."""
    children = {node["id"]: node["child_ids"] for node in json.loads((data / "ontology.json").read_text())}
    found, left = set[str](), [mid]
    while left:
        if (one := left.pop()) not in found:
            found.add(one)
            left += children[one]
    return found


def count(path: Path, said: SelectionSettings) -> int:
    return len(choose([resolve(str(path), path.parent)], said, None, path.parent, lambda _text: None).picks)


@pytest.mark.parametrize(
    "name", [EVAL, BALANCED, pytest.param(UNBALANCED, marks=[pytest.mark.slow, pytest.mark.timeout(300)])]
)
def test_dogs_with_and_without_what_is_below(data: Path, name: str) -> None:
    mids = below(data, DOG)
    with_subtree = exact = 0
    for _, labels in raw_rows(data / name):
        with_subtree += bool(labels & mids)
        exact += DOG in labels
    assert count(data / name, SelectionSettings(labels=("Dog",))) == with_subtree
    assert count(data / name, SelectionSettings(labels=(DOG,), exact=True)) == exact


def test_every_class_gets_twenty_where_there_are_twenty(data: Path) -> None:
    path = data / BALANCED
    choice = choose(
        [resolve(str(path), data)], SelectionSettings(per_label=20, seed=4), None, data, lambda _text: None
    )
    rows = list(raw_rows(path))
    chosen = [rows[line - 4] for line in choice.survey.lines[choice.picks].tolist()]
    there, taken = (Counter(mid for _, labels in some for mid in labels) for some in (rows, chosen))
    assert len(there) == 527
    assert [mid for mid, count in there.items() if taken[mid] < min(20, count)] == []
    assert len(chosen) < 527 * 20
