"""The thread that keeps a lock's lease fresh, and tells when the fence has closed."""

from __future__ import annotations

import threading
from collections.abc import Callable

from asyncdl.errors import AsyncdlError, EnvironmentFault
from asyncdl.runtime.lock import HEARTBEAT_S, JournalLock
from asyncdl.runtime.runfile import RunName

OnFault = Callable[[AsyncdlError], None]


class Heartbeat:
    """Beats on a thread of its own: neither a busy loop nor a slow file may make a living writer look dead.

    After the first fault (``JournalLocked``, or a folder that is gone) it beats no more.
    """

    def __init__(self, lock: JournalLock, period_s: float = HEARTBEAT_S) -> None:
        self._lock = lock
        self._period_s = period_s
        self._ours: RunName | None = None
        self._listeners: list[OnFault] = []
        self._busy = threading.Lock()
        self._stopped = threading.Event()
        self.fault: AsyncdlError | None = None
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def writes(self, ours: RunName) -> None:
        """Say which run file is this writer's: a newer one is somebody else's."""
        self._ours = ours

    def tell(self, listener: OnFault) -> None:
        """Have a fault told, on the thread of the heartbeat; at once where there is one already."""
        with self._busy:
            self._listeners.append(listener)
            if self.fault is not None:
                listener(self.fault)

    def stop(self) -> None:
        """Beat no more; does not wait for the thread, which a dead file server may hold for long."""
        self._stopped.set()

    def _run(self) -> None:
        fault: AsyncdlError | None = EnvironmentFault("the heartbeat of the lock broke down")
        try:
            while not self._stopped.wait(self._period_s):
                self._lock.beat(self._ours)
            fault = None
        except AsyncdlError as told:
            fault = told
        finally:
            if fault is not None:
                self._end(fault)

    def _end(self, fault: AsyncdlError) -> None:
        with self._busy:
            self.fault = fault
            for listener in self._listeners:
                listener(fault)
