"""Counting labels in a list: fast for the usual form, and always what a run would select."""

from __future__ import annotations

import csv
import os
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdl.core.events import Source
from asyncdl.core.model import Row
from asyncdl.errors import UsageError
from asyncdl.inputs.audioset_weak import READER
from asyncdl.inputs.label_sets import LabelSet, label_sets
from asyncdl.inputs.sources import resolve
from asyncdl.labels import LabelTally, load_labels

LIST = Source(0, "", "", "", 0)
HEAD = "# made for a test\n# YTID, start_seconds, end_seconds, positive_labels\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "list.csv"


def counted(path: Path) -> Counter[LabelSet]:
    """Sum what is yielded; a set may come again."""
    counts: Counter[LabelSet] = Counter()
    for mids, segments in label_sets(resolve(str(path), path.parent)):
        counts[mids] += segments
    return counts


def by_reader(path: Path) -> Counter[LabelSet]:
    """The slow rule: every row parsed, every segment once."""
    rows = (row for row in READER.rows(path, LIST, lambda _line: False) if isinstance(row, Row))
    first: dict[str, LabelSet] = {}
    for row in rows:
        first.setdefault(row.segment.key, row.segment.labels)
    return Counter(first.values())


def test_each_segment_counts_once_with_all_its_labels(path: Path) -> None:
    path.write_text(
        HEAD
        + 'aaaaaaaaaaa, 0.000, 10.000, "/m/09x0r,/m/0bt9lr"\n'
        + 'bbbbbbbbbbb, 30.000, 40.000, "/m/09x0r"\n'
        + 'ccccccccccc, 30.000, 40.000, "/m/09x0r"\n'
    )
    assert counted(path) == {("/m/09x0r", "/m/0bt9lr"): 1, ("/m/09x0r",): 2}


def test_a_segment_that_stands_there_again_in_other_words_is_not_counted_again(path: Path) -> None:
    path.write_text(
        'bbbbbbbbbbb, 30.000, 40.000, "/m/09x0r"\n'
        'ccccccccccc, 30.000, 40.000, "/m/09x0r"\n'
        'bbbbbbbbbbb,30,40,"/m/0bt9lr"\n'
        "ccccccccccc,30.0,40,/m/0bt9lr\n"
        'bbbbbbbbbbb, 30.000, 41.000, "/m/0bt9lr"\n'
    )
    assert counted(path) == {("/m/09x0r",): 2, ("/m/0bt9lr",): 1}


def test_a_header_with_other_columns_is_read_by_it(path: Path) -> None:
    path.write_text("index,labels,ytid,start,end\n0,/m/09x0r,aaaaaaaaaaa,0,10\n1,/m/09x0r,aaaaaaaaaaa,0,10\n")
    assert counted(path) == {("/m/09x0r",): 1}


def test_a_list_that_cannot_be_read_is_refused(path: Path) -> None:
    path.write_text("ytid;start_seconds;end_seconds;positive_labels\n")
    with pytest.raises(UsageError):
        counted(path)


ROWS = st.builds(
    "{0}{3}{1}{3}{2}{4}".format,
    st.sampled_from(["aaaaaaaaaaa", "bbbbbbbbbbb", "ccccccccccc", "short", "#NAME?"]),
    st.sampled_from(["0.000", "0", "30", "nan", "-1", "012"]),
    st.sampled_from(["10.000", "10", "40.5", "", "9999999"]),
    st.sampled_from([", ", ",", ",", ";"]),
    st.sampled_from(
        [', "/m/a,/m/b"', ',"/m/a"', ",/m/a", ',"/m/a,,/m/a"', ",", "", ', "/m/A"', ', "/m/a', "\r"]
    ),
)
LINES = st.one_of(
    ROWS, st.sampled_from(["", "# a comment", "YTID,start_seconds,end_seconds,positive_labels"])
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=st.lists(LINES, max_size=12), is_sorted=st.booleans())
def test_the_counts_are_those_of_reading_every_row(path: Path, lines: list[str], is_sorted: bool) -> None:
    path.write_text("\n".join(sorted(lines) if is_sorted else lines), newline="")
    expected = by_reader(path)
    assert +counted(path) == expected


def test_memory_does_not_grow_with_the_list(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows with ever new ids, times and labels; kept, they would take 9 MB. The ids ascend."""
    monkeypatch.setattr("asyncdl.inputs.label_sets._MOST_SETS", 1_000)
    monkeypatch.setattr("asyncdl.inputs.label_sets._MOST_TIMES", 1_000)
    with path.open("w") as file:
        for n in range(20_000):
            file.write(f'{n:011d}, {n % 900}.{n % 500:03d}, {n % 900 + 1}.500, "/m/{n:x},/m/04rlf"\n')
    tracemalloc.start()
    try:
        assert sum(segments for _, segments in label_sets(resolve(str(path), path.parent))) == 20_000
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 6 * 1024 * 1024


@pytest.fixture
def genuine() -> Path:
    folder = os.environ.get("ASYNCDL_TEST_DATA")
    if not folder:
        pytest.skip("ASYNCDL_TEST_DATA does not name the folder of AudioSet's own lists")
    return Path(folder)


@pytest.mark.parametrize(
    ("name", "column", "segments", "total"),
    [
        ("eval_segments.csv", "weak_eval_count", 20_371, 51_804),
        ("balanced_train_segments.csv", "weak_train_balanced_count", 22_160, 52_882),
        pytest.param(
            "unbalanced_train_segments.csv.gz",
            "weak_train_unbalanced_count",
            2_041_789,
            4_020_212,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_real_lists_hold_what_others_counted_in_them(
    genuine: Path, name: str, column: str, segments: int, total: int
) -> None:
    labels = load_labels()
    tally = LabelTally(labels)
    for mids, count in label_sets(resolve(str(genuine / name), genuine)):
        tally.add(mids, count)
    with (genuine / "AudioSetClassCounts.tsv").open() as file:
        counted_elsewhere = {
            row["class_id"]: int(row[column]) for row in csv.DictReader(file, delimiter="\t")
        }
    assert {mid: count for mid, count in counted_elsewhere.items() if count} == tally.own
    assert (tally.segments, tally.own.total()) == (segments, total)
    assert not tally.unknown


def test_dog_with_all_below_it_is_what_a_few_lines_over_the_raw_file_find(genuine: Path) -> None:
    labels = load_labels()
    tally = LabelTally(labels)
    for mids, count in label_sets(resolve(str(genuine / "eval_segments.csv"), genuine)):
        tally.add(mids, count)
    rows = (genuine / "eval_segments.csv").read_text().splitlines()[3:]
    borne = [set(row.split('"')[1].split(",")) for row in rows]
    barks = {"/m/05tny_", "/m/07r_k2n", "/m/07qf0zm", "/m/07rc7d9", "/m/0ghcn6", "/t/dd00136"}
    dog = "/m/0bt9lr"
    assert tally.own[dog] == sum(dog in mids for mids in borne) > 0
    assert tally.within[dog] == sum(bool(mids & {dog, *barks}) for mids in borne) > tally.own[dog]
