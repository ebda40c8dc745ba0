"""Has the shards of an export made by worker processes, a shard at a time each."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from asyncdl.errors import AsyncdlError, DiskFull, EnvironmentFault, ExitCode, JournalFault, UsageError
from asyncdl.runtime.process import RUN_ID_VARIABLE, end_group, exit_of, shielded, start_child

_PROGRAM = "asyncdl.app.export_worker"
_FAULTS: dict[int, type[AsyncdlError]] = {
    ExitCode.USAGE: UsageError,
    ExitCode.JOURNAL: JournalFault,
    ExitCode.DISK_FULL: DiskFull,
}
# Each worker is one core's; libraries that start a thread per core would only get in each other's way.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_STOPPED = "The export was stopped."


@dataclass(frozen=True, slots=True)
class Hearing:
    """Whom to tell of clips done and of shards published with so many clips left out; when to stop."""

    on_clips: Callable[[int], None]
    on_shard: Callable[[int], None]
    is_draining: Callable[[], bool]


async def make_shards(job: Path, numbers: Iterator[int], jobs: int, run_id: str, hearing: Hearing) -> None:
    """Return when all shards are published, or those at hand once ``hearing.is_draining`` answers true.

    Raises what stopped a worker, once the others are at their end; what they have published stays.
    """
    faults: list[AsyncdlError] = []

    async def work() -> None:
        try:
            await _work(job, numbers, run_id, hearing, faults)
        except AsyncdlError as fault:
            faults.append(fault)

    async with asyncio.TaskGroup() as group:
        for _ in range(jobs):
            group.create_task(work())
    if faults:
        raise faults[0]


async def _work(
    job: Path, numbers: Iterator[int], run_id: str, hearing: Hearing, faults: list[AsyncdlError]
) -> None:
    """Start one worker, and give it one number after the other."""
    process: Process | None = None
    try:
        while not hearing.is_draining() and not faults and (number := next(numbers, None)) is not None:
            process = process or await _start(job, run_id)
            await _make(process, number, hearing)
        if process is not None and process.stdin is not None:
            process.stdin.close()
            await exit_of(process)
    finally:
        if process is not None:
            await shielded(end_group(process, grace_s=0))


async def _start(job: Path, run_id: str) -> Process:
    argv = [sys.executable, "-P", "-m", _PROGRAM, str(job)]
    env = {**os.environ, **_ONE_THREAD, RUN_ID_VARIABLE: run_id}
    return await start_child(argv, env=env, stdin=PIPE, stdout=PIPE, stderr=None)


async def _make(process: Process, number: int, hearing: Hearing) -> None:
    assert process.stdin is not None  # noqa: S101 - both were asked for
    assert process.stdout is not None  # noqa: S101 - as above
    with suppress(ConnectionError):  # its last words, or its end, say why
        process.stdin.write(b"%d\n" % number)
        await process.stdin.drain()
    while line := await process.stdout.readline():
        told = orjson.loads(line)
        if "clips" in told:
            hearing.on_clips(told["clips"])
        elif "shard" in told:
            hearing.on_shard(told["left_out"])
            return
        else:
            raise _FAULTS.get(told["exit_code"], EnvironmentFault)(told["fault"], mend=told["mend"])
    raise _ended(await exit_of(process))


def _ended(code: int) -> AsyncdlError:
    if code < 0:
        return EnvironmentFault(
            f"a worker of the export was ended by {signal.Signals(-code).name}",
            mend="It may have been for want of memory: --jobs 1 needs less. What is published stays, and the"
            " same command goes on.",
        )
    return AsyncdlError(f"a worker of the export ended with code {code}; what it said stands above")
