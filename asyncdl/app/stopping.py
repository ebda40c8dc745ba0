"""What signals do to a run: once finishes what is in flight, twice stops now, thrice leaves at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from asyncdl.errors import ExitCode

# Whoever sends TERM (a scheduler of a cluster, a shutdown) sends KILL soon after.
_TERM_PATIENCE_S = 8.0
_PATIENCE = 2
_CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.TERMINATED,
    signal.SIGUSR1: ExitCode.TERMINATED,
    signal.SIGUSR2: ExitCode.TERMINATED,
}
# Clusters send these minutes ahead of TERM and KILL, where they are asked to: there is time to finish.
_WARNINGS = frozenset({signal.SIGUSR1, signal.SIGUSR2})


@dataclass(slots=True)
class Stopping:
    """Turns signals into a drain, then into a stop."""

    drain: Callable[[str], None]
    stop: Callable[[], None]
    exit_code: ExitCode | None = None
    _times: int = 0
    _timers: list[asyncio.TimerHandle] = field(default_factory=list)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Take over the signals for the length of a block; ``nohup`` has HUP ignored, and that stays so."""
        loop = asyncio.get_running_loop()
        is_detached = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        taken = [number for number in _CODES if number is not signal.SIGHUP or not is_detached]
        for number in taken:
            loop.add_signal_handler(number, self._told, number)
        try:
            yield
        finally:
            for timer in self._timers:
                timer.cancel()
            for number in taken:
                loop.remove_signal_handler(number)

    def _told(self, number: signal.Signals) -> None:
        self._times += 1
        if self._times > _PATIENCE:
            os._exit(_CODES[number])  # what is acknowledged is durable, and the guardian ends the children
        if self.exit_code is not None:
            self.stop()
            return
        self.exit_code = _CODES[number]
        if number is signal.SIGINT:
            self.drain("stopping: finishing what is in flight; Ctrl-C again stops at once")
            return
        self.drain(f"{number.name}: finishing what is in flight")
        if number not in _WARNINGS:
            self._timers.append(asyncio.get_running_loop().call_later(_TERM_PATIENCE_S, self.stop))
