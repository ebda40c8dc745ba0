"""What the journal's writer does when the disk is full, fails or cannot reserve."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from asyncdl.errors import AsyncdlError, DiskFull, EnvironmentFault
from asyncdl.runtime.files import FileLayer
from asyncdl.runtime.journal import MAX_BATCH, RunJournal
from asyncdl.runtime.replay import replay
from asyncdl.runtime.runfile import RESERVE_BYTES
from support.journals import HEADER, journal_in, lines_of, names_in, retry, row
from support.recording_files import RecordingFiles, ShortWrites, failing


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["write", "fdatasync"])
@pytest.mark.parametrize("number", range(2, 8))
async def test_a_full_disk_stops_the_journal_and_keeps_what_was_told_durable(
    tmp_path: Path, number: int, call: str, code: int
) -> None:
    told = await _append_until_fault(tmp_path, failing(call, number, code), DiskFull)
    replayed = replay(tmp_path)
    assert not replayed.damage
    assert not replayed.torn
    assert replayed.ledger.counts().segments == told == number - 2


@pytest.mark.parametrize("limit", range(400, 900, 61))
async def test_a_short_write_on_a_full_disk_is_cut_back_and_nothing_is_glued_to_it(
    tmp_path: Path, limit: int
) -> None:
    told = await _append_until_fault(tmp_path, ShortWrites(50, limit, errno.ENOSPC), DiskFull)
    assert all(line.endswith(b'"}\n') for line in lines_of(tmp_path))
    assert len(lines_of(tmp_path)) == told + 1
    assert replay(tmp_path).torn == ()


async def test_after_a_failed_sync_nothing_is_synced_on_that_file_again(tmp_path: Path) -> None:
    files = failing("fdatasync", 3, errno.EIO)
    told = await _append_until_fault(tmp_path, files, EnvironmentFault)
    assert told == 1
    assert files.times("fdatasync") == 2
    assert files.times("write") == 3


async def _append_until_fault(folder: Path, files: FileLayer, fault: type[AsyncdlError]) -> int:
    """Append 50 events one after the other; from the first fault on every call must raise it."""
    told = 0
    async with journal_in(folder, files) as journal:
        with pytest.raises(fault, match=str(folder)):  # noqa: PT012 - which append fails is the question
            for number in range(50):
                await journal.append(retry(number))
                told += 1
        assert isinstance(journal.fault, fault)
        with pytest.raises(fault):
            await journal.append(retry(99))
        with pytest.raises(fault):
            journal.note(row(4))
    return told


async def test_a_fault_reaches_everybody_who_waits(tmp_path: Path) -> None:
    async with journal_in(tmp_path, failing("fdatasync", 2, errno.EIO)) as journal:
        appends = [journal.append(retry(number)) for number in range(3 * MAX_BATCH)]
        told = await asyncio.gather(*appends, return_exceptions=True)
        assert all(isinstance(answer, EnvironmentFault) for answer in told)


async def test_rows_that_cannot_be_written_hold_back_their_event(tmp_path: Path) -> None:
    async with journal_in(tmp_path, failing("create", 2, errno.ENOSPC)) as journal:
        journal.note(row(4))
        with pytest.raises(DiskFull, match=r"rows\.jsonl"):
            await journal.append(retry(4))
    assert len(lines_of(tmp_path)) == 1


async def test_a_fault_that_nobody_was_told_of_is_raised_by_close_once(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, files=failing("create", 2, errno.EIO))
    await journal.start(HEADER, 1)
    journal.note(row(4))
    with pytest.raises(EnvironmentFault):
        await journal.close()
    await journal.close()


async def test_space_is_reserved_ahead_and_given_back_at_the_end(tmp_path: Path) -> None:
    async with journal_in(tmp_path, RecordingFiles()) as journal:
        await journal.append(retry(1))
        path = tmp_path / names_in(tmp_path)[0]
        status = path.stat()
        if status.st_blocks * 512 < RESERVE_BYTES:
            pytest.skip("this file system reserves nothing")
        assert status.st_size < RESERVE_BYTES
    assert path.stat().st_blocks * 512 < RESERVE_BYTES


async def test_a_file_system_that_reserves_nothing_will_do(tmp_path: Path) -> None:
    class NoReserve(RecordingFiles):
        def reserve(self, fd: int, offset: int, size: int) -> None:  # noqa: ARG002 - the layer's signature
            raise OSError(errno.EOPNOTSUPP, "no")

    async with journal_in(tmp_path, NoReserve()) as journal:
        await journal.append(retry(1))
    assert len(lines_of(tmp_path)) == 2


async def test_a_start_on_a_full_disk_is_told_by_start(tmp_path: Path) -> None:
    journal = RunJournal(tmp_path, files=failing("write", 1, errno.ENOSPC))
    with pytest.raises(DiskFull):
        await journal.start(HEADER, 1)
    await journal.close()
    assert replay(tmp_path).last_seq == 1
