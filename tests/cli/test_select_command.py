"""``asyncdl select``: the chosen rows, byte for byte, under a header with true counts."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from support.bench import Ended
from support.choices import weak_line

Command = Callable[..., Ended]
DOG, BARK, SPEECH, WIND = "/m/0bt9lr", "/m/05tny_", "/m/09x0r", "/m/03m9d0z"
ROWS = [
    weak_line("Video00001A", [DOG, SPEECH]),
    weak_line("Video00002A", [BARK]) + b"\r",
    b"Video00003A,10,20,/m/05tny_",
    weak_line("Video00004A", [WIND]),
    b"#NAME?,30,40,/m/05tny_",
    weak_line("Video00005A", [BARK, SPEECH], length_s=4),
    weak_line("Video00001A", [DOG, SPEECH]),
]


@pytest.fixture
def path(here: Path) -> str:
    (here / "list.csv").write_bytes(b"\n".join(ROWS) + b"\n")
    return "list.csv"


def ids(text: str) -> list[str]:
    return [line[:11] for line in text.splitlines() if not line.startswith("# ")]


def test_rows_come_as_they_are_under_a_header_that_counts_them(
    here: Path, path: str, command: Command
) -> None:
    ended = command("select", path, "--label", "dog", "-o", "dogs.csv")
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[0] == "4 of 6 segments (66.6 %) written into dogs.csv"
    head, counts, columns, *rows = (here / "dogs.csv").read_bytes().splitlines()
    assert head.startswith(b"# Segments csv selected by asyncdl ")
    assert counts == b"# num_ytids=4, num_segs=4, num_unique_labels=3, num_positive_labels=6"
    assert columns == b"# YTID, start_seconds, end_seconds, positive_labels"
    assert rows == [ROWS[0], ROWS[1].rstrip(), ROWS[2], ROWS[5]]


def test_what_was_written_is_a_list_again_and_selects_to_itself(
    here: Path, path: str, command: Command
) -> None:
    command("select", path, "--label", "Dog", "-o", "a.csv.gz")
    command("select", "a.csv.gz", "-o", "b.csv")
    first, second = gzip.decompress((here / "a.csv.gz").read_bytes()), (here / "b.csv").read_bytes()
    assert first.splitlines()[1:] == second.splitlines()[1:]
    before = (here / "a.csv.gz").read_bytes()
    command("select", path, "--label", "Dog", "-o", "a.csv.gz")
    assert (here / "a.csv.gz").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (["--label", "Dog", "--exact"], "1"),
        (["--label", BARK, "--none-of", "Speech"], "23"),
        (["--label", "Dog", "--all-of", "Speech"], "15"),
        (["--label", "Dog", "--label", "wind"], "12345"),
        (["--label", "Dog", "--min-duration", "5"], "123"),
        (["--limit", "2"], "12"),
        (["--exclude", "list.csv", "--label", "Dog"], None),
        (["--ids", "ids.txt"], "24"),
        (["--exclude", "ids.txt"], "135"),
    ],
)
def test_options_choose(
    here: Path, path: str, command: Command, options: list[str], chosen: str | None
) -> None:
    (here / "ids.txt").write_text("Video00002A\nVideo00004A_30000_40000\n")
    ended = command("select", path, *options, "-o", "-")
    assert ended.code == (2 if chosen is None else 0)
    assert ids(ended.stdout) == [f"Video0000{number}A" for number in chosen or ""]


def test_per_label_counts_each_label_as_one_group(path: str, command: Command) -> None:
    ended = command(
        "select", path, "--label", "Dog", "--label", "Wind", "--per-label", "2", "-o", "x.csv", "--json"
    )
    told = ended.json()
    assert (told["selected"], told["segments"], told["rejected_rows"]) == (3, 6, 1)
    found = {one["name"]: (one["candidates"], one["selected"]) for one in told["labels"]}
    assert found == {"Dog": (4, 2), "Wind": (1, 1)}
    assert "cannot be reached for 1 of 2 labels: the lists hold Wind 1" in ended.stderr


def test_a_sample_is_the_same_with_the_same_seed(path: str, command: Command) -> None:
    def drawn(*options: str) -> list[str]:
        return ids(command("select", path, "--sample", "2", *options, "-o", "-").stdout)

    assert drawn() == drawn("--seed", "0")
    assert len({tuple(drawn("--seed", str(seed))) for seed in range(8)}) > 1


def test_a_table_with_other_columns_is_written_in_audiosets_form(here: Path, command: Command) -> None:
    (here / "table.csv").write_text(
        "index,YTID,start_seconds,end_seconds,positive_labels,note\n"
        f'0,Video00001A,1.5,11.25,"{BARK},{DOG}",a\n'
        f"1,Video00002A,0,10,{WIND},b\n"
    )
    ended = command("select", "table.csv", "--label", "Dog", "-o", "-")
    assert ended.stdout.splitlines()[3:] == [f'Video00001A, 1.500, 11.250, "{BARK},{DOG}"']
    assert "has further columns" in ended.stderr


def test_labels_that_are_no_ids_and_splits_are_left_out_and_the_file_is_a_list_again(
    here: Path, command: Command
) -> None:
    (here / "sounds.csv").write_text(
        "youtube_id,start,label,split\n"
        'Video00001A,1,"chicken crowing, loud",train\n'
        f"Video00002A,2,{BARK},test\n"
        "Video00003A,3,wind noise,train\n"
    )
    columns = "id=youtube_id,start=start,duration=10,labels=label,split=split"
    ended = command("select", "sounds.csv", "--columns", columns, "-o", "some.csv")
    assert ended.code == 0, ended.stderr
    assert "2 rows of sounds.csv bear labels that are no label ids" in ended.stderr
    assert "says of which split a row is" in ended.stderr
    head, *rows = (here / "some.csv").read_text().splitlines()[1:2] + ids((here / "some.csv").read_text())
    assert head.endswith("num_segs=3, num_unique_labels=1, num_positive_labels=1")
    assert rows == ["Video00001A", "Video00002A", "Video00003A"]
    again = command("select", "some.csv", "-o", "again.csv", "--json")
    assert (again.json()["selected"], again.json()["rejected_rows"]) == (3, 0)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["-o", "list.csv"], "is a list that is read"),
        (["-o", "-", "--json"], "--json and -o - contradict"),
        (["-o", "nowhere/x.csv"], "no file in a folder"),
        (["-o", "x.csv", "--label", "sppech"], "Did you mean Speech"),
        (["-o", "x.csv", "--label", "Zither"], "No segment is left: none of"),
        (["-o", "x.csv", "--sample", "2", "--per-label", "2"], "contradict each other"),
        (["-o", "x.csv", "--limit", "2", "--per-label", "2"], "contradict each other"),
        (["-o", "x.csv", "--limit", "0"], "--limit: 0"),
    ],
)
def test_what_cannot_be_meant_is_told_and_nothing_written(
    here: Path, path: str, command: Command, options: list[str], told: str
) -> None:
    ended = command("select", path, *options)
    assert ended.code == 2
    assert told in ended.stderr
    assert sorted(one.name for one in here.iterdir()) == ["list.csv"]


def test_run_plans_for_what_is_selected(path: str, command: Command) -> None:
    ended = command("run", path, "--label", "Dog", "--none-of", "Speech", "--dry-run", "--json")
    assert (ended.json()["to_do"], ended.json()["is_about"]) == (2, False)
