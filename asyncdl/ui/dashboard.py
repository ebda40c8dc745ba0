"""The main side of the dashboard: starts the child that draws, and feeds it without ever waiting.

Snapshots go through a non-blocking pipe, at most four a second; the newest wins while the pipe is full.
The run does not depend on the child: when it is gone, nothing is shown any more.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Self

from asyncdl.core.progress import Snapshot
from asyncdl.runtime.process import end_group, exit_of, shielded, start_child
from asyncdl.ui.terminal import restore_cursor
from asyncdl.ui.wire import encode_message, encode_snapshot

INTERVAL_S = 0.25
_PATIENCE_S = 1.5
_MAX_MESSAGES = 64
_SIZE_VARIABLES = frozenset({"COLUMNS", "LINES"})  # they would hide that the terminal was resized


class Dashboard:
    """A ``ui.choose.Screen`` drawn by another process on ``terminal``."""

    def __init__(self, feed: Feed, process: Process, terminal: int) -> None:
        self._feed = feed
        self._process = process
        self._terminal = terminal
        self._is_closed = False

    @classmethod
    async def start(
        cls, *, environ: Mapping[str, str], terminal: int = 2, interval_s: float = INTERVAL_S
    ) -> Self:
        """Start the child; raises ``OSError`` where it cannot be started."""
        reading, writing = os.pipe()
        env = {name: text for name, text in environ.items() if name not in _SIZE_VARIABLES}
        argv = [sys.executable, "-P", "-m", "asyncdl.ui.dashboard_program"]
        with ExitStack() as ours, ExitStack() as childs:
            ours.callback(os.close, writing)
            childs.callback(os.close, reading)
            process = await start_child(argv, env=env, stdin=reading, stderr=terminal)
            ours.pop_all()
        return cls(Feed(writing, interval_s), process, terminal)

    @property
    def is_alive(self) -> bool:
        """Whether somebody still reads; told by the last write."""
        return self._feed.is_open

    def show(self, snapshot: Snapshot) -> None:
        """Have this drawn soon, unless a newer one comes first."""
        self._feed.offer(snapshot)

    def message(self, text: str) -> None:
        """Have this printed above the picture."""
        self._feed.say(text)

    async def close(self, final: Snapshot | None = None) -> None:
        """Show the end, and end the child: after a moment also against its will."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE_S):
                    await self._feed.finish(final)
                    await exit_of(self._process)
        finally:
            self._feed.close()
            await shielded(end_group(self._process))
            if self._process.returncode != 0:
                restore_cursor(self._terminal)


class Feed:
    """Lines into a pipe that may be full or broken; owns the descriptor."""

    def __init__(self, descriptor: int, interval_s: float) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._interval_s = interval_s
        self._loop = asyncio.get_running_loop()
        self._newest: Snapshot | None = None
        self._messages: deque[bytes] = deque(maxlen=_MAX_MESSAGES)
        self._rest = b""  # of a line that is partly in the pipe
        self._due_s = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self.is_open = True

    def offer(self, snapshot: Snapshot) -> None:
        """Send at the next turn of the interval what is newest then."""
        self._newest = snapshot
        if self.is_open and self._timer is None:
            self._timer = self._loop.call_at(self._due_s, self._turn)

    def say(self, text: str) -> None:
        """Send now, or when there is room; of very many waiting messages the oldest are dropped."""
        if self.is_open:
            self._messages.append(encode_message(text))
            self._push()

    async def finish(self, final: Snapshot | None) -> None:
        """Send ``final`` and whatever waits, then end the input; may wait for as long as the pipe is full."""
        self._newest = final or self._newest
        if self.is_open:
            self._stop_timer()
            self._turn()
            await self._idle.wait()
        self.close()

    def close(self) -> None:
        """Leave the loop and the pipe; what was not sent is dropped."""
        if not self.is_open:
            return
        self.is_open = False
        self._stop_timer()
        self._loop.remove_writer(self._descriptor)
        os.close(self._descriptor)
        self._idle.set()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _turn(self) -> None:
        self._timer = None
        self._due_s = self._loop.time() + self._interval_s
        self._push(with_snapshot=True)

    def _push(self, *, with_snapshot: bool = False) -> None:
        """Write until all is sent or the pipe is full; then go on when it has room."""
        try:
            while self._rest or self._take(with_snapshot=with_snapshot):
                self._rest = self._rest[os.write(self._descriptor, self._rest) :]
        except BlockingIOError:
            self._idle.clear()
            self._loop.add_writer(self._descriptor, self._go_on)
        except OSError:  # the child is gone
            self.close()
        else:
            self._idle.set()
            self._loop.remove_writer(self._descriptor)

    def _go_on(self) -> None:
        self._push(with_snapshot=self._timer is None)

    def _take(self, *, with_snapshot: bool) -> bool:
        """Make the next line the one to write; messages come first, in order."""
        if self._messages:
            self._rest = self._messages.popleft()
        elif with_snapshot and self._newest is not None:
            self._rest, self._newest = encode_snapshot(self._newest), None
        return bool(self._rest)
