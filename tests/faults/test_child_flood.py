"""What children say is data: floods take no memory, and nothing of it is obeyed by a terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Failure
from asyncdl.errors import ExitCode
from asyncdl.runtime.process import run_child
from asyncdl.runtime.run_ffmpeg import run_ffmpeg
from asyncdl.runtime.tails import TAIL_BYTES
from support.bench import Bench, ytids
from support.invariants import check_invariants
from support.sources import FFMPEG
from support.witness import Witness

ENV = {"PATH": "/usr/bin:/bin"}
# Sets a title, colours, clears the screen; a lone surrogate, NUL, a text direction; then a line of 300 kB.
HOSTILE = (
    r"""[error] \033]0;owned\007\033[31mred\033[2J \355\240\200 nul\000nul \342\200\256 "quoted" \\ {json}"""
)
SPEAKER = rf"""#!/bin/sh
case "$*" in *-version*) echo 'ffmpeg version 9-test'; exit 0;; esac
head -c 300000 /dev/zero | tr '\0' 'y' >&2
printf '\n%b\n' '{HOSTILE}' >&2
exit 1
"""
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")


def _speaker(folder: Path) -> str:
    path = folder / "loud-ffmpeg"
    path.write_text(SPEAKER)
    path.chmod(0o755)
    return str(path)


def _peak_bytes() -> int:
    told = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", told)[0]) * 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


@pytest.mark.parametrize("megabytes", [200, pytest.param(1000, marks=pytest.mark.slow)])
async def test_a_flood_on_both_outputs_takes_no_memory(megabytes: int) -> None:
    script = f"head -c {megabytes}000000 /dev/zero & head -c {megabytes}000000 /dev/zero >&2; wait"
    _forget_peak()
    before = _peak_bytes()
    ended = await run_child(["/bin/sh", "-c", script], deadline_s=60, env=ENV)
    assert (ended.returncode, len(ended.stdout), len(ended.stderr)) == (0, TAIL_BYTES, TAIL_BYTES)
    assert _peak_bytes() - before < 8_000_000


async def test_a_childs_last_words_are_bounded_and_kept_as_text(tmp_path: Path) -> None:
    told = await run_ffmpeg(FFMPEG, [_speaker(tmp_path)], 20)
    assert isinstance(told, Failure)
    assert told.kind is FailureKind.TOOL_FAULT
    assert "red" in told.text
    assert len(told.text) <= TAIL_BYTES


async def test_hostile_words_reach_journal_log_and_screen_as_plain_data(bench: Bench) -> None:
    """A list of twenty fails alike: the storm's message quotes ffmpeg on the terminal."""
    rows = bench.write_list(ytids(20))
    witness = Witness.of(bench, rows, may_appear=["loud-ffmpeg", "run.log"])
    options = ("--concurrency", "4", "--ffmpeg", _speaker(bench.folder), "--log-file", "run.log")
    ended = await bench.command("run", rows, *options)
    assert ended.code == ExitCode.ENVIRONMENT
    log = (bench.folder / "run.log").read_text()
    assert "tool_fault/ffmpeg_failed" in log
    assert "red" in ended.stderr
    for text in (ended.stdout, ended.stderr, log):
        assert not _OBEYED.search(text.replace("\r", "")), ascii(text)
    found = check_invariants(bench.out, witness, may_be_open=20)
    assert (found.stored, found.failed) == (0, 0)
