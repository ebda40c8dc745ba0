"""The program that bears the fetch workers: imports yt-dlp once, then forks a worker per request.

A fork of this process costs some milliseconds and shares its memory; a worker started afresh costs half a
second of importing and three times the memory (figures in docs/design.md). It stays single-threaded, which
is what makes forking safe, and never touches the network itself.

It takes JSON lines on the control socket: ``{"bear": …config…}`` with the worker's end of a socket pair as
ancillary data, and ``{"kill": pid}``. It alone knows that a pid is still its child's, so it alone kills.
When the control socket ends, it kills all groups and exits.
"""

from __future__ import annotations

import ctypes
import gc
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson

from asyncdl.core.scarcity import SCARCE
from asyncdl.fetchers.ytdlp.config import WorkerConfig, config_from_json
from asyncdl.fetchers.ytdlp.options import WRONG_OPTIONS, ydl_params
from asyncdl.fetchers.ytdlp.rehearsal import rehearse
from asyncdl.fetchers.ytdlp.worker import serve

_MAX_MESSAGE_BYTES = 64 * 1024
_PR_SET_PDEATHSIG = 1
_FORK_TRIES = 20
_FORK_PAUSE_S = 0.25


class Nursery:
    """Forks, kills and reaps workers as the control socket says."""

    def __init__(self, control: socket.socket, wake: socket.socket) -> None:
        self._control = control
        self._wake = wake
        self._children: set[int] = set()
        self._unread = b""

    def serve(self) -> None:
        """Work until the control socket ends."""
        while True:
            ready, _, _ = select.select([self._control, self._wake], [], [])
            if self._wake in ready:
                self._wake.recv(_MAX_MESSAGE_BYTES)
                self._reap()
            if self._control in ready and not self._take():
                break
        for pid in list(self._children):
            self._kill(pid)

    def _take(self) -> bool:
        block, fds, _, _ = socket.recv_fds(self._control, _MAX_MESSAGE_BYTES, 16)
        self._unread += block
        *lines, self._unread = self._unread.split(b"\n")
        arrived = iter(fds)
        for line in lines:
            self._obey(orjson.loads(line), arrived)
        return bool(block)

    def _obey(self, message: dict[str, Any], fds: Iterator[int]) -> None:
        if "kill" in message:
            self._kill(int(message["kill"]))
        else:
            self._bear(next(fds), config_from_json(message["bear"]))

    def _bear(self, fd: int, config: WorkerConfig) -> None:
        if config.cookie_file is None:  # else each worker has words of its own
            with suppress(*WRONG_OPTIONS):  # the worker meets them too, and says so
                ydl_params(config)
        parent = os.getpid()
        pid = self._fork()
        if pid is None:
            os.close(fd)  # who waits at the other end sees that nobody came
            return
        if pid:
            os.close(fd)
            self._children.add(pid)
            return
        _be_worker(self._control, self._wake, fd, config, parent)

    def _fork(self) -> int | None:
        """Fork; where processes or memory are scarce, try again for some seconds, then answer None."""
        for _ in range(_FORK_TRIES):
            try:
                return os.fork()
            except OSError as error:
                if error.errno not in SCARCE:
                    raise
                sys.stderr.write(f"no process for a worker: {error.strerror}\n")
                time.sleep(_FORK_PAUSE_S)
                self._reap()
        return None

    def _kill(self, pid: int) -> None:
        if pid in self._children:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        for pid in list(self._children):
            with suppress(ChildProcessError):
                gone, _ = os.waitpid(pid, os.WNOHANG)
                if gone:
                    self._leave_nothing_of(pid)

    def _leave_nothing_of(self, pid: int) -> None:
        """End what a dead worker's group has left; the group keeps its number while anybody is in it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        self._children.discard(pid)


def _be_worker(
    control: socket.socket, wake: socket.socket, fd: int, config: WorkerConfig, parent: int
) -> None:
    """Serve in a group of its own that dies with the nursery; never returns."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        wake.close()
        _die_with(parent)
        serve(fd, config)
        code = 0
    except BaseException:  # noqa: BLE001 - a forked child must never run on into its parent's code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _die_with(parent: int) -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    """Serve the control socket whose descriptor is the first argument."""
    # A cluster signals every process of a job; what follows is decided by the main process alone.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    rehearse()
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, the shared pages
    Nursery(socket.socket(fileno=int(sys.argv[1])), receiver).serve()


if __name__ == "__main__":
    main()
