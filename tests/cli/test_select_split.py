"""``asyncdl select --eval-rate``: three lists by clip, in the form of the list they come from."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncdl.core.events import Source
from asyncdl.core.model import Row, Segment
from asyncdl.inputs.sources import resolve
from support.bench import Ended
from support.choices import weak_line

Command = Callable[..., Ended]
PARTS = ("train", "valid", "test")
MIDS = ("/m/0bt9lr", "/m/05tny_", "/m/09x0r")
HEADER = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel"
STRONG = [
    f"Video{video:05d}A_{start_ms}\t{event}.250\t{event + 1}.5\t{MIDS[(video + event) % 3]}"
    for video in range(40)
    for start_ms in (0, 30000)[: 1 + video % 2]
    for event in range(1 + video % 3)
]


def read(path: Path) -> list[Segment]:
    """All segments as a run reads them, without the split that the list's name gives."""
    file = resolve(str(path), path.parent)
    source = Source(index=0, name="", split="", sha256="", size_bytes=0)
    rows = list(file.reader.rows(path, source, lambda _line: False))
    found = [row.segment for row in rows if isinstance(row, Row)]
    assert len(found) == len(rows)
    return found


def parts_of(folder: Path, name: str = "x", ending: str = ".tsv") -> list[list[Segment]]:
    return [read(folder / f"{name}.{part}{ending}") for part in PARTS]


def check(whole: list[Segment], parts: list[list[Segment]]) -> None:
    together = [segment for part in parts for segment in part]
    assert sorted(together, key=lambda one: one.key) == sorted(whole, key=lambda one: one.key)
    ytids = [{segment.ytid for segment in part} for part in parts]
    assert sum(map(len, ytids)) == len(set.union(*ytids))


def test_a_strong_list_is_split_by_clip_and_read_back_with_its_events(here: Path, command: Command) -> None:
    (here / "strong.tsv").write_text("\n".join([HEADER, *STRONG]) + "\n")
    ended = command("select", "strong.tsv", "--eval-rate", "0.4", "-o", "x.tsv")
    assert (ended.code, ended.stderr) == (0, "")
    parts = parts_of(here)
    check(read(here / "strong.tsv"), parts)
    sizes = [len(part) for part in parts]
    assert all(abs(size - wanted) <= 2 for size, wanted in zip(sizes, (36, 12, 12), strict=True))
    assert ended.stdout.splitlines()[1].startswith(f"{sizes[1]} of 60 segments (")
    assert ended.stdout.splitlines()[1].endswith(") written into x.valid.tsv")


def test_a_framed_strong_list_keeps_what_is_not_there(here: Path, command: Command) -> None:
    rows = [f"{row}\t{('PRESENT', 'NOT_PRESENT')[n % 2]}" for n, row in enumerate(STRONG)]
    (here / "framed.tsv").write_text("\n".join([f"{HEADER}\tpresent", *rows]) + "\n")
    assert command("select", "framed.tsv", "--eval-rate", "0.4", "-o", "x.tsv").code == 0
    check(read(here / "framed.tsv"), parts_of(here))


def test_neither_the_order_of_rows_nor_another_run_changes_the_split_but_the_seed_does(
    here: Path, command: Command
) -> None:
    shuffled = random.Random(1).sample(STRONG, len(STRONG))
    (here / "a.tsv").write_text("\n".join([HEADER, *STRONG]) + "\n")
    (here / "b.tsv").write_text("\n".join([HEADER, *shuffled]) + "\n")

    def held_out(name: str, *options: str) -> set[str]:
        assert command("select", name, "--eval-rate", "0.5", *options, "-o", "x.tsv").code == 0
        return {segment.key for segment in parts_of(here)[1]}

    assert held_out("a.tsv") == held_out("b.tsv") == held_out("a.tsv", "--seed", "0")
    assert held_out("a.tsv") != held_out("a.tsv", "--seed", "7")


def test_a_weak_list_is_split_into_its_own_rows(here: Path, command: Command) -> None:
    rows = [weak_line(f"Video{n // 2:05d}A", [MIDS[n % 3]], start_s=30 * (n % 2)) for n in range(100)]
    (here / "weak.csv").write_bytes(b"\n".join(rows) + b"\n")
    ended = command("select", "weak.csv", "--eval-rate", "0.2", "-o", "x.csv.gz", "--json")
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(one["file"], one["part"], one["selected"]) for one in told] == [
        ("x.train.csv.gz", "train", 80),
        ("x.valid.csv.gz", "valid", 10),
        ("x.test.csv.gz", "test", 10),
    ]
    check(read(here / "weak.csv"), parts_of(here, ending=".csv.gz"))
    written = [gzip.decompress((here / f"x.{part}.csv.gz").read_bytes()).splitlines() for part in PARTS]
    assert sorted(line for lines in written for line in lines[3:]) == sorted(rows)
    assert b"num_ytids=40, num_segs=80" in written[0][1]


def test_what_is_selected_is_split(here: Path, command: Command) -> None:
    (here / "strong.tsv").write_text("\n".join([HEADER, *STRONG]) + "\n")
    options = ("--sample", "20", "--seed", "3", "--eval-rate", "0.5")
    assert command("select", "strong.tsv", *options, "-o", "x.tsv").code == 0
    parts = parts_of(here)
    assert sum(map(len, parts)) == 20
    assert all(abs(len(part) - wanted) <= 2 for part, wanted in zip(parts, (10, 5, 5), strict=True))


def test_a_part_that_stays_empty_is_told(here: Path, command: Command) -> None:
    (here / "strong.tsv").write_text(f"{HEADER}\n{STRONG[0]}\n")
    ended = command("select", "strong.tsv", "--eval-rate", "0.1", "-o", "x.tsv")
    assert ended.code == 0
    assert "valid is empty: 1 segment" in ended.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--eval-rate", "0", "-o", "x.csv"], "--eval-rate: 0 is no share"),
        (["--eval-rate", "nan", "-o", "x.csv"], "--eval-rate: nan is no share"),
        (["--eval-rate", "0.1", "-o", "-"], "--eval-rate and -o -"),
        (["--eval-rate", "0.1", "--seed", "-1", "-o", "x.csv"], "--seed: -1"),
        (["weak.csv", "--eval-rate", "0.1", "-o", "x.csv"], "Split each kind by itself"),
        (["--eval-rate", "0.1", "-o", "strong.csv"], "is a list that is read"),
    ],
)
def test_what_cannot_be_split_is_refused(here: Path, command: Command, options: list[str], told: str) -> None:
    (here / "strong.train.csv").write_text(f"{HEADER}\n{STRONG[0]}\n")
    (here / "weak.csv").write_bytes(weak_line("Video00001A", MIDS) + b"\n")
    before = sorted(path.name for path in here.iterdir())
    ended = command("select", "strong.train.csv", *options)
    assert ended.code == 2
    assert told in ended.stderr
    assert sorted(path.name for path in here.iterdir()) == before


def test_the_real_strong_list_has_its_labels_shares(here: Path, command: Command) -> None:
    folder = os.environ.get("ASYNCDL_TEST_DATA")
    if folder is None:
        pytest.skip("ASYNCDL_TEST_DATA does not name the folder of AudioSet's own files")
    path = Path(folder) / "audioset_eval_strong.partial.tsv"
    assert command("select", str(path), "--eval-rate", "0.2", "-o", "x.tsv").code == 0
    clips_of: list[dict[str, set[str]]] = []
    for part in PARTS:
        clips: dict[str, set[str]] = {}
        for line in (here / f"x.{part}.tsv").read_text().splitlines()[1:]:
            segment_id, _, _, label = line.split("\t")
            clips.setdefault(segment_id, set()).add(label)
        clips_of.append(clips)
    counts = [Counter(label for labels in clips.values() for label in labels) for clips in clips_of]
    for label, total in sum(counts, Counter[str]()).most_common(50):
        for count, share in zip(counts, (0.8, 0.1, 0.1), strict=True):
            assert abs(count[label] / total - share) < 0.02, label
