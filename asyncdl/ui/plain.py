"""Progress where there is no terminal: one line per half minute, written by a thread that may block.

The thread writes to the descriptor itself: a lock of ``sys.stderr`` held by a blocked thread would keep the
program from ending.
"""

from __future__ import annotations

import asyncio
import os
import select
import threading
import time
from collections import deque
from contextlib import suppress

from asyncdl.core.printable import printable
from asyncdl.core.progress import Snapshot
from asyncdl.ui.wording import progress_line

INTERVAL_S = 30.0
_PATIENCE_S = 1.5
_POLL_S = 0.01
_MAX_MESSAGES = 64
_LINES = ("{}\n", "{}\n")
_BAR = ("\r\x1b[K{}\n", "\r{}\x1b[K")


class PlainScreen:
    """A ``ui.choose.Screen`` of plain lines on ``descriptor``."""

    def __init__(self, descriptor: int = 2, *, interval_s: float = INTERVAL_S) -> None:
        self._writer = LineWriter(descriptor)
        self._interval_s = interval_s
        self._due_s = interval_s
        self._newest: Snapshot | None = None
        self._is_closed = False

    def show(self, snapshot: Snapshot) -> None:
        """Write a line when half a minute of the run has passed since the last one."""
        self._newest = snapshot
        if snapshot.elapsed_s >= self._due_s:
            self._due_s = snapshot.elapsed_s + self._interval_s
            self._writer.replace(progress_line(snapshot, time.time()))

    def message(self, text: str) -> None:
        """Write this soon."""
        for line in text.splitlines():
            self._writer.add(printable(line))

    async def close(self, final: Snapshot | None = None) -> None:
        """Write the last line; a reader that does not read is waited for only a moment."""
        if self._is_closed:
            return
        self._is_closed = True
        newest = final or self._newest
        if newest is not None:
            self._writer.replace(progress_line(newest, time.time()))
        await self._writer.finish()


class LineWriter:
    """A daemon thread with room for some messages and for one line of progress, the newest.

    As a bar, progress takes the place of the progress before it, and messages stay above.
    """

    def __init__(self, descriptor: int, *, is_bar: bool = False) -> None:
        self._descriptor = descriptor
        self._message_form, self._progress_form = _BAR if is_bar else _LINES
        self._wake = threading.Condition()
        self._messages: deque[str] = deque(maxlen=_MAX_MESSAGES)
        self._progress: str | None = None
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="asyncdl-plain-screen", daemon=True)
        self._thread.start()

    def add(self, line: str) -> None:
        """Queue a message; of very many waiting ones the oldest are dropped."""
        with self._wake:
            self._messages.append(line)
            self._wake.notify()

    def replace(self, line: str) -> None:
        """Queue progress in the place of what was not written yet."""
        with self._wake:
            self._progress = line
            self._wake.notify()

    async def finish(self) -> None:
        """Let the thread write what waits, for a moment; then leave it behind."""
        with self._wake:
            self._is_ending = True
            self._wake.notify()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                while self._thread.is_alive():  # noqa: ASYNC110 - a thread's end sets no event of the loop
                    await asyncio.sleep(_POLL_S)

    def _run(self) -> None:
        with suppress(OSError):  # nobody reads any more: the run goes on without
            while (line := self._next()) is not None:
                _write_all(self._descriptor, line.encode("utf-8", errors="replace"))

    def _next(self) -> str | None:
        with self._wake:
            self._wake.wait_for(lambda: self._messages or self._progress or self._is_ending)
            if self._messages:
                return self._message_form.format(self._messages.popleft())
            line, self._progress = self._progress, None
            return line and self._progress_form.format(line)


def _write_all(descriptor: int, data: bytes) -> None:
    """Write whole, also where somebody has made the descriptor non-blocking."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            poll.poll()
