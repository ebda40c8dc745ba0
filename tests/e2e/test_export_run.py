"""``asyncdl export`` after a run, and what a kill or a signal does to it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from asyncdl.exporting.steps import STATE
from support.bench import Bench, Ended, ytids
from support.children import children_of, until
from support.exports import Sounding, files_of, make_data_set, stored_clips

MANY = Sounding(count=40, seconds=2.0, splits=("eval",))


async def start(folder: Path, *arguments: str) -> Process:
    argv = [sys.executable, "-m", "asyncdl", *arguments]
    return await asyncio.create_subprocess_exec(*argv, cwd=folder, stdout=PIPE, stderr=PIPE)


async def ended(process: Process) -> Ended:
    stdout, stderr = await process.communicate()
    return Ended(process.returncode or 0, stdout.decode(), stderr.decode())


async def command(folder: Path, *arguments: str) -> Ended:
    return await ended(await start(folder, *arguments))


def receipts(target: Path) -> list[Path]:
    """Those that vouch for a shard: one that is being made has a receipt without a digest."""
    found = (target / STATE / "receipts").glob("*.json")
    return [path for path in found if json.loads(path.read_bytes())["digest"]]


async def test_what_a_run_has_stored_becomes_shards_a_manifest_and_a_card(bench: Bench) -> None:
    rows = bench.write_list([*ytids(3), "private____"])
    await bench.run(rows)
    done = await bench.command("export", "webdataset", "--json")
    assert done.code == 0, done.stderr
    told = done.json()
    assert told["splits"] == {"eval_segments": 3}
    assert (bench.out / "exports" / "webdataset" / "eval_segments" / "sizes.json").read_text().count("3") == 1
    card = (bench.out / "exports" / "webdataset" / "README.md").read_text()
    assert "| eval_segments | 4 | 3 | 75.0 % |" in card
    assert "| private |" in card
    again = await bench.command("export", "nemo")
    assert again.code == 0
    assert "3 clips as nemo" in again.stdout
    lines = [json.loads(line) for line in (bench.out / "manifest.jsonl").read_text().splitlines()]
    assert {line["sha256"] for line in lines} == {clip.clip.sha256 for clip in stored_clips(bench.out)}


async def test_killed_with_all_its_workers_it_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    await make_data_set(tmp_path / "audioset", MANY)
    options = ("export", "webdataset", "--max-shard-size", "500k", "--quiet")
    assert (await command(tmp_path, *options, "--to", "whole")).code == 0
    process = await start(tmp_path, *options, "--to", "out")
    await until(lambda: len(receipts(tmp_path / "out")) > 1)
    process.kill()
    await process.communicate()
    await until(lambda: not children_of(tmp_path))
    published = len(receipts(tmp_path / "out"))
    done = await command(tmp_path, *options, "--to", "out", "--json")
    assert done.code == 0
    assert done.json()["kept_shards"] == published < done.json()["shards"]
    assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")


async def test_the_first_signal_lets_the_shards_at_hand_be_finished(tmp_path: Path) -> None:
    await make_data_set(tmp_path / "audioset", MANY)
    options = ("export", "webdataset", "--max-shard-size", "500k", "--to", "out")
    process = await start(tmp_path, *options)
    await until(lambda: receipts(tmp_path / "out"))
    process.send_signal(signal.SIGINT)
    stopped = await ended(process)
    assert stopped.code == 130
    assert "the same command goes on" in stopped.stdout
    assert not children_of(tmp_path)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.name.endswith(".part")]
    assert (await command(tmp_path, *options)).code == 0


async def test_a_worker_that_is_killed_ends_the_export_with_words_and_harms_nothing(tmp_path: Path) -> None:
    await make_data_set(tmp_path / "audioset", MANY)
    options = ("export", "webdataset", "--max-shard-size", "500k", "--to", "out", "--quiet")
    process = await start(tmp_path, *options)
    await until(lambda: receipts(tmp_path / "out"))
    for pid in children_of(tmp_path):
        if b"export_worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    done = await ended(process)
    assert done.code == 4
    assert "a worker of the export was ended by SIGKILL" in done.stderr
    assert (await command(tmp_path, *options)).code == 0


async def test_an_empty_data_set_has_nothing_to_export(bench: Bench) -> None:
    await bench.run(bench.write_list(["private____"]))
    done = await bench.command("export", "nemo")
    assert done.code == 2
    assert "no clip to export yet" in done.stderr
