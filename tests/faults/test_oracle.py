"""The oracle of the fault tests finds each invariant broken; else it would prove nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from asyncdl.core.events import ClipLost, RetryRequested
from asyncdl.runtime.process import end_group, start_child
from support.bench import Bench, ytids
from support.datasets import write_run
from support.invariants import check_invariants
from support.run_logs import Logged
from support.witness import Witness


def _clip(out: Path) -> Path:
    return min((out / "clips").rglob("*.flac"))


def _broken(out: Path, witness: Witness, word: str) -> None:
    with pytest.raises(AssertionError, match=f"^{word}: "):
        check_invariants(out, witness)


async def test_the_oracle_is_content_with_a_good_data_set_and_names_what_is_broken(bench: Bench) -> None:
    rows = bench.write_list([*ytids(2), "private____", "no id", ytids(1)[0]])
    witness = Witness.of(bench, rows)
    await bench.run(rows)
    found = check_invariants(bench.out, witness)
    assert (found.segments, found.stored, found.failed, found.fetches, found.fetched_again) == (3, 2, 1, 3, 0)

    clip, out = _clip(bench.out), bench.out
    whole = clip.read_bytes()
    clip.write_bytes(whole[:-1])
    _broken(out, witness, "I2")
    clip.unlink()
    _broken(out, witness, "I2")
    clip.write_bytes(whole)

    (out / ".manifest.jsonl.01234567.part").write_bytes(b"")
    _broken(out, witness, "I4")
    (out / ".manifest.jsonl.01234567.part").unlink()
    (clip.parent / "AAAAAAAAAAA_0_10000.flac").write_bytes(whole)
    _broken(out, witness, "I4")
    (clip.parent / "AAAAAAAAAAA_0_10000.flac").unlink()

    (bench.folder / "canary").touch()
    _broken(out, witness, "I7")
    witness = Witness.of(bench, rows)
    (bench.folder / "new").mkdir()
    _broken(out, witness, "I7")
    (bench.folder / "new").rmdir()

    with pytest.raises(AssertionError, match=r"^I5: 1 acknowledged"):
        check_invariants(out, witness, acknowledged=[RetryRequested("AAAAAAAAAAA_0_10000", 1, 5)])
    with pytest.raises(AssertionError, match=r"^I5: 1 acknowledged"):
        check_invariants(out, witness, acknowledged=[Logged("stored", "AAAAAAAAAAA_0_10000", 1)])
    await bench.run(bench.write_list(["unrecorded_"], "other.csv"))
    _broken(out, witness, "I1")
    witness = Witness.of(bench, rows, str(bench.folder / "other.csv"))
    check_invariants(out, witness)


async def test_the_oracle_finds_fetches_without_a_reason_open_segments_and_processes(bench: Bench) -> None:
    rows = bench.write_list(ytids(2))
    witness = Witness.of(bench, rows)
    await bench.run(rows)
    await bench.run(rows, overwrite=True)
    check_invariants(bench.out, witness)
    uncounted = Witness.around(bench.folder, [rows], lambda: 5)
    _broken(bench.out, uncounted, "I3")
    check_invariants(bench.out, uncounted, crashes=1, concurrency=1)
    left = await start_child(
        [sys.executable, "-c", "import time; time.sleep(99)"],
        env={**os.environ, "ASYNCDL_RUN_ID": "left.1.1.1"},
        cwd=str(bench.out),
    )
    _broken(bench.out, witness, "I4")
    await end_group(left, grace_s=0)
    await write_run(bench.out, [], [ClipLost(f"{ytids(1)[0]}_30000_40000", 9, 0, "a test")])
    _broken(bench.out, witness, "I1")
