"""The package's table of labels, against the published facts and against AudioSet's own files."""

from __future__ import annotations

import csv
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from asyncdl.labels import Label, Labels, LabelTally, load_labels

LABELS = load_labels()
DOG, BARK, PETS, ANIMAL = "/m/0bt9lr", "/m/05tny_", "/m/068hy", "/m/0jbk"


@pytest.fixture
def genuine() -> Path:
    folder = os.environ.get("ASYNCDL_TEST_DATA")
    if not folder:
        pytest.skip("ASYNCDL_TEST_DATA does not name the folder of AudioSet's own files")
    return Path(folder)


@pytest.fixture
def maker() -> ModuleType:
    """The program that makes the table."""
    path = Path(__file__).parents[2] / "docs" / "make_label_table.py"
    spec = importlib.util.spec_from_file_location("make_label_table", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_tree() -> list[Label]:
    """Nodes of the ontology: all but the labels that only the strong lists know."""
    return [label for label in LABELS if label.children or LABELS.parents[label.mid]]


def depths(labels: Labels) -> Iterator[int]:
    """Lengths of all ways from a root down to a leaf."""
    left = [(root, 1) for root in labels.roots]
    while left:
        label, depth = left.pop()
        assert depth < 20, "the tree has a cycle"
        yield depth
        left += [(labels.by_mid[mid], depth + 1) for mid in label.children]


def test_the_ontology_has_632_nodes_7_roots_and_depth_6() -> None:
    assert len(in_tree()) == 632
    assert [root.name for root in LABELS.roots] == [
        "Human sounds",
        "Animal",
        "Music",
        "Natural sounds",
        "Sounds of things",
        "Source-ambiguous sounds",
        "Channel, environment and background",
    ]
    assert max(depths(LABELS)) == 6


def test_38_nodes_have_several_parents_23_are_abstract_67_blacklisted_and_one_is_both() -> None:
    assert sum(len(parents) > 1 for parents in LABELS.parents.values()) == 38
    assert sum(label.is_abstract for label in LABELS) == 23
    assert sum(label.is_blacklisted for label in LABELS) == 67
    assert sum(label.is_abstract and label.is_blacklisted for label in LABELS) == 1


def test_the_527_classes_stand_in_the_order_of_their_index() -> None:
    assert [label.index for label in LABELS.classes] == list(range(527))
    assert [label.name for label in LABELS.classes[:3]] == [
        "Speech",
        "Male speech, man speaking",
        "Female speech, woman speaking",
    ]
    assert LABELS.classes[526].mid == "/m/07hvw1"
    assert sum(label.is_blacklisted for label in LABELS.classes) == 12


def test_of_the_456_strong_labels_382_are_classes_42_other_nodes_and_32_neither() -> None:
    strong = [label for label in LABELS if label.is_strong]
    nodes = {label.mid for label in in_tree()}
    assert len(strong) == 456
    assert sum(label.is_class for label in strong) == 382
    assert sum(not label.is_class and label.mid in nodes for label in strong) == 42
    assert sum(label.mid not in nodes for label in strong) == 32
    assert sum(label.strong_name is not None for label in strong) == 12


def test_a_class_that_nobody_rated_is_unknown_and_not_wrong() -> None:
    unrated = [label for label in LABELS.classes if label.rated is None]
    assert len(unrated) == 70
    assert {label.quality for label in unrated} == {None}
    assert LABELS.by_mid["/m/0brhx"].quality == pytest.approx(0.2)


def test_a_subtree_holds_each_label_once_and_its_lineage_leads_back() -> None:
    for label in LABELS:
        below = LABELS.subtree(label.mid)
        assert label.mid in below
        assert all(label.mid in LABELS.lineage(mid) for mid in below)
        assert below & LABELS.lineage(label.mid) == {label.mid}, "a cycle"
    assert LABELS.subtree(BARK) == {BARK}
    assert {DOG, BARK} < LABELS.subtree(PETS) < LABELS.subtree(ANIMAL)
    assert LABELS.lineage(BARK) == {BARK, DOG, PETS, ANIMAL}
    assert LABELS.classes_below(DOG) == 6


def test_a_segment_counts_once_in_a_subtree_however_many_of_its_labels_it_bears() -> None:
    tally = LabelTally(LABELS)
    tally.add((DOG, BARK), 3)
    tally.add((BARK, BARK), 1)
    tally.add(("/m/none",), 2)
    assert tally.segments == 6
    assert (tally.own[DOG], tally.within[DOG]) == (3, 4)
    assert (tally.own[BARK], tally.within[BARK]) == (4, 4)
    assert (tally.own[ANIMAL], tally.within[ANIMAL]) == (0, 4)
    assert tally.unknown == {"/m/none"}


def test_the_table_names_its_origin_and_licences() -> None:
    head = Path(__file__).parents[2].joinpath("asyncdl/labels/table.tsv").read_text("utf-8")[:600]
    assert "CC BY-SA 4.0" in head
    assert "CC BY 4.0" in head
    assert "Google" in head


def test_the_table_made_again_is_the_one_that_is_here(genuine: Path, maker: ModuleType) -> None:
    made = maker.table(genuine)
    assert made == maker.TABLE.read_text("utf-8")


def test_classes_are_those_of_audiosets_own_list(genuine: Path) -> None:
    with (genuine / "class_labels_indices.csv").open(encoding="utf-8") as file:
        rows = [(int(row["index"]), row["mid"], row["display_name"]) for row in csv.DictReader(file)]
    assert rows == [(label.index, label.mid, label.name) for label in LABELS.classes]
