"""Threads that go on one step at a time, in an order drawn from a seed: races, repeatably."""

from __future__ import annotations

import threading
from collections.abc import Callable
from random import Random

_PATIENCE_S = 20.0


class Turns:
    """Threads started here stop at each ``wait`` until ``run`` lets them go on; others pass."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._gates: dict[threading.Thread, threading.Semaphore] = {}
        self._stands = threading.Semaphore(0)
        self._errors: list[BaseException] = []

    def start(self, work: Callable[[], None]) -> None:
        """Begin a thread; it stands before its first step."""
        thread = threading.Thread(target=self._go, args=(work,), daemon=True)
        self._gates[thread] = threading.Semaphore(0)
        thread.start()
        self._settle()

    def wait(self, _step: str) -> None:
        """Stand until it is this thread's turn."""
        gate = self._gates.get(threading.current_thread())
        if gate is not None:
            self._stands.release()
            assert gate.acquire(timeout=_PATIENCE_S)

    def run(self, steps: int | None = None) -> None:
        """Let one thread after the other take a step: so many in all, or until each has ended."""
        while self._gates and steps != 0:
            steps = None if steps is None else steps - 1
            self._gates[self._rng.choice(list(self._gates))].release()
            self._settle()

    def _go(self, work: Callable[[], None]) -> None:
        try:
            self.wait("begin")
            work()
        except BaseException as error:
            self._errors.append(error)
            raise
        finally:
            del self._gates[threading.current_thread()]
            self._stands.release()

    def _settle(self) -> None:
        assert self._stands.acquire(timeout=_PATIENCE_S)
        if self._errors:
            raise self._errors[0]
