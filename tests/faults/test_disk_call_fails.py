"""Each call of the disk fails, once or from then on: the run stops; nothing acknowledged is lost or false.

The calls are those of the whole protocol: lock and lease, journal of rows and events, publishing clips,
heartbeat, manifest.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from pathlib import Path

import pytest

from asyncdl.core import layout
from asyncdl.core.events import ClipStored, Event, RunEnded, SourceAdded
from asyncdl.core.ledger import RowState
from asyncdl.core.model import RowRef
from asyncdl.core.partition import WHOLE
from asyncdl.errors import AsyncdlError, ExitCode
from asyncdl.runtime.files import make_folders, publish, replace_file
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.journal import RunJournal
from asyncdl.runtime.lock import JournalLock, Means
from asyncdl.runtime.replay import replay
from asyncdl.runtime.run_folder import open_run_file, run_file_names
from support.datasets import SOURCE, header, rows_of
from support.failing_calls import FailingCalls, Fault, Lasts, ShortWrites
from support.fakes import a_clip, a_segment

SEGMENTS = [a_segment(1), a_segment(2)]
CONTENT = b"whole"
# A reserve is a convenience, cutting and closing come after the facts, and a lease may stay behind.
HARMLESS = {"reserve", "ftruncate", "close", "unlink"}
FULL = {errno.ENOSPC, errno.EDQUOT}


async def _run(root: Path, files: FailingCalls, acknowledged: list[Event]) -> None:
    """What a run asks of the disk, in its order; events are noted once they are acknowledged."""
    folder = journal_of(root)
    make_folders(folder, root.parent, files)
    with JournalLock.acquire(folder, WHOLE, Means(files=files)) as lock:
        replayed = replay(folder)
        journal = RunJournal(folder, files=files)
        try:
            await journal.start(header(), replayed.last_seq + 1)
            if not replayed.ledger.sources:
                await _append(journal, SourceAdded(SOURCE), acknowledged)
            for line, segment in enumerate(SEGMENTS, 4):
                if replayed.ledger.state_of(segment.key) is not RowState.STORED:
                    await _store(root, journal, files, line, acknowledged)
            lock.beat(journal.name)
            await _append(journal, RunEnded(1, "finished"), acknowledged)
        finally:
            await journal.close()
        replace_file(root / layout.MANIFEST, [CONTENT], files)


async def _store(
    root: Path, journal: RunJournal, files: FailingCalls, line: int, acknowledged: list[Event]
) -> None:
    segment = SEGMENTS[line - 4]
    journal.note(rows_of(SEGMENTS)[line - 4])
    part = root / segment.key
    part.write_bytes(CONTENT)
    publish(part, root / layout.clip_path(segment, "flac"), root, files)
    await _append(journal, ClipStored(segment.key, RowRef(0, line), 0, 1, 5, a_clip()), acknowledged)


async def _append(journal: RunJournal, event: Event, acknowledged: list[Event]) -> None:
    await journal.append(event)
    acknowledged.append(event)


def _check(root: Path, acknowledged: list[Event]) -> None:
    replayed = replay(journal_of(root))
    assert not replayed.damage
    for segment in SEGMENTS:
        if replayed.ledger.state_of(segment.key) is RowState.STORED:
            assert (root / layout.clip_path(segment, "flac")).read_bytes() == CONTENT
    for event in acknowledged:
        if isinstance(event, ClipStored):
            assert replayed.ledger.state_of(event.key) is RowState.STORED
        elif isinstance(event, SourceAdded):
            assert replayed.ledger.sources == [SOURCE]


async def _fault_of_a_run(root: Path, files: FailingCalls, acknowledged: list[Event]) -> AsyncdlError | None:
    try:
        await _run(root, files, acknowledged)
    except AsyncdlError as fault:
        return fault
    return None


async def _calls_of_a_good_run(folder: Path) -> int:
    files = FailingCalls()
    await _run(folder / "good", files, [])
    return files.count


@pytest.mark.parametrize("lasts", Lasts)
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
async def test_a_disk_that_fails_at_any_call_loses_nothing_and_lies_about_nothing(
    tmp_path: Path, error: int, lasts: Lasts
) -> None:
    calls = await _calls_of_a_good_run(tmp_path)
    stopped = 0
    for number in range(1, calls + 1):
        root, acknowledged = tmp_path / f"{number}", list[Event]()
        files = FailingCalls(Fault(number, error, lasts))
        fault = await _fault_of_a_run(root, files, acknowledged)
        if fault is None:
            assert set(files.failed) <= HARMLESS, (number, files.failed)
        else:
            stopped += 1
            assert fault.exit_code is (ExitCode.DISK_FULL if error in FULL else ExitCode.ENVIRONMENT)
            assert str(root.parent) in str(fault)
        assert not files.synced_again, number
        if root.exists():
            _check(root, acknowledged)
        await _run(root, FailingCalls(), acknowledged)
        _check(root, acknowledged)
        assert replay(journal_of(root)).ledger.counts().stored == len(SEGMENTS)
    assert stopped > calls // 2


async def test_a_full_quota_is_a_full_disk_in_write_and_in_sync(tmp_path: Path) -> None:
    calls = await _calls_of_a_good_run(tmp_path)
    seen = set()
    for number in range(1, calls + 1):
        files = FailingCalls(Fault(number, errno.EDQUOT, Lasts.FOR_EVER))
        with suppress(AsyncdlError):
            await _run(tmp_path / f"{number}", files, [])
            continue
        seen.add(files.failed[0])
    assert {"write", "fsync", "fdatasync", "rename", "mkdir"} <= seen


async def test_short_writes_are_written_to_their_end(tmp_path: Path) -> None:
    acknowledged: list[Event] = []
    await _run(tmp_path / "out", ShortWrites(), acknowledged)
    _check(tmp_path / "out", acknowledged)
    assert replay(journal_of(tmp_path / "out")).ledger.counts().stored == len(SEGMENTS)


async def test_a_write_that_breaks_off_leaves_no_torn_line_behind(tmp_path: Path) -> None:
    calls = await _calls_of_a_good_run(tmp_path)
    for number in range(1, calls + 1):
        root = tmp_path / f"{number}"
        with suppress(AsyncdlError):
            await _run(root, FailingCalls(Fault(number, errno.ENOSPC, Lasts.ONCE)), [])
        for name in run_file_names(journal_of(root)):
            with open_run_file(journal_of(root) / name) as stream:
                content = stream.read()
                assert not content or content.endswith(b"}\n"), (number, name)
