"""How far a run came with so many clips of each label, in a few lines."""

from __future__ import annotations

from asyncdl.core.reach import LabelReach, Why
from asyncdl.ui.selection_view import reach_lines, reach_objects, selected_view

NAMES = ["Bark", "Howl", "Meow", "Purr", "Hiss", "Growling", "Yip", "Whimper"]


def reach(name: str, stored: int, why: Why) -> LabelReach:
    return LabelReach(f"/m/{name.lower()}", name, 20, 30, stored, 2, why)


def test_a_run_without_per_label_says_nothing() -> None:
    assert reach_lines(()) == []


def test_labels_that_lack_clips_are_told_by_reason_scarcest_first() -> None:
    labels = [
        reach("Bark", 20, Why.REACHED),
        *(reach(name, 10 + n, Why.CANDIDATES_ENDED) for n, name in enumerate(reversed(NAMES[1:]))),
        reach("Esc\x1b[2J", 3, Why.OPEN),
        reach("Wind", 19, Why.NOT_REPLACED),
    ]
    assert [line.plain for line in reach_lines(labels)] == [
        "",
        "Labels: 1 of 10 have their 20 clips",
        (
            "  7  the lists hold no more of them: "
            "Whimper 10; Yip 11; Growling 12; Hiss 13; Purr 14; Meow 15; and 1 more"
        ),
        "  1  some are gone, and nothing replaced them: --replace does: Wind 19",
        "  1  some are still open: Esc 3",
    ]


def test_scripts_get_every_label() -> None:
    (told,) = reach_objects([reach("Bark", 20, Why.REACHED)])
    assert told == {
        "label": "/m/bark",
        "name": "Bark",
        "wanted": 20,
        "candidates": 30,
        "stored": 20,
        "gone": 2,
        "why": "reached",
    }


def test_rows_that_are_no_segments_are_told_with_what_was_written() -> None:
    lines = [str(line) for line in selected_view(3, 9, 2, "dogs.csv").renderables]
    assert lines[0] == "3 of 9 segments (33.3 %) written into dogs.csv"
    assert lines[1] == "2 rows of the lists are no segments; they are left out"
