"""``log``: lists of what came and what did not, read back by the program's own reader and by ``csv``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from asyncdl.core.columns import USUAL
from asyncdl.core.events import AttemptFailed, Event, GaveUp, RowRejected, RowSelected, Source, SourceAdded
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure, RejectedRow, Row, RowRef, Segment, Span
from asyncdl.core.rows import RejectReason, parse_row
from asyncdl.exporting.contract import Terms
from asyncdl.exporting.segment_lists import usual_line
from asyncdl.exporting.spools import Spools
from asyncdl.inputs.audioset_weak import READER
from support.datasets import write_run
from support.exports import AT_MS, LABELS, Sounding, export_all, files_of, make_data_set
from support.stored_clips import path_of

NOBODYS = Source(0, "", "eval", "", 0)
TEXT = 'ERROR: [youtube] "private",\r\nsign in\x1b[31m, or not\x00'


def segments() -> list[Segment]:
    """Two with clips, two given up, one tried and one untouched; ids and times as lists have them."""
    ids = ("-good000000", "_good000001", "-failed0000", "_failed0001", "tried000000", "untried0000")
    spans = [Span(number * 30_000 + 100 * (number % 2), number * 30_000 + 350) for number in range(6)]
    return [
        Segment(ytid, span, "eval", LABELS[: 1 + number % 3])
        for number, (ytid, span) in enumerate(zip(ids, spans, strict=True))
    ]


def failures(chosen: Sequence[Segment]) -> list[Event]:
    private = Failure(FailureKind.PRIVATE, "private", TEXT)
    slow = Failure(FailureKind.NETWORK, "reset", "connection broke")
    gave_up = [
        GaveUp(one.key, RowRef(0, line), 0, 2, AT_MS, private) for line, one in enumerate(chosen[2:4], 6)
    ]
    return [*gave_up, AttemptFailed(chosen[4].key, RowRef(0, 8), 0, 1, AT_MS, slow)]


async def make(root: Path) -> list[Segment]:
    chosen = segments()
    return await make_data_set(root, Sounding(count=2), segments=chosen, more=failures(chosen))


def rows(path: Path) -> list[Segment]:
    """Read a list as ``asyncdl run`` does; none of its lines may be rejected."""
    found = list(READER.rows(path, NOBODYS, lambda _line: False))
    assert all(isinstance(row, Row) for row in found)
    return [row.segment for row in found if isinstance(row, Row)]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def test_good_failed_and_open_lists_are_read_back_as_the_segments_they_stand_for(
    tmp_path: Path,
) -> None:
    chosen = await make(tmp_path)
    target = export_all(tmp_path, "log").place.target
    assert rows(target / "eval_good.csv") == chosen[:2]
    assert rows(target / "eval_failed.csv") == chosen[2:4]
    assert rows(target / "eval_open.csv") == chosen[4:]


async def test_the_heads_count_as_those_of_the_official_lists_do(tmp_path: Path) -> None:
    await make(tmp_path)
    head = (export_all(tmp_path, "log").place.target / "eval_failed.csv").read_text().splitlines()[:3]
    assert head[1] == "# num_ytids=2, num_segs=2, num_unique_labels=3, num_positive_labels=4"
    assert head[2] == "# YTID, start_seconds, end_seconds, positive_labels"


async def test_reasons_are_one_line_each_with_kind_code_text_attempts_and_time(tmp_path: Path) -> None:
    chosen = await make(tmp_path)
    target = export_all(tmp_path, "log").place.target
    found = table(target / "eval_failed_reasons.csv")
    assert [row["YTID"] for row in found] == [one.ytid for one in chosen[2:5]]
    assert found[0] == {
        "YTID": "-failed0000",
        "start_seconds": "60.000",
        "end_seconds": "60.350",
        "standing": "given_up",
        "kind": "private",
        "code": "private",
        "text": 'ERROR: [youtube] "private", sign in, or not\N{REPLACEMENT CHARACTER}',
        "attempts": "2",
        "when": "2023-11-14T22:13:20Z",
    }
    assert [row["standing"] for row in found] == ["given_up", "given_up", "open"]
    assert len((target / "eval_failed_reasons.csv").read_bytes().splitlines()) == 4


async def test_a_clip_whose_file_is_gone_counts_as_failed(tmp_path: Path) -> None:
    chosen = await make(tmp_path)
    path_of(tmp_path, chosen[1]).unlink()
    target = export_all(tmp_path, "log").place.target
    assert rows(target / "eval_good.csv") == chosen[:1]
    assert rows(target / "eval_failed.csv") == chosen[1:4]
    reason = table(target / "eval_failed_reasons.csv")[0]
    assert (reason["YTID"], reason["standing"], reason["text"]) == (
        "_good000001",
        "left_out",
        "the file is gone",
    )


async def test_lines_that_are_no_segments_are_named_with_their_reason(tmp_path: Path) -> None:
    await make(tmp_path)
    rejected = RejectedRow(RowRef(0, 99), RejectReason.SPREADSHEET_ID, '#NAME?,30,40,"/m/09x0r"')
    await write_run(tmp_path, [RowRejected(rejected)], [])
    found = table(export_all(tmp_path, "log").place.target / "eval_rejected.csv")
    assert found == [{"line": "99", "reason": RejectReason.SPREADSHEET_ID, "text": rejected.text}]


async def test_each_list_has_files_of_its_own_also_where_two_are_called_alike(tmp_path: Path) -> None:
    chosen = await make(tmp_path)
    other = Source(1, "eval.csv", "eval", "6b" * 32, 10)
    late = Segment("otherlist00", Span(0, 10_000), "eval", LABELS[:1])
    await write_run(tmp_path, [RowSelected(Row(RowRef(1, 1), late))], [SourceAdded(other)])
    target = export_all(tmp_path, "log").place.target
    assert rows(target / "eval_open.csv") == chosen[4:]
    assert rows(target / "eval_1_open.csv") == [late]
    assert rows(target / "eval_1_good.csv") == []


async def test_other_splits_than_the_chosen_ones_are_not_told(tmp_path: Path) -> None:
    chosen = segments()
    chosen = [*chosen[:3], replace(chosen[3], split="other"), *chosen[4:]]
    await make_data_set(tmp_path, Sounding(count=2), segments=chosen, more=failures(chosen))
    target = export_all(tmp_path, "log", terms=Terms(splits=("eval",))).place.target
    assert rows(target / "eval_failed.csv") == chosen[2:3]


async def test_the_same_data_set_gives_the_same_bytes(tmp_path: Path) -> None:
    await make(tmp_path)
    first = files_of(export_all(tmp_path, "log").place.target)
    assert files_of(export_all(tmp_path, "log").place.target) == first
    assert len(first) == 5


@given(
    ytid=st.from_regex(r"[A-Za-z0-9_-]{11}", fullmatch=True),
    start_ms=st.integers(0, 900_000_000),
    duration_ms=st.integers(1, 20_000_000),
    labels=st.lists(st.from_regex(r"/[mtg]/[a-z0-9_]{1,8}", fullmatch=True), unique=True, max_size=15),
)
def test_any_segment_written_as_a_row_is_read_as_itself(
    ytid: str, start_ms: int, duration_ms: int, labels: list[str]
) -> None:
    segment = Segment(ytid, Span(start_ms, start_ms + duration_ms), "eval", tuple(labels))
    assert parse_row(usual_line(segment).removesuffix(b"\n"), USUAL, "eval") == segment


def test_texts_too_large_for_memory_are_read_back_whole_and_apart(tmp_path: Path) -> None:
    with Spools(tmp_path) as spools:
        for number in range(30_000):
            spools.add(f"{number % 2}", b"%029d\n" % number)
        for parity in (0, 1):
            numbers = b"".join(spools.blocks(f"{parity}")).split()
            assert list(map(int, numbers)) == list(range(parity, 30_000, 2))
        assert not list(spools.blocks("never added to"))
    assert not list(tmp_path.iterdir())
