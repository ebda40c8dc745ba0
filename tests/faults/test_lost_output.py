"""Nobody reads what is printed: a frozen or closed terminal, a full device, a reader that left early."""

from __future__ import annotations

import asyncio
import os

import pytest

from support.bench import Bench, ytids
from support.datasets import rows_of, write_run
from support.fakes import a_segment
from support.invariants import check_invariants
from support.witness import Witness


async def test_a_terminal_frozen_from_the_start_does_not_hold_up_a_run(bench: Bench) -> None:
    rows = bench.write_list(ytids(6))
    witness = Witness.of(bench, rows)
    ours, theirs = os.openpty()
    try:
        process = await bench.start(
            "run", rows, "--json", stderr=theirs, TERM="xterm", COLUMNS="20", LINES="5"
        )
        async with asyncio.timeout(60):
            ended = await bench.ended(process)
        assert ended.code == 0
        assert ended.json()["stored"] == 6
        assert check_invariants(bench.out, witness).failed == 0
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.slow
async def test_a_terminal_closed_midway_does_not_end_a_run(bench: Bench) -> None:
    rows = bench.write_list(ytids(6))
    ours, theirs = os.openpty()
    process = await bench.start("run", rows, "--json", stderr=theirs, TERM="xterm")
    os.close(theirs)
    await asyncio.to_thread(os.read, ours, 1)
    os.close(ours)
    ended = await bench.ended(process)
    assert (ended.code, ended.json()["stored"]) == (0, 6)


@pytest.mark.parametrize(
    ("script", "code"), [('"$@" > /dev/full', 4), ('"$@" >&-', 4), ('"$@" | true; "$@"', 0)]
)
async def test_lost_results_are_an_error_and_a_reader_that_left_is_none(
    bench: Bench, script: str, code: int
) -> None:
    await write_run(bench.out, rows_of([a_segment(1)]), [])
    ended = await bench.script(f"{script}; exit $?", "status", "--json")
    assert ended.code == code, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ("could not be written to stdout" in ended.stderr) is bool(code)


@pytest.mark.parametrize("nowhere", ["2> /dev/full", pytest.param("2>&- 0>&-", marks=pytest.mark.slow)])
async def test_messages_that_nobody_can_be_told_do_not_end_a_run(bench: Bench, nowhere: str) -> None:
    ended = await bench.script(f'"$@" {nowhere}', "run", bench.write_list(["private____"]), "--json")
    assert ended.code == 0
    assert ended.json()["failed"] == {"private": 1}
