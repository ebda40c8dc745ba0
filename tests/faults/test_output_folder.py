"""The output folder cannot be written, or goes away under a run."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from asyncdl.demo.menu import Terms
from support.bench import Bench, ytids
from support.children import children_of, until
from support.invariants import check_invariants
from support.open_bench import OpenBench
from support.ordinary import WITHOUT_POWERS, modes_count
from support.witness import Witness

_NEEDS_MODES = pytest.mark.skipif(not modes_count(), reason="setpriv is not there, and root ignores modes")


def _nothing_there_yet(bench: Bench) -> Path:
    (bench.folder / "shelf").mkdir()
    return bench.folder / "shelf"


def _a_data_set(bench: Bench) -> Path:
    (bench.folder / "shelf" / "audioset" / "journal").mkdir(parents=True)
    return bench.folder / "shelf" / "audioset"


def _a_journal(bench: Bench) -> Path:
    return _a_data_set(bench) / "journal"


@_NEEDS_MODES
@pytest.mark.parametrize(
    "make", [_nothing_there_yet, _a_journal, pytest.param(_a_data_set, marks=pytest.mark.slow)]
)
async def test_a_read_only_folder_is_refused_before_the_first_fetch(
    bench: Bench, make: Callable[[Bench], Path]
) -> None:
    rows, folder = bench.write_list(ytids(2)), make(bench)
    folder.chmod(0o555)
    command = bench.argv("run", rows, "--out", "shelf/audioset", "--json")
    ended = await bench.ended(await bench.start_program([*WITHOUT_POWERS, *command]))
    assert ended.code == 4
    assert str(folder) in ended.stderr
    assert "Permission denied" in ended.stderr
    assert not bench.fetched()


@pytest.mark.parametrize("comes_back", [True, pytest.param(False, marks=pytest.mark.slow)])
async def test_a_folder_that_goes_away_stops_the_run_and_is_not_made_again(
    open_bench: OpenBench, comes_back: bool
) -> None:
    async with open_bench(terms=Terms(latency_s=0.1)) as bench:
        rows, away = bench.write_list(ytids(10)), bench.folder / "away"
        witness = Witness.of(bench, rows, may_appear=["away"])
        process = await bench.start("run", rows, "--concurrency", "2", "--json")
        await until(lambda: bench.fetched() >= 4, 60)
        bench.out.rename(away)
        if not comes_back:
            shutil.rmtree(away, ignore_errors=True)
        async with asyncio.timeout(30):
            ended = await bench.ended(process)
        assert ended.code == 4, ended.stderr
        assert ended.json()["failed_total"] == 0
        assert bench.fetched() <= 4 + 3 * 2
        assert not bench.out.exists()
        await until(lambda: not children_of(bench.folder))
        if comes_back:
            away.rename(bench.out)
        assert (await bench.command("run", rows, "--concurrency", "2", "--json")).code == 0
        if not comes_back:
            assert bench.fetched() <= 10 + 4 + 3 * 2
            witness = Witness(witness.folder, witness.lists, witness.stamps, witness.names, lambda: 10)
        found = check_invariants(bench.out, witness, crashes=1, concurrency=2)
        assert (found.stored, found.failed) == (10, 0)
