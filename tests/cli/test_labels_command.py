"""``asyncdl labels``: browse, find, count."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from asyncdl.core.model import Clip, Segment, Span
from asyncdl.labels import LabelTally, load_labels
from asyncdl.ui.labels_view import Shelf, label_view, table_view, tree_view
from support.bench import Ended
from support.datasets import rows_of, write_run
from support.stored_clips import stored

Command = Callable[..., Ended]
DOG = load_labels().by_mid["/m/0bt9lr"]
ROWS = (
    'aaaaaaaaaaa, 0.000, 10.000, "/m/0bt9lr,/m/05tny_"\n'
    'bbbbbbbbbbb, 0.000, 10.000, "/m/05tny_"\n'
    'ccccccccccc, 0.000, 10.000, "/m/09x0r,/m/zzz"\n'
)
CLIP = Clip(
    size_bytes=1000,
    sha256="5a" * 32,
    samples=160_000,
    sample_rate=16_000,
    channels=1,
    padded_samples=0,
    is_silent=False,
    format_id="140",
    source_rate=16_000,
    whole_file=False,
    tool_version="0",
)


def test_without_words_the_whole_tree_is_told_roots_first(command: Command) -> None:
    lines = command("labels").stdout.splitlines()
    assert lines[0].startswith("Human sounds  /m/0dgw9r")
    assert lines[1].startswith("  Human voice")
    assert any(line.startswith("    Speech  /m/09x0r  #0  100% right of 10") for line in lines)
    assert all(any(label.mid in line for line in lines) for label in load_labels())


def test_words_find_the_label_that_they_mean_and_others_that_have_them(command: Command) -> None:
    told = command("labels", "dog").stdout
    assert told.startswith("Dog  /m/0bt9lr\n")
    assert "index 74 of the 527 classes" in told
    assert "Domestic animals, pets  /m/068hy" in told
    assert "Bark  /m/05tny_" in told
    assert "Pant (dog)" in told
    assert "Hot dog" not in told


def test_words_of_several_names_give_a_line_each_with_tabs_for_pipes(command: Command) -> None:
    lines = command("labels", "music", "of").stdout.splitlines()
    assert [line.split("\t")[2] for line in lines[1:]] == [
        "Music of Latin America",
        "Music of Africa",
        "Music of Asia",
        "Music of Bollywood",
    ]
    assert {len(line.split("\t")) for line in lines} == {7}
    assert lines[1].split("\t")[4] == "unrated"


def test_words_that_no_name_has_end_with_2_and_the_nearest_names(command: Command) -> None:
    ended = command("labels", "dog", "barking")
    assert (ended.code, ended.stdout) == (2, "")
    assert "Did you mean Dog;" in ended.stderr


def test_flat_gives_a_row_for_each_of_the_664_labels(command: Command) -> None:
    assert len(command("labels", "--flat").stdout.splitlines()) == 665


def test_counts_in_lists_tell_own_and_with_below(command: Command, here: Path) -> None:
    (here / "one.csv").write_text(ROWS)
    (here / "two.csv").write_text(ROWS.splitlines()[2])
    ended = command("labels", "dog", "--in", "one.csv", "--in", "two.csv", "--json")
    found = ended.json()
    assert [(one["mid"], one["meant"]) for one in found][:2] == [("/m/0bt9lr", True), ("/t/dd00136", False)]
    assert found[0]["in"] == {"one": {"own": 1, "with_below": 2}, "two": {"own": 0, "with_below": 0}}
    assert "one holds 1 label that is none of AudioSet's: /m/zzz" in ended.stderr
    assert "one: 1, with what is below 2" in command("labels", "dog", "--in", "one.csv").stdout
    row = command("labels", "dog", "--flat", "--in", "one.csv").stdout.splitlines()[1]
    assert row.split("\t")[-2:] == ["1", "2"]


def test_json_tells_all_of_a_label(command: Command) -> None:
    (speech,) = (one for one in command("labels", "--json").json() if one["index"] == 0)
    assert speech == {
        "mid": "/m/09x0r",
        "index": 0,
        "name": "Speech",
        "strong_name": None,
        "strong": True,
        "abstract": False,
        "blacklist": False,
        "rated": 10,
        "right": 10,
        "classes_below": 7,
        "parents": ["/m/09l8g"],
        "children": list(load_labels().by_mid["/m/09x0r"].children),
        "meant": False,
        "in": {},
        "out": {},
    }


def test_a_list_that_is_none_is_refused_before_anything_is_told(command: Command) -> None:
    ended = command("labels", "--in", "nowhere.csv")
    assert (ended.code, ended.stdout) == (2, "")


async def test_a_data_set_tells_what_is_stored_and_missing(tmp_path: Path, command: Command) -> None:
    segments = [
        Segment(ytid * 11, Span(0, 10_000), "eval", labels)
        for ytid, labels in (("a", ("/m/0bt9lr",)), ("b", ("/m/05tny_",)), ("c", ("/m/0bt9lr",)))
    ]
    root = tmp_path / "set"
    await write_run(root, rows_of(segments), [stored(segments[0], 4, CLIP), stored(segments[1], 5, CLIP)])
    (dog, *_) = command("labels", "dog", "--out", str(root), "--json").json()
    assert dog["out"] == {
        "stored": {"own": 1, "with_below": 2},
        "missing": {"own": 1, "with_below": 1},
    }


@pytest.mark.parametrize("how", ["--tree", "--flat", "--json"])
def test_a_reader_that_left_is_no_fault(here: Path, how: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    program = [sys.executable, "-m", "asyncdl", "labels", how]
    ended = subprocess.run(program, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


def drawn(view: RenderableType, width: int, *, colour: bool = False) -> str:
    console = Console(
        width=width, force_terminal=True, no_color=not colour, color_system=None, legacy_windows=False
    )
    with console.capture() as capture:
        console.print(view)
    return capture.get()


def shelf() -> Shelf:
    tally = LabelTally(load_labels())
    tally.add((DOG.mid, "/m/05tny_"), 12_345)
    return Shelf(load_labels(), {"balanced_train": tally})


@pytest.mark.parametrize("width", [40, 80, 200])
def test_on_a_terminal_nothing_is_wider_than_it_and_every_label_is_there(width: int) -> None:
    labels = load_labels()
    views = (
        tree_view(labels.roots, shelf(), is_terminal=True),
        table_view(labels, shelf(), width),
        label_view(DOG, shelf(), is_terminal=True),
    )
    for view in views:
        text = drawn(view, width)
        assert max(map(len, text.splitlines())) <= width
        assert DOG.mid in text
        assert "12,345" in text


def test_what_has_several_parents_is_unfolded_once() -> None:
    labels = load_labels()
    text = drawn(tree_view(labels.roots, Shelf(labels), is_terminal=True), 200)
    assert "├── " in text
    assert text.count("see above") == sum(
        len(labels.parents[label.mid]) - 1 for label in labels if label.children and labels.parents[label.mid]
    )
