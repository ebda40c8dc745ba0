"""How clips are re-read: when it stops, who is blamed, and who waits for whom."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from asyncdl.core.model import Clip
from asyncdl.core.soundness import Depth, Finding, Problem
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime import verifying
from asyncdl.runtime.inspecting import Claim
from asyncdl.runtime.verifying import Terms, Verified, verify_clips
from support.claims import NAME, look, recorded
from support.stored_clips import SPEC


@pytest.mark.parametrize(
    ("number", "problem"), [(errno.EACCES, Problem.UNREADABLE), (errno.EPERM, Problem.UNREADABLE)]
)
async def test_a_clip_that_may_not_be_read_is_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, problem: Problem
) -> None:
    claim = recorded(tmp_path)
    monkeypatch.setattr(os, "open", failing(number))
    (finding,) = (await look(tmp_path, [claim], Depth.CHECKSUM))[0]
    assert finding.problem is problem
    assert problem.is_unjudged
    assert not problem.is_lost


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENOTCONN])
async def test_a_sick_disk_stops_all_and_loses_no_clip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """What was found before the fault is told all the same."""
    names = [NAME.replace("Clip0000000", f"Clip000000{number}") for number in range(3)]
    claims = [recorded(tmp_path, name) for name in names]
    (tmp_path / names[0]).unlink()
    found: list[Finding] = []

    async def on_findings(findings: Sequence[Finding]) -> None:
        found.extend(findings)

    monkeypatch.setattr(os, "open", failing(number))
    with pytest.raises(EnvironmentFault, match=r"reading .*Clip0000001.*"):
        await verify_clips(tmp_path, SPEC, iter(claims), Terms(Depth.CHECKSUM, 1), on_findings)
    assert [one.problem for one in found] == [Problem.MISSING]


def failing(number: int) -> Callable[..., int]:
    def failing_open(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return failing_open


async def test_a_decoder_that_takes_offence_at_most_files_is_blamed_itself(tmp_path: Path) -> None:
    claims = []
    for number in range(40):
        claim = recorded(tmp_path, NAME.replace("0000000_", f"{number:07d}_"), number)
        claims.append(replace(claim, clip=replace(claim.clip, samples=1)))
    with pytest.raises(EnvironmentFault, match="to the bit as recorded"):
        await look(tmp_path, claims, Depth.DECODE)


async def test_rows_are_drawn_as_they_are_needed_and_never_by_two_threads_at_once(tmp_path: Path) -> None:
    claim = recorded(tmp_path)
    drawn = 0
    inside = False
    most_ahead = 0
    verified = Verified()

    def claims() -> Iterator[Claim]:
        nonlocal drawn, inside, most_ahead
        for _ in range(400):
            assert not inside
            inside = True
            time.sleep(0)
            drawn += 1
            most_ahead = max(most_ahead, drawn - verified.clips)
            inside = False
            yield claim

    def on_progress(now: Verified) -> None:
        nonlocal verified
        verified = now

    async def on_findings(findings: Sequence[Finding]) -> None:
        raise AssertionError(findings)

    terms = Terms(Depth.CHECKSUM, 4, on_progress=on_progress)
    done = await verify_clips(tmp_path, SPEC, claims(), terms, on_findings)
    assert (done.clips, drawn) == (400, 400)
    assert most_ahead <= 5 * 16


async def test_stopping_finishes_what_is_under_way_and_begins_no_more(tmp_path: Path) -> None:
    claim = recorded(tmp_path)
    asked = 0

    def is_stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    async def on_findings(findings: Sequence[Finding]) -> None:
        raise AssertionError(findings)

    terms = Terms(Depth.CHECKSUM, 1, is_stopping=is_stopping)
    done = await verify_clips(tmp_path, SPEC, iter([claim] * 400), terms, on_findings)
    assert done.clips == 3 * verifying._BATCH[Depth.CHECKSUM]


async def test_findings_wait_for_whoever_writes_them_down(tmp_path: Path) -> None:
    """A slow disk under the journal slows the reading; nothing piles up."""
    clip = Clip(1, "0" * 64, 1, 1, 1, 0, False, "140", None, False, "")
    claims = (Claim(f"k{number}", 0, NAME, clip) for number in range(64))
    at_once = most = 0

    async def on_findings(findings: Sequence[Finding]) -> None:
        nonlocal at_once, most
        assert len(findings) <= 16
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1

    await verify_clips(tmp_path, SPEC, claims, Terms(Depth.CHECKSUM, 2), on_findings)
    assert most <= 2
