"""The writer: durable when told so, batches while the disk is busy, stops for good at a fault."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncdl.core.events import RowRejected
from asyncdl.core.model import RejectedRow, RowRef
from asyncdl.errors import JournalFault
from asyncdl.runtime.journal import _ENOUGH, MAX_BATCH, ROWS_PER_FLUSH, RunJournal
from asyncdl.runtime.replay import replay
from support.journals import END, HEADER, journal_in, lines_of, names_in, retry, row
from support.recording_files import RecordingFiles


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.001)


class HeldDisk(RecordingFiles):
    """Lets a sync begin and holds it until told."""

    def __init__(self) -> None:
        super().__init__()
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def fdatasync(self, fd: int) -> None:
        if not self.go_on.is_set():
            self.began.set()
            assert self.go_on.wait(20)
        super().fdatasync(fd)


async def test_the_header_and_the_name_are_durable_before_the_first_event(tmp_path: Path) -> None:
    files = RecordingFiles()
    async with journal_in(tmp_path, files):
        assert [call for call, _ in files.calls] == ["create", "write", "fdatasync", "open", "fsync"]
        assert files.calls[-1] == ("fsync", tmp_path.name)
        (line,) = lines_of(tmp_path)
        assert line.startswith(b'{"q":1,"d":0,"e":"run_started","v":1,')


async def test_append_returns_only_after_the_sync(tmp_path: Path) -> None:
    files = HeldDisk()
    async with journal_in(tmp_path, files) as journal:
        files.go_on.clear()
        append = asyncio.create_task(journal.append(retry(1)))
        await asyncio.to_thread(files.began.wait, 20)
        assert len(lines_of(tmp_path)) == 2
        await asyncio.sleep(0)
        assert not append.done()
        files.go_on.set()
        await append


async def test_events_gather_in_one_batch_while_the_disk_is_busy(tmp_path: Path) -> None:
    files = HeldDisk()
    async with journal_in(tmp_path, files) as journal:
        files.go_on.clear()
        first = asyncio.create_task(journal.append(retry(0)))
        await asyncio.to_thread(files.began.wait, 20)
        others = [asyncio.create_task(journal.append(retry(number))) for number in range(1, MAX_BATCH + 1)]
        await asyncio.sleep(0)
        before = files.times("fdatasync")
        files.go_on.set()
        await asyncio.gather(first, *others)
        assert files.times("fdatasync") - before == 2
    numbers = [int(line.split(b",")[0][5:]) for line in lines_of(tmp_path)]
    assert numbers == list(range(1, MAX_BATCH + 3))


async def test_durable_numbers_never_claim_more_than_was_synced(tmp_path: Path) -> None:
    async with journal_in(tmp_path, RecordingFiles()) as journal:
        await asyncio.gather(*(journal.append(retry(number)) for number in range(100)))
        await journal.append(END)
    pairs = [[int(part[4:]) for part in line[1:].split(b",")[:2]] for line in lines_of(tmp_path)]
    assert all(d < q for q, d in pairs)
    assert pairs[-1] == [102, 101]


async def test_the_end_of_a_run_is_alone_in_its_batch_even_when_it_comes_with_others(tmp_path: Path) -> None:
    files = RecordingFiles()
    async with journal_in(tmp_path, files) as journal:
        await asyncio.gather(journal.append(retry(1)), journal.append(retry(2)), journal.append(END))
    last = lines_of(tmp_path)[-1]
    assert last.startswith(b'{"q":4,"d":3,"e":"run_ended"')


async def test_rows_are_durable_before_the_event_that_follows_them(tmp_path: Path) -> None:
    files = RecordingFiles()
    async with journal_in(tmp_path, files) as journal:
        del files.calls[:]
        journal.note(row(4))
        journal.note(row(5))
        await journal.append(retry(4))
        kinds = [
            (call, "rows" if ".rows." in name else "events")
            for call, name in files.calls
            if call in {"create", "write", "fdatasync"}
        ]
        assert kinds == [
            ("create", "rows"),
            ("write", "rows"),
            ("fdatasync", "rows"),
            ("write", "events"),
            ("fdatasync", "events"),
        ]
        (both,) = lines_of(tmp_path, "*.rows.jsonl")
        assert both.count(b"_0_10000") == 2


async def test_a_lone_event_goes_at_once_and_those_right_behind_it_gather(tmp_path: Path) -> None:
    files = RecordingFiles()
    journal = RunJournal(tmp_path, files=files, gather_s=600.0)
    await journal.start(HEADER, 1)
    await journal.append(retry(1))
    before = files.times("fdatasync")
    others = [asyncio.create_task(journal.append(retry(number))) for number in range(2, 9)]
    await asyncio.sleep(0)
    await journal.append(END)
    await asyncio.gather(*others)
    assert files.times("fdatasync") - before == 2
    await journal.close()


async def test_a_good_batch_and_the_end_of_the_journal_do_not_wait(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, gather_s=600.0)
    await journal.start(HEADER, 1)
    await journal.append(retry(0))
    await asyncio.gather(*(journal.append(retry(number)) for number in range(1, _ENOUGH + 1)))
    last = asyncio.create_task(journal.append(retry(_ENOUGH + 1)))
    await asyncio.sleep(0)
    await journal.close()
    await last


async def test_the_events_file_vouches_for_the_rows_before_it(tmp_path: Path) -> None:
    async with journal_in(tmp_path, RecordingFiles()) as journal:
        await journal.append(retry(1))
        for line in (4, 5):
            journal.note(row(line))
        await journal.append(retry(4))
        await journal.append(retry(5))
        await journal.append(END)
    told = [json.loads(line) for line in lines_of(tmp_path)]
    assert [one["e"] for one in told] == [
        "run_started",
        "retry",
        "noted",
        "retry",
        "retry",
        "noted",
        "run_ended",
    ]
    assert [one["rows"] for one in told if one["e"] == "noted"] == [1, 2]
    assert told[-1]["d"] == told[-1]["q"] - 1


@pytest.mark.parametrize("left", [None, 0, 1])
async def test_rows_that_are_gone_are_damage(tmp_path: Path, left: int | None) -> None:
    async with journal_in(tmp_path, RecordingFiles()) as journal:
        for line in (4, 5, 6):
            journal.note(row(line))
            await journal.append(retry(line))
    (path,) = tmp_path.glob("*.rows.jsonl")
    if left is None:
        path.unlink()
    else:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:left]))
    (damage,) = replay(tmp_path).damage
    assert (damage.file, damage.first, damage.last) == (path.name, 1 + (left or 0), 3)


async def test_without_rows_there_is_no_rows_file(tmp_path: Path) -> None:
    async with journal_in(tmp_path, RecordingFiles()) as journal:
        await journal.append(END)
    assert len(names_in(tmp_path)) == 1


async def test_rows_alone_do_not_wait_for_an_event(tmp_path: Path) -> None:
    files = RecordingFiles()
    async with journal_in(tmp_path, files, rows_flush_s=0.0) as journal:
        journal.note(row(4))
        await until(lambda: files.times("fdatasync") == 2)


async def test_a_thousand_rows_do_not_wait_for_the_clock(tmp_path: Path) -> None:
    files = RecordingFiles()
    async with journal_in(tmp_path, files) as journal:
        for line in range(ROWS_PER_FLUSH):
            journal.note(row(line + 1))
        await until(lambda: files.times("fdatasync") == 2)


async def test_close_writes_rows_that_wait_and_may_be_called_twice(tmp_path: Path) -> None:
    async with journal_in(tmp_path, RecordingFiles()) as journal:
        journal.note(RowRejected(RejectedRow(RowRef(0, 9), "no number", "x")))
        await journal.close()
    assert replay(tmp_path).ledger.counts().rejected_rows == 1


async def test_a_clean_end_closes_the_rows_file_too_so_that_damage_of_its_last_batch_shows(
    tmp_path: Path,
) -> None:
    async with journal_in(tmp_path, RecordingFiles()) as journal:
        journal.note(row(4))
        await journal.append(END)
    (name,) = [name for name in names_in(tmp_path) if ".rows." in name]
    content = bytearray((tmp_path / name).read_bytes())
    content[20] ^= 1
    (tmp_path / name).write_bytes(content)
    assert [damage.records for damage in replay(tmp_path).damage] == [1]


async def test_a_cancelled_caller_stops_waiting_and_the_event_is_written(tmp_path: Path) -> None:
    files = HeldDisk()
    async with journal_in(tmp_path, files) as journal:
        files.go_on.clear()
        append = asyncio.create_task(journal.append(retry(1)))
        await asyncio.to_thread(files.began.wait, 20)
        append.cancel()
        with pytest.raises(asyncio.CancelledError):
            await append
        files.go_on.set()
    assert len(lines_of(tmp_path)) == 2


async def test_nothing_is_taken_before_start_or_after_close(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path)
    with pytest.raises(JournalFault):
        journal.note(row(4))
    await journal.start(HEADER, 1)
    await journal.close()
    with pytest.raises(JournalFault):
        await journal.append(retry(1))


async def test_each_start_writes_a_file_of_its_own(tmp_path: Path) -> None:
    for seq in (1, 2):
        journal = RunJournal(tmp_path)
        await journal.start(HEADER, seq)
        await journal.close()
    assert [name[:7] for name in names_in(tmp_path)] == ["000001-", "000002-"]
    assert replay(tmp_path).last_seq == 2
