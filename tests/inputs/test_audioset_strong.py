"""Strong lists become clips with their events, however the rows of a clip lie."""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asyncdl.core.events import Source
from asyncdl.core.model import RejectedRow, Row, RowRef, Segment, Span
from asyncdl.core.rows import RejectReason
from asyncdl.core.strong_rows import clip_of
from asyncdl.errors import UsageError
from asyncdl.inputs import further
from asyncdl.inputs.audioset_strong import READER
from asyncdl.inputs.short_clips import short_clips

LIST = Source(index=3, name="strong.tsv", split="strong", sha256="", size_bytes=0)
HEAD = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
DOG, MUSIC = "/m/0bt9lr", "/m/04rlf"
ONE, TWO = "-x_y_z1234Q_30000", "abcdefghijk_0"


def no_line(_line: int, /) -> bool:
    return False


def rows_of(path: Path, text: str, skip: frozenset[int] = frozenset()) -> list[Row | RejectedRow]:
    path.write_text(text)
    return list(READER.rows(path, LIST, skip.__contains__))


def told(rows: list[Row | RejectedRow]) -> list[tuple[int, str]]:
    """Line number, and key or reason, of each row."""
    return [
        (row.ref.line, row.segment.key if isinstance(row, Row) else RejectReason(row.reason).name)
        for row in rows
    ]


def row(clip: str, start: str = "0.000", end: str = "1.000", mid: str = DOG) -> str:
    return f"{clip}\t{start}\t{end}\t{mid}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "strong.tsv"


def test_the_rows_of_a_clip_are_one_segment_with_sorted_labels_and_events_as_they_stand(path: Path) -> None:
    text = HEAD + row(ONE, "2.627", "7.237", MUSIC) + row(ONE, "0.000", "10.000") + row(ONE, "8.1", "9.25")
    assert rows_of(path, text) == [
        Row(
            RowRef(3, 2),
            Segment(
                "-x_y_z1234Q",
                Span(30_000, 40_000),
                "strong",
                (MUSIC, DOG),
                (
                    (
                        "events",
                        f'[[2.627, 7.237, "{MUSIC}"], [0.000, 10.000, "{DOG}"], [8.1, 9.25, "{DOG}"]]',
                    ),
                ),
            ),
        )
    ]


def test_clips_known_to_be_shorter_end_where_the_weak_lists_say(path: Path) -> None:
    short = "--i-y1v8Hy8_0"
    assert short_clips()[short] == 9_000
    (found, late) = rows_of(path, HEAD + row(short, "0.000", "9.000") + row(short, "0.000", "9.001"))
    assert isinstance(found, Row)
    assert found.segment.span == Span(0, 9_000)
    assert told([late]) == [(3, "BEYOND_CLIP")]


@pytest.mark.parametrize("again", [row(ONE), row(ONE, "0.0", "1"), row(ONE).replace("\n", "\r\n")])
def test_a_row_that_says_the_same_again_repeats_its_clip(path: Path, again: str) -> None:
    rows = rows_of(path, HEAD + row(ONE) + row(ONE, "1.000", "2.000") + again)
    assert told(rows) == [(2, "-x_y_z1234Q_30000_40000"), (4, "-x_y_z1234Q_30000_40000")]
    assert isinstance(rows[0], Row)
    assert isinstance(rows[1], Row)
    assert rows[0].segment == rows[1].segment
    assert len(json.loads(dict(rows[0].segment.columns)["events"])) == 2


BAD = [
    ("#NAME?\t0.000\t1.000\t/m/0bt9lr", "SPREADSHEET_ID"),
    ("abcdefghijk\t0.000\t1.000\t/m/0bt9lr", "BAD_SEGMENT_ID"),
    ("abcdefghijk_\t0.000\t1.000\t/m/0bt9lr", "BAD_SEGMENT_ID"),
    ("abcdefghij_30000\t0.000\t1.000\t/m/0bt9lr", "BAD_SEGMENT_ID"),
    ("abcdefghijk_030\t0.000\t1.000\t/m/0bt9lr", "BAD_SEGMENT_ID"),
    (f"{ONE}\t0.000\t1.000", "MISSING_FIELDS"),
    (f"{ONE}\tnan\t1.000\t{DOG}", "NOT_A_TIME"),
    (f"{ONE}\t-1.000\t1.000\t{DOG}", "NEGATIVE_TIME"),
    (f"{ONE}\t1.000\t1.000\t{DOG}", "END_NOT_AFTER_START"),
    (f"{ONE}\t9.000\t10.001\t{DOG}", "BEYOND_CLIP"),
    (f"{ONE}\t30.000\t31.000\t{DOG}", "BEYOND_CLIP"),
    (f"{ONE}\t0.000\t1.000\tDog", "BAD_LABEL"),
    (f"{ONE}\t0.000\t1.000\t{DOG}\x00", "NUL_BYTE"),
    ("start_time_seconds\tend_time_seconds\tlabel\tsegment_id", "HEADER_INSIDE"),
    ("x" * 70_000, "LINE_TOO_LONG"),
    (f"{ONE}\t" + "x" * 70_000, "LINE_TOO_LONG"),
]


@pytest.mark.parametrize(("line", "reason"), BAD)
@pytest.mark.parametrize("is_settled", [False, True])
def test_a_bad_row_is_told_in_its_place_also_beside_a_settled_clip(
    path: Path, line: str, reason: str, is_settled: bool
) -> None:
    skip = frozenset({2} if is_settled else ())
    rows = told(rows_of(path, HEAD + row(ONE) + line + "\n" + row(ONE, "1.000", "2.000"), skip))
    assert rows[-1:] == [(3, reason)]
    assert rows[:-1] == ([] if is_settled else [(2, "-x_y_z1234Q_30000_40000")])


def test_a_clip_whose_first_row_is_bad_has_the_number_of_its_first_good_one(path: Path) -> None:
    rows = rows_of(path, HEAD + row(ONE, "5.000", "3.000") + row(ONE))
    assert told(rows) == [(2, "END_NOT_AFTER_START"), (3, "-x_y_z1234Q_30000_40000")]


def test_a_clip_without_a_good_row_is_no_segment(path: Path) -> None:
    assert told(rows_of(path, HEAD + row(ONE, mid="Dog"))) == [(2, "BAD_LABEL")]


def test_lines_that_are_no_rows_may_stand_anywhere(path: Path) -> None:
    text = "\ufeff# a comment\n" + HEAD + "\n" + row(ONE) + HEAD + "# more\n" + row(ONE, "1.000", "2.000")
    (found,) = rows_of(path, text)
    assert isinstance(found, Row)
    assert found.ref.line == 4
    assert dict(found.segment.columns)["events"].count(DOG) == 2


@pytest.mark.parametrize("head", ["", "\ufeff", "# a comment\n"])
def test_the_header_may_be_missing(path: Path, head: str) -> None:
    (found,) = rows_of(path, head + row(ONE))
    assert isinstance(found, Row)
    assert found.segment.span == Span(30_000, 40_000)


def test_columns_are_found_by_name_also_between_commas_and_quotes(path: Path) -> None:
    text = f',label,segment_id,start_time_seconds,end_time_seconds\n0,"{DOG}","{ONE}",0.88,1\n'
    (found,) = rows_of(path, text)
    assert isinstance(found, Row)
    assert found.segment.columns == (("events", f'[[0.88, 1, "{DOG}"]]'),)


def test_in_the_framed_form_only_rows_that_say_present_are_events(path: Path) -> None:
    text = HEAD.replace("\n", "\tpresent\n")
    for start, mid, word in (
        ("0.00", DOG, "PRESENT"),
        ("0.96", DOG, "NOT_PRESENT"),
        ("0.00", MUSIC, "UNSURE"),
    ):
        text += f"{ONE}\t{start}\t{float(start) + 0.96:.2f}\t{mid}\t{word}\n"
    (found,) = rows_of(path, text)
    assert isinstance(found, Row)
    assert found.segment.labels == (DOG,)
    assert found.segment.columns == (
        ("events", f'[[0.00, 0.96, "{DOG}"]]'),
        ("other_frames", f'[[0.96, 1.92, "{DOG}", "NOT_PRESENT"], [0.00, 0.96, "{MUSIC}", "UNSURE"]]'),
    )


EVENTS = st.lists(
    st.tuples(st.sampled_from([ONE, TWO, "--i-y1v8Hy8_0"]), st.integers(0, 3), st.sampled_from([DOG, MUSIC])),
    max_size=25,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(events=EVENTS, settled=st.sets(st.integers(1, 26)))
def test_whatever_the_order_of_rows_each_clip_comes_once_with_all_its_events(
    path: Path, events: list[tuple[str, int, str]], settled: set[int]
) -> None:
    wanted: dict[str, dict[tuple[float, float, str], None]] = defaultdict(dict)
    first: dict[str, int] = {}
    repeated = []
    for line, (clip, start, mid) in enumerate(events, 2):
        first.setdefault(clip, line)
        if (start, start + 1, mid) in wanted[clip]:
            repeated.append(line)
        wanted[clip][start, start + 1, mid] = None
    text = HEAD + "".join(row(clip, f"{start}.000", f"{start + 1}.000", mid) for clip, start, mid in events)
    rows = rows_of(path, text)
    assert [one.ref.line for one in rows] == sorted([*first.values(), *repeated])
    for one in rows:
        assert isinstance(one, Row)
        clip = f"{one.segment.ytid}_{one.segment.span.start_ms}"
        assert [tuple(event) for event in json.loads(one.segment.columns[0][1])] == list(wanted[clip])
    left = [one for one in rows if one.ref.line not in settled]
    assert rows_of(path, text, frozenset(settled)) == left


def test_too_many_rows_of_one_clip_are_rejected_and_the_next_clip_is_read(path: Path) -> None:
    many = "".join(row(ONE, f"0.{number:06d}", "1.000") for number in range(5_000))
    rows = rows_of(path, HEAD + many + row(TWO))
    assert isinstance(rows[0], Row)
    assert rows[-1].ref.line == 5_002
    reasons = {one.reason for one in rows[1:-1] if isinstance(one, RejectedRow)}
    assert reasons == {RejectReason.ROWS_TOO_LARGE}
    taken = len(json.loads(rows[0].segment.columns[0][1]))
    assert 2_000 < taken == 5_000 - len(rows[1:-1])


def test_a_large_list_in_pieces_is_refused_with_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(further, "_MOST_BYTES", 2_000)
    with pytest.raises(UsageError, match="too many rows of one segment stand far apart") as caught:
        rows_of(path, HEAD + (row(ONE) + row(TWO)) * 20)
    assert "Sort the list" in caught.value.mend


def test_a_cut_gzip_gives_its_whole_clips_and_then_the_fault(path: Path) -> None:
    text = "".join(
        row(f"{number:010d}A_{number % 590 + 1}000", end=f"{number % 7 + 1}.0") for number in range(9_000)
    )
    packed = gzip.compress(text.encode())
    path.write_bytes(packed[: len(packed) // 2])
    rows = READER.rows(path, LIST, no_line)
    assert isinstance(next(rows), Row)
    with pytest.raises(UsageError, match="cut or damaged"):
        list(rows)


def test_the_package_knows_all_short_clips_of_the_strong_lists() -> None:
    assert len(short_clips()) == 2_034 + 282
    assert set(short_clips().values()) == {1000 * seconds for seconds in range(1, 10)}


@pytest.fixture
def real() -> Path:
    folder = os.environ.get("ASYNCDL_TEST_DATA")
    if not folder:
        pytest.skip("ASYNCDL_TEST_DATA does not name the folder of AudioSet's own lists")
    return Path(folder)


def test_the_partial_eval_list_gives_its_clips_and_all_its_events(real: Path) -> None:
    """The other side is a few lines over the raw text; the full lists were never seen."""
    path = real / "audioset_eval_strong.partial.tsv"
    lines = path.read_text().splitlines()[1:]
    events: dict[str, set[tuple[float, float, str]]] = defaultdict(set)
    for line in lines:
        clip, start, end, mid = line.split("\t")
        events[clip].add((float(start), float(end), mid))
    ends = {}
    for line in (real / "eval_segments.csv").read_text().splitlines()[3:]:
        ytid, begin, end, _ = line.split(", ", 3)
        ends[ytid] = (round(float(begin) * 1000), round(float(end) * 1000))

    clips: dict[str, set[tuple[float, float, str]]] = {}
    repeated = 0
    for one in READER.rows(path, LIST, no_line):
        assert isinstance(one, Row)
        segment = one.segment
        clip = f"{segment.ytid}_{segment.span.start_ms}"
        repeated += clip in clips
        clips[clip] = {(start, end, mid) for start, end, mid in json.loads(segment.columns[0][1])}
        assert (segment.span.start_ms, segment.span.end_ms) == ends[segment.ytid]
        assert segment.labels == tuple(sorted({mid for _, _, mid in clips[clip]}))
    assert (len(lines), len(clips), repeated) == (103_207, 15_646, 12)
    assert clips == events


@pytest.mark.parametrize(
    ("name", "count", "first_is_wrong", "lists"),
    [
        (
            "strong_train_segment_ids.txt.gz",
            103_463,
            15_051,
            ["balanced_train_segments.csv", "unbalanced_train_segments.csv.gz"],
        ),
        ("strong_eval_segment_ids.txt", 16_996, 2_493, ["eval_segments.csv"]),
    ],
)
def test_segment_ids_of_the_strong_lists_are_taken_apart_as_the_weak_lists_say(
    real: Path, name: str, count: int, first_is_wrong: int, lists: list[str]
) -> None:
    """Independent: a video id is the first 11 characters, and its start and end stand in a weak list."""

    def read(name: str) -> list[str]:
        data = (real / name).read_bytes()
        return (gzip.decompress(data) if name.endswith(".gz") else data).decode().splitlines()

    ids = read(name)
    ytids = {one[:11] for one in ids}
    spans = {}
    for line in (line for one in lists for line in read(one) if line[:11] in ytids):
        begin, end = line[12:].split(",")[:2]
        spans[line[:11]] = (round(float(begin) * 1000), round(float(end) * 1000))
    for one in ids:
        clip = clip_of(one)
        assert clip is not None
        start_ms, end_ms = spans[one[:11]]
        assert clip == (one[:11], start_ms)
        assert short_clips().get(one, 10_000) == end_ms - start_ms
    assert len(ids) == count
    assert sum(one.split("_", 1)[0] != one[:11] for one in ids) == first_is_wrong
