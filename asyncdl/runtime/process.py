"""The one door for children: own process group, stdin closed, bounded drains, deadline, nothing left behind.

A deadline is total. Whatever ends the wait, the child's whole group is ended too: TERM, a grace, KILL.
Every child carries ``ASYNCDL_RUN_ID`` so that whatever survives a killed program can be found and ended.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

RUN_ID_VARIABLE = "ASYNCDL_RUN_ID"
TAIL_BYTES = 64 * 1024
_DRAIN_S = 2.0
_GRACE_S = 1.0
_POLL_S = 0.01
_START_TRIES = 20
_START_PAUSE_S = 0.25
_SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM})


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended; of each output the last 64 KiB."""

    returncode: int
    stdout: bytes
    stderr: bytes
    timed_out: bool

    @property
    def error_text(self) -> str:
        """What it said on stderr, decoded for people."""
        return self.stderr.decode("utf-8", errors="replace").strip()


async def run_child(
    argv: Sequence[str], *, deadline_s: float, env: Mapping[str, str], cwd: str | None = None
) -> Finished:
    """Run ``argv`` to its end, or end its group at the deadline.

    Raises ``OSError`` when the program cannot be started.
    """
    process = await start_child(argv, env=env, cwd=cwd, stdout=PIPE)
    drains = _Drains(process)
    timed_out = False
    try:
        try:
            async with asyncio.timeout(deadline_s):
                await exit_of(process)
                await drains.settle(_DRAIN_S)
        except TimeoutError:
            timed_out = True
    finally:
        await shielded(end_group(process))
        await shielded(drains.stop())
    return Finished(process.returncode or 0, drains.stdout, drains.stderr, timed_out)


async def start_child(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | None = None,
    stdin: int = DEVNULL,
    stdout: int | None = DEVNULL,
    stderr: int | None = PIPE,
    pass_fds: Sequence[int] = (),
) -> Process:
    """Start a child in a session of its own; where descriptors or processes are scarce, try again later."""
    for tries_left in reversed(range(_START_TRIES)):
        try:
            return await asyncio.create_subprocess_exec(
                *argv,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        except OSError as error:
            if error.errno not in _SCARCE or not tries_left:
                raise
            await asyncio.sleep(_START_PAUSE_S)
    raise AssertionError


async def exit_of(process: Process) -> int:
    """Wait for the leader alone: ``Process.wait`` would also wait for whoever else holds its pipes."""
    while process.returncode is None:  # noqa: ASYNC110 - no event tells of the leader alone
        await asyncio.sleep(_POLL_S)
    return process.returncode


async def end_group(process: Process, *, grace_s: float = _GRACE_S) -> None:
    """Leave nothing of the child's group: TERM and a grace if the leader still runs, then KILL."""
    if process.returncode is None:
        signal_group(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await exit_of(process)
    signal_group(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_S):
            await exit_of(process)


def signal_group(group: int, number: signal.Signals) -> None:
    """Signal a process group that may be gone already."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


async def shielded(work: Coroutine[object, object, None]) -> None:
    """Finish ``work`` even when the caller is cancelled, also repeatedly; then let the cancellation go on."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


class _Drains:
    """Reads both pipes to their end and keeps the tails: a flood blocks no child and fills no memory."""

    def __init__(self, process: Process) -> None:
        self._tails = (bytearray(), bytearray())
        streams = (process.stdout, process.stderr)
        self._tasks = [
            asyncio.create_task(_keep_tail(stream, tail))
            for stream, tail in zip(streams, self._tails, strict=True)
            if stream is not None
        ]

    @property
    def stdout(self) -> bytes:
        return bytes(self._tails[0])

    @property
    def stderr(self) -> bytes:
        return bytes(self._tails[1])

    async def settle(self, patience_s: float) -> None:
        """Let the pipes run dry, but no longer than this: a grandchild may hold them open."""
        await asyncio.wait(self._tasks, timeout=patience_s)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _keep_tail(stream: asyncio.StreamReader, tail: bytearray) -> None:
    while block := await stream.read(TAIL_BYTES):
        tail += block
        del tail[:-TAIL_BYTES]
