"""Power cuts of a real file system: what was acknowledged is there, what the journal calls stored is whole.

Root only, by hand: ``pytest -m root tests/faults/test_power_cut.py``; ASYNCDL_POWER_CUTS sets the rounds.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from asyncdl.core import layout
from asyncdl.errors import ExitCode
from asyncdl.runtime.replay import replay
from support.power_cut import (
    LoopDisk,
    Losses,
    last_words,
    loop_disk,
    losses,
    stored_clips,
    told_by,
    until,
    writer,
)
from support.power_cut_writer import Order

ROUNDS = int(os.environ.get("ASYNCDL_POWER_CUTS", "50"))
BROKEN_ROUNDS = max(2, ROUNDS // 5)

pytestmark = [pytest.mark.root, pytest.mark.timeout(1800)]


@pytest.fixture(autouse=True)
def _asked_for(request: pytest.FixtureRequest) -> None:
    if "root" not in request.config.getoption("-m"):
        pytest.skip("by hand, as root: -m root")


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LoopDisk]:
    if os.geteuid():
        pytest.skip("loop devices need root")
    try:
        with loop_disk(tmp_path, getattr(request, "param", 256)) as made:
            yield made
    except OSError as error:
        pytest.skip(f"no ext4 on a loop device here: {error}")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def told(figures: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n(acknowledged, lost, false, damaged) of {figures}\n")

    return told


def cut_once(disk: LoopDisk, order: Order, number: int) -> Losses:
    """Cut the power after some acknowledgements, mount again, and look; then a second run goes on."""
    root, told = disk.mount / f"set{number}", disk.image.with_name(f"told{number}")
    wanted = Random(number).randrange(1, 200)
    with writer(root, told, "--order", order) as process:
        until(lambda: process.poll() is not None or len(told_by(told)) >= wanted, "the writer is stuck")
        assert process.poll() is None, last_words(process)
        before_ns = disk.cut_power()
    disk.detach()
    disk.attach()
    lost = losses(root, told, before_ns)
    if order is Order.FULL:
        with writer(root, told, "--clips", "5") as process:
            assert process.wait(60) == ExitCode.DONE, last_words(process)
        assert replay(root / layout.JOURNAL).ledger.counts().stored >= lost.told + 5
    shutil.rmtree(root, ignore_errors=True)
    return lost


def test_a_power_cut_loses_nothing_that_was_acknowledged_and_leaves_no_false_clip(
    disk: LoopDisk, say: Callable[[str], None]
) -> None:
    results = [cut_once(disk, Order.FULL, number) for number in range(ROUNDS)]
    say(f"full: {_sum(results)} in {ROUNDS} cuts")
    assert sum(one.told for one in results) > 0
    assert _sum(results)[1:] == (0, 0, 0)


@pytest.mark.parametrize("order", [order for order in Order if order is not Order.FULL])
def test_a_wrong_order_is_found_by_power_cuts(
    disk: LoopDisk, order: Order, say: Callable[[str], None]
) -> None:
    results = [cut_once(disk, order, number) for number in range(BROKEN_ROUNDS)]
    say(f"{order}: {_sum(results)} in {BROKEN_ROUNDS} cuts")
    assert any(_sum(results)[1:])


def _sum(results: list[Losses]) -> tuple[int, int, int, int]:
    """Acknowledged, lost, false, damaged."""
    return (
        sum(one.told for one in results),
        sum(one.lost for one in results),
        sum(one.false for one in results),
        sum(one.damaged for one in results),
    )


@pytest.mark.parametrize("disk", [8], indirect=True)
def test_a_full_disk_stops_the_writer_by_name_and_it_goes_on_when_there_is_room(disk: LoopDisk) -> None:
    root, told = disk.mount / "set", disk.image.with_name("told")
    filler = disk.mount / "filler"
    filler.write_bytes(bytes(3 << 20))
    with writer(root, told) as process:
        assert process.wait(60) == ExitCode.DISK_FULL, last_words(process)
    before = {key for _, key in told_by(told)}
    assert before
    filler.unlink()
    shutil.rmtree(root / layout.PARTS)
    with writer(root, told, "--clips", "5") as process:
        assert process.wait(60) == ExitCode.DONE, last_words(process)
    after = losses(root, told, 1 << 62)
    assert (after.told, after.lost, after.false, after.damaged) == (len(before) + 5, 0, 0, 0)


def test_a_disk_that_turns_read_only_stops_the_writer_and_what_was_told_stays(disk: LoopDisk) -> None:
    root, told = disk.mount / "set", disk.image.with_name("told")
    with writer(root, told) as process:
        until(lambda: len(told_by(told)) >= 20, "the writer is stuck")
        disk.turn_read_only()
        assert process.wait(60) == ExitCode.ENVIRONMENT, last_words(process)
    disk.detach()
    disk.attach()
    after = losses(root, told, 1 << 62)
    assert after.told >= 20
    assert (after.lost, after.false, after.damaged) == (0, 0, 0)
    assert len(stored_clips(root)) >= after.told
