"""The stand-in in a process of its own: ready file, log, options, end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import requests

from asyncdl.demo.program import READY


@asynccontextmanager
async def _program(
    folder: Path, masters_folder: Path, *options: str
) -> AsyncIterator[tuple[Process, dict[str, object]]]:
    argv = ("-m", "asyncdl.demo.site", "--folder", str(folder), "--masters", str(masters_folder), *options)
    process = await asyncio.create_subprocess_exec(sys.executable, *argv, stdin=PIPE, env=os.environ)
    try:
        async with asyncio.timeout(60):
            while not (folder / READY).exists():
                assert process.returncode is None
                await asyncio.sleep(0.02)
        yield process, json.loads((folder / READY).read_bytes())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _status(ready: dict[str, object], video_id: str) -> str:
    body = {"videoId": video_id, "context": {"client": {"clientName": "TEST"}}}
    url = f"https://{ready['player_host']}/youtubei/v1/player"
    with requests.post(url, json=body, timeout=30, verify=str(ready["ca_file"])) as answer:
        return str(answer.json()["playabilityStatus"]["status"])


async def test_it_announces_itself_serves_logs_and_ends_on_term(tmp_path: Path, masters_folder: Path) -> None:
    log = tmp_path / "requests.jsonl"
    options = (
        "--log",
        str(log),
        "--ids",
        '{"aaaaaaaaaaa": "private"}',
        "--shares",
        '{"terms": 1.0}',
        "--latency-ms",
        "1",
    )
    async with _program(tmp_path, masters_folder, *options) as (process, ready):
        assert ready["pid"] == process.pid
        ids = ("aaaaaaaaaaa", "bbbbbbbbbbb", "minimal____")
        statuses = [await asyncio.to_thread(_status, ready, video_id) for video_id in ids]
        assert statuses == ["LOGIN_REQUIRED", "ERROR", "OK"]
        assert [json.loads(line)["video_id"] for line in log.read_text().splitlines()] == list(ids)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_it_ends_with_its_parents_pipe_and_keeps_a_budget(tmp_path: Path, masters_folder: Path) -> None:
    options = ("--until-eof", "--budget", "1", "--pause-s", "60")
    async with _program(tmp_path, masters_folder, *options) as (process, ready):
        statuses = [await asyncio.to_thread(_status, ready, "aaaaaaaaaaa") for _ in range(2)]
        assert statuses == ["OK", "UNPLAYABLE"]
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0


@pytest.mark.parametrize(
    "options", [("--shares", "[]"), ("--shares", '{"nonsense": 0.1}'), ("--shares", "{")]
)
async def test_options_that_mean_nothing_are_refused(tmp_path: Path, options: tuple[str, str]) -> None:
    argv = ("-m", "asyncdl.demo.site", "--folder", str(tmp_path), *options)
    process = await asyncio.create_subprocess_exec(sys.executable, *argv, stderr=PIPE)
    _, said = await process.communicate()
    assert process.returncode == 2
    assert b"--shares" in said
