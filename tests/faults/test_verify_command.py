"""How verify behaves: what it asks for, tells and leaves alone, and how it is stopped."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from asyncdl.cli.verify import _depth
from asyncdl.core.soundness import Depth
from asyncdl.errors import EnvironmentFault, ExitCode, JournalLocked, UsageError
from asyncdl.runtime.dataset import open_for_writing
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from support.bench import Bench, Ended
from support.stored_clips import path_of, store_clips, write_sound
from support.verified import examine, run_files, tree


async def test_a_dry_run_asks_for_no_lock_and_writes_nothing(tmp_path: Path) -> None:
    chosen = await store_clips(tmp_path, 2)
    path_of(tmp_path, chosen[0]).unlink()
    held = await asyncio.to_thread(open_for_writing, tmp_path, "another run")
    try:
        before = tree(tmp_path)
        report, _ = await examine(tmp_path, writes=False)
        assert report.exit_code is ExitCode.RETRYABLE_LEFT
        assert tree(tmp_path) == before
        with pytest.raises(JournalLocked):
            await examine(tmp_path)
    finally:
        held.close()


async def test_foreign_files_are_named_by_kind_left_alone_and_change_no_exit_code(tmp_path: Path) -> None:
    chosen = await store_clips(tmp_path, 2, kept=[0], unfetched=2)
    unrecorded = path_of(tmp_path, chosen[2])
    write_sound(unrecorded, 1)
    unrecorded.with_name(f"{chosen[2].key}.source.webm").write_bytes(b"source")
    folder = unrecorded.parent
    (folder / "notes.txt").write_text("mine")
    (folder / f"{chosen[1].key}.wav").write_text("another format")
    (folder / "x.part").write_text("")
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    (tmp_path / "clips/mine/deep").mkdir(parents=True)
    (tmp_path / "clips/mine/deep/a.mp3").write_text("")
    (tmp_path / "clips/linked").symlink_to(tmp_path)
    (tmp_path / os.fsdecode(b"clips/bad\xff\x1b[2J")).write_text("")
    (tmp_path / ".manifest.jsonl.0123abcd.part").write_text("")
    before = tree(tmp_path)
    report, told = await examine(tmp_path, writes=False)
    assert report.exit_code is ExitCode.DONE
    assert tree(tmp_path) == before
    place = str(folder.relative_to(tmp_path))
    assert {one["path"]: one["kind"] for one in told} == {
        str(unrecorded.relative_to(tmp_path)): "unrecorded_clip",
        f"{place}/{chosen[2].key}.source.webm": "unrecorded_clip",
        f"{place}/notes.txt": "file",
        f"{place}/{chosen[1].key}.wav": "file",
        f"{place}/x.part": "part",
        f"{place}/link": "link",
        f"{place}/pipe": "other",
        "clips/mine": "folder",
        "clips/mine/deep": "folder",
        "clips/mine/deep/a.mp3": "file",
        "clips/linked": "link",
        "clips/bad\\xff\x1b[2J": "file",
        ".manifest.jsonl.0123abcd.part": "part",
    }


async def test_no_ffmpeg_is_a_fault_before_anything_is_judged(tmp_path: Path) -> None:
    chosen = await store_clips(tmp_path, 1)
    path_of(tmp_path, chosen[0]).unlink()
    with pytest.raises(EnvironmentFault, match="/nowhere/ffmpeg"):
        await examine(tmp_path, depth=Depth.DECODE, ffmpeg="/nowhere/ffmpeg")
    assert replay(journal_of(tmp_path)).ledger.counts().stored == 1
    report, _ = await examine(tmp_path, depth=Depth.CHECKSUM, ffmpeg="/nowhere/ffmpeg")
    assert report.exit_code is ExitCode.RETRYABLE_LEFT


def test_two_depths_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match="--quick and --checksum"):
        _depth(quick=True, checksum=True)


_SLOW_INSPECTION = """
import sys, time
from asyncdl.cli import main
from asyncdl.runtime.inspecting import Inspector
whole = Inspector.inspect
def slow(self, claim):
    time.sleep(0.02)
    return whole(self, claim)
Inspector.inspect = slow
main(sys.argv[1:])
"""


async def test_after_ctrl_c_what_was_found_is_written_down(bench: Bench) -> None:
    chosen = await store_clips(bench.out, 200)
    for segment in chosen:
        path_of(bench.out, segment).unlink()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SLOW_INSPECTION, "verify", "--checksum", "--jobs", "1", "--json"),
        cwd=bench.folder,
        stdout=PIPE,
        stderr=PIPE,
    )
    files = len(run_files(bench.out))
    while len(run_files(bench.out)) == files:
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, stderr = await process.communicate()
    ended = Ended(process.returncode or 0, stdout.decode(), stderr.decode())
    assert ended.code == ExitCode.INTERRUPTED, ended.stderr
    told = ended.json()
    assert 0 < told["reopened"] == told["lost"] == len(told["findings"]) < 200
    assert not told["complete"]
    assert replay(journal_of(bench.out)).ledger.counts().open == told["reopened"]
    rest, _ = await examine(bench.out, depth=Depth.SIZE)
    assert rest.tallies.reopened == 200 - told["reopened"]


async def test_a_log_gets_plain_lines_and_the_result_goes_to_stdout(bench: Bench) -> None:
    chosen = await store_clips(bench.out, 30)
    for segment in chosen[:25]:
        path_of(bench.out, segment).unlink()
    ended = await bench.command("verify", "--quick")
    assert ended.code == ExitCode.RETRYABLE_LEFT
    assert re.fullmatch(
        r"\[0:\d\d\] 30 of 30 clips \(100\.0 %\) · [\d,]+ clips/s · 25 lost\n", ended.stderr
    ), ended.stderr
    assert "5 of 30 clips are whole" in ended.stdout
    assert ended.stdout.count(": missing: ") == 20
    assert "and 5 more" in ended.stdout
    assert "asyncdl run" in ended.stdout
    assert "\x1b" not in ended.stdout + ended.stderr
