"""Reading a journal folder back: everything durable, nothing else, never blocked."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.core.encoding import encode
from asyncdl.core.events import (
    AttemptFailed,
    ClipLost,
    ClipStored,
    Event,
    GaveUp,
    RowEvent,
    RowRejected,
    RowRepeated,
    RowSelected,
    RunStarted,
    Source,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import RowState
from asyncdl.core.model import Clip, ClipSpec, Failure, RejectedRow, Row, RowRef, Segment, Span
from asyncdl.core.records import pack, seal
from asyncdl.errors import ExitCode, JournalFault
from asyncdl.runtime.outcomes import OutcomeTable, iterate_outcomes, iterate_rejected, iterate_rows
from asyncdl.runtime.replay import replay

CLIP = Clip(1000, "00", 441_000, 44_100, 2, 0, False, "140", 44_100, False, "tools", "a title")
HEADER = RunStarted("run", 0, ClipSpec(), {}, "run", {})
SOURCE = Source(0, "eval.csv", "eval", "5a", 100)


def a_row(line: int) -> Row:
    return Row(
        RowRef(0, line), Segment(f"{line:011d}", Span(0, 10_000), "eval", ("/m/09x0r",), (("note", "é"),))
    )


def stored(line: int, round_: int = 0, size: int = 1000) -> ClipStored:
    row = a_row(line)
    return ClipStored(row.segment.key, row.ref, round_, 1, 7, replace(CLIP, size_bytes=size))


def failed(kind: type[AttemptFailed | GaveUp], line: int, round_: int = 0) -> AttemptFailed | GaveUp:
    row = a_row(line)
    return kind(row.segment.key, row.ref, round_, 1, 7, Failure(FailureKind.REMOVED, "code", "x" * 5000))


def write(
    folder: Path, seq: int, events: list[Event], rows: list[RowEvent] | None = None, uuid: str = "ab"
) -> Path:
    """Write a run's files as the writer would, each record acknowledged before the next."""
    path = folder / f"{seq:06d}-{uuid}.jsonl"
    path.write_bytes(_sealed([HEADER, *events]))
    if rows is not None:
        path.with_suffix(".rows.jsonl").write_bytes(_sealed(rows))
    return path


def _sealed(events: list[Event] | list[RowEvent]) -> bytes:
    return b"".join(seal(pack(encode(event)), q, q - 1) for q, event in enumerate(events, 1))


def test_a_missing_folder_is_an_empty_journal(tmp_path: Path) -> None:
    replayed = replay(tmp_path / "none")
    assert replayed.last_seq == 0
    assert replayed.ledger.counts().segments == 0
    replayed.require_whole()


def test_rows_and_events_of_all_runs_are_folded(tmp_path: Path) -> None:
    rows: list[RowEvent] = [
        RowSelected(a_row(4)),
        RowSelected(a_row(5)),
        RowRepeated(RowRef(0, 6), a_row(4).segment.key),
    ]
    write(tmp_path, 1, [SourceAdded(SOURCE), stored(4)], rows)
    write(tmp_path, 2, [failed(GaveUp, 5)])
    replayed = replay(tmp_path)
    ledger = replayed.ledger
    assert [ledger.state_at(RowRef(0, line)) for line in (3, 4, 5, 6)] == [
        RowState.UNREAD,
        RowState.STORED,
        RowState.GIVEN_UP,
        RowState.REPEATED,
    ]
    assert ledger.sources == [SOURCE]
    assert ledger.spec == ClipSpec()
    assert replayed.last_seq == 2
    assert replayed.files == (
        "000001-ab.rows.jsonl",
        "000001-ab.jsonl",
        "000002-ab.jsonl",
    )
    assert not replayed.damage
    assert not replayed.torn


def test_files_count_by_number_not_by_name_or_time(tmp_path: Path) -> None:
    newer = write(tmp_path, 1_000_000, [stored(4, 0, 2)])
    older = write(tmp_path, 999_999, [stored(4, 0, 1)])
    os.utime(newer, (0, 0))
    assert replay(tmp_path).files == (older.name, newer.name)
    assert replay(tmp_path).ledger.counts().stored_bytes == 2


def test_a_torn_tail_is_tolerated_and_told(tmp_path: Path) -> None:
    path = write(tmp_path, 1, [stored(4), stored(5)])
    path.write_bytes(path.read_bytes()[:-10])
    replayed = replay(tmp_path)
    assert replayed.ledger.counts().stored == 1
    assert replayed.torn == (path.name,)
    replayed.require_whole()


def test_damage_is_read_around_and_refused_for_writing_with_file_place_and_command(tmp_path: Path) -> None:
    path = write(tmp_path, 1, [stored(4), stored(5), stored(6)])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    replayed = replay(tmp_path)
    assert replayed.ledger.counts().stored == 2
    (damage,) = replayed.damage
    assert (damage.file, damage.offset, damage.records) == (path.name, len(lines[0] + lines[1]), 1)
    with pytest.raises(JournalFault) as caught:
        replayed.require_whole()
    assert path.name in str(caught.value)
    assert f"byte {damage.offset}" in str(caught.value)
    assert "asyncdl journal repair --out" in str(caught.value)
    assert caught.value.exit_code is ExitCode.JOURNAL


def test_rows_whose_events_file_is_gone_are_damage(tmp_path: Path) -> None:
    write(tmp_path, 1, [], [RowSelected(a_row(4))]).unlink()
    replayed = replay(tmp_path)
    assert [damage.file for damage in replayed.damage] == ["000001-ab.jsonl"]
    assert replayed.ledger.counts().segments == 1


def test_an_empty_run_file_of_a_start_that_died_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "000003-ab.jsonl").touch()
    assert replay(tmp_path).last_seq == 3
    replay(tmp_path).require_whole()


def test_other_entries_of_the_folder_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, 1, [stored(4)])
    for name in ("lock", "lease", "notes.jsonl", ".000001-ab.jsonl.part"):
        (tmp_path / name).write_bytes(b"x")
    assert replay(tmp_path).files == ("000001-ab.jsonl",)


@pytest.mark.parametrize("name", ["000001-ab.jsonl", "000001-ab.rows.jsonl"])
@pytest.mark.parametrize("thing", ["pipe", "link", "folder"])
def test_anything_but_a_plain_file_is_refused_by_name_without_waiting(
    tmp_path: Path, name: str, thing: str
) -> None:
    path = tmp_path / name
    make: dict[str, Callable[[], None]] = {
        "pipe": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to("/dev/zero"),
        "folder": path.mkdir,
    }
    make[thing]()
    with pytest.raises(JournalFault, match=name.replace(".", r"\.")):
        replay(tmp_path)


def test_another_version_is_refused_with_the_file(tmp_path: Path) -> None:
    header = seal(pack(encode(HEADER) | {"v": 2}), 1, 0)
    (tmp_path / "000001-ab.jsonl").write_bytes(header)
    with pytest.raises(JournalFault, match=r"000001-ab\.jsonl.*version 2"):
        replay(tmp_path)


def test_a_signed_record_without_its_members_is_refused_with_its_number(tmp_path: Path) -> None:
    path = write(tmp_path, 1, [])
    path.write_bytes(path.read_bytes() + seal(pack({"e": "stored", "k": "x"}), 2, 1))
    with pytest.raises(JournalFault, match="record 2"):
        replay(tmp_path)


def test_events_of_a_newer_minor_version_are_ignored(tmp_path: Path) -> None:
    path = write(tmp_path, 1, [])
    path.write_bytes(path.read_bytes() + seal(pack({"e": "of tomorrow", "k": "x"}), 2, 1))
    assert replay(tmp_path).damage == ()


def test_rows_come_back_whole_each_segment_once_in_the_order_of_the_notes(tmp_path: Path) -> None:
    write(tmp_path, 1, [], [RowSelected(a_row(5)), RowSelected(a_row(4))])
    write(tmp_path, 2, [], [RowSelected(a_row(4)), RowRepeated(RowRef(0, 7), "x"), RowSelected(a_row(6))])
    assert list(iterate_rows(tmp_path)) == [a_row(5), a_row(4), a_row(6)]


def test_rejected_lines_come_back_each_once(tmp_path: Path) -> None:
    bad = [RejectedRow(RowRef(0, line), "no number", "x,y") for line in (7, 8)]
    write(tmp_path, 1, [], [RowRejected(bad[0]), RowSelected(a_row(4))])
    write(tmp_path, 2, [], [RowRejected(bad[0]), RowRejected(bad[1])])
    assert list(iterate_rejected(tmp_path)) == bad


def test_each_row_is_joined_with_the_event_that_speaks_for_it(tmp_path: Path) -> None:
    rows: list[RowEvent] = [RowSelected(a_row(line)) for line in range(4, 10)]
    lost = ClipLost(a_row(7).segment.key, 0, 0, "gone")
    events: list[Event] = [stored(4), failed(AttemptFailed, 5), failed(GaveUp, 5), stored(6), lost, stored(7)]
    write(tmp_path, 1, events, rows)
    write(tmp_path, 2, [failed(GaveUp, 4), stored(6, 0, 2000), failed(AttemptFailed, 8), stored(7, 1)])
    ledger = replay(tmp_path).ledger
    outcomes = {row.ref.line: outcome for row, outcome in iterate_outcomes(tmp_path, ledger)}
    assert outcomes == {
        4: stored(4),
        5: failed(GaveUp, 5),
        6: stored(6, 0, 2000),
        7: stored(7, 1),
        8: failed(AttemptFailed, 8),
        9: None,
    }


def test_many_run_files_need_few_descriptors(tmp_path: Path) -> None:
    write(tmp_path, 1, [], [RowSelected(a_row(line)) for line in range(1, 101)])
    for line in range(1, 101):
        write(tmp_path, line + 1, [stored(line)])
    ledger = replay(tmp_path).ledger
    before = len(os.listdir("/proc/self/fd"))
    with OutcomeTable(tmp_path, ledger) as table:
        found = [table.outcome_of(a_row(line).segment.key) for line in range(1, 101)]
        assert len(os.listdir("/proc/self/fd")) - before <= 16
    assert found == [stored(line) for line in range(1, 101)]
    assert table.outcome_of("never heard of") is None


def test_a_journal_that_changed_under_the_reader_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, 1, [stored(4)], [RowSelected(a_row(4))])
    with OutcomeTable(tmp_path, replay(tmp_path).ledger) as table:
        path.write_bytes(b"")
        with pytest.raises(JournalFault, match="changed"):
            table.outcome_of(a_row(4).segment.key)
