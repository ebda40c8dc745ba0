"""The log: one line per fact, whole and without secrets; its disk never holds up a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from asyncdl.core.events import AttemptFailed, ClipLost, ClipStored, GaveUp
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure, RowRef
from asyncdl.runtime.runlog import RunLog, line_of
from support.fakes import a_clip, a_segment

KEY = a_segment(1).key
STORED = ClipStored(KEY, RowRef(0, 4), 0, 2, 0, a_clip(2345))
FAILURE = Failure(FailureKind.NETWORK, "http_5xx", "ERROR: HTTP Error 503")


def _failed(text: str) -> AttemptFailed:
    return AttemptFailed(KEY, RowRef(0, 4), 0, 1, 0, replace(FAILURE, text=text))


def test_a_stored_clip_is_told_with_its_attempt_size_and_format() -> None:
    assert line_of(STORED) == f"stored {KEY} attempt 2: 2345 bytes, format 140"


def test_what_is_odd_about_a_clip_is_told_too() -> None:
    clip = replace(STORED.clip, whole_file=True, padded_samples=44_100, is_silent=True)
    told = line_of(replace(STORED, clip=clip))
    assert told.endswith("(whole file read, 44100 samples of silence added at the video's end, silent)")


def test_a_try_and_the_last_try_are_told_apart_with_kind_code_and_text() -> None:
    tried = _failed("ERROR: HTTP Error 503")
    last = GaveUp(KEY, RowRef(0, 4), 0, 4, 0, FAILURE)
    assert line_of(tried) == f"failed {KEY} attempt 1: network/http_5xx: ERROR: HTTP Error 503"
    assert line_of(last) == f"gave up {KEY} attempt 4: network/http_5xx: ERROR: HTTP Error 503"


def test_other_facts_are_told_by_their_name() -> None:
    assert line_of(ClipLost(KEY, 0, 0, "gone")) == f"ClipLost {KEY}"


def test_secrets_are_taken_out() -> None:
    assert "hunter2" not in line_of(_failed("cannot reach http://user:hunter2@proxy.example.org:8080"))


async def test_each_fact_is_one_line_that_begins_with_its_time(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.log")
    await log.start()
    log.tell(STORED)
    log.tell(_failed("first\nsecond\r\nC:\\third"))
    await log.close()
    first, second = (tmp_path / "run.log").read_text().splitlines()
    for line in (first, second):
        assert datetime.fromisoformat(line.split(" ", 1)[0]).tzinfo is not None
    assert first.endswith(line_of(STORED))
    assert second.endswith(r"first\nsecond\r\nC:\\third")


async def test_lines_of_a_later_run_are_added_below(tmp_path: Path) -> None:
    for text in ("one", "two"):
        log = RunLog(tmp_path / "run.log")
        await log.start()
        log.write(text)
        await log.close()
    told = (tmp_path / "run.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in told] == ["one", "two"]


async def test_nothing_is_lost_however_many_come_at_once(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.log")
    await log.start()
    for number in range(5000):
        log.write(str(number))
    await log.close()
    told = (tmp_path / "run.log").read_text().splitlines()
    assert [int(line.split(" ", 1)[1]) for line in told] == list(range(5000))


async def test_text_that_is_no_unicode_is_written_all_the_same(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.log")
    await log.start()
    log.write("half a pair \ud800 and é")
    await log.close()
    assert log.fault is None
    assert (tmp_path / "run.log").read_text(encoding="utf-8").endswith("half a pair \\ud800 and é\n")


async def test_a_file_that_cannot_be_opened_is_told_at_the_start(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "nowhere" / "run.log")
    with pytest.raises(FileNotFoundError):
        await log.start()
    await log.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_a_full_disk_ends_the_log_and_not_the_run() -> None:
    log = RunLog(Path("/dev/full"))
    await log.start()
    log.tell(STORED)
    await log.close()
    assert log.fault is not None
