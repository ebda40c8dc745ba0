"""The one door for children: own process group, stdin closed, bounded drains, deadline, nothing left behind.

A deadline is total. Whatever ends the wait, the child's whole group is ended too: TERM, a grace, KILL.
Every child carries ``ASYNCDL_RUN_ID`` so that whatever survives a killed program can be found and ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from asyncdl.core.scarcity import as_scarcity
from asyncdl.runtime.limits import NO_CORE, Limits, set_limits
from asyncdl.runtime.tails import FLOOD_BYTES, Tail

T = TypeVar("T")

RUN_ID_VARIABLE = "ASYNCDL_RUN_ID"
_DRAIN_S = 2.0
_GRACE_S = 1.0
_POLL_S = 0.01
_EMPTY_S = 0.05
_FLOOD_S = 0.001
_START_TRIES = 20
_START_PAUSE_S = 0.25


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended, by a signal where ``returncode`` is negative; of each output the last 64 KiB."""

    returncode: int
    stdout: bytes
    stderr: bytes
    timed_out: bool

    @property
    def error_text(self) -> str:
        """What it said on stderr, decoded for people."""
        return self.stderr.decode("utf-8", errors="replace").strip()


async def run_child(
    argv: Sequence[str],
    *,
    deadline_s: float,
    env: Mapping[str, str],
    cwd: str | None = None,
    limits: Limits = NO_CORE,
) -> Finished:
    """Run ``argv`` to its end, or end its group at the deadline.

    Raises ``OSError`` when the program cannot be started.
    """
    tails: list[Tail] = []
    try:
        for _ in range(2):
            tails.append(await _patiently(_new_tail))  # noqa: PERF401 - the first is closed if the second fails
        process = await start_child(
            argv, env=env, cwd=cwd, stdout=tails[0].writer, stderr=tails[1].writer, limits=limits
        )
        timed_out = await _hear_out(process, tails, deadline_s)
        return Finished(process.returncode or 0, tails[0].kept, tails[1].kept, timed_out)
    finally:
        for tail in tails:
            tail.close()


async def _hear_out(process: Process, tails: Sequence[Tail], deadline_s: float) -> bool:
    """Wait for the end, or make it at the deadline; tell whether that was needed."""
    for tail in tails:
        tail.hand_over()
    exited = asyncio.ensure_future(process.wait())  # it has no pipes of asyncio's, so that waits for it alone
    try:
        try:
            async with asyncio.timeout(deadline_s):
                await _empty_until_exit(exited, tails)
                await _empty_until_end(tails)
        except TimeoutError:
            return True
        return False
    finally:
        await shielded(end_group(process))
        exited.cancel()


async def _empty_until_exit(exited: asyncio.Future[int], tails: Sequence[Tail]) -> None:
    is_flood = False
    while not exited.done():
        await asyncio.wait([exited], timeout=_FLOOD_S if is_flood else _EMPTY_S)
        is_flood = max([tail.empty() for tail in tails]) >= FLOOD_BYTES


async def _empty_until_end(tails: Sequence[Tail]) -> None:
    """Let the pipes run dry, but not for long: a grandchild may hold them open."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_S):
            while not _are_ended(tails):  # noqa: ASYNC110 - no event tells of the end of a pipe
                await asyncio.sleep(_POLL_S)


def _are_ended(tails: Sequence[Tail]) -> bool:
    for tail in tails:
        if tail.empty():
            tail.empty()  # behind the last words comes the end
    return all(tail.is_ended for tail in tails)


async def start_child(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str | None = None,
    stdin: int = DEVNULL,
    stdout: int | None = DEVNULL,
    stderr: int | None = PIPE,
    pass_fds: Sequence[int] = (),
    limits: Limits = NO_CORE,
) -> Process:
    """Start a child in a session of its own; where descriptors or processes are scarce, try again later."""

    async def start() -> Process:
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

    process = await _patiently(start)
    if process.returncode is None:
        set_limits(process.pid, limits)
    return process


async def _patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    for tries_left in reversed(range(_START_TRIES)):
        try:
            return await attempt()
        except (OSError, RuntimeError) as error:  # Python 3.11 starts a thread for each child
            scarcity = as_scarcity(error)
            if scarcity is None or not tries_left:
                raise scarcity or error from error
        await asyncio.sleep(_START_PAUSE_S)
    raise AssertionError


async def _new_tail() -> Tail:
    return Tail()


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


async def shielded(work: Coroutine[object, object, T]) -> T:
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
    result = task.result()
    if cancelled is not None:
        raise cancelled
    return result
