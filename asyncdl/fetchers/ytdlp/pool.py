"""The pool of long-lived fetch workers, behind the one call that the scheduler makes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.model import Failure, Fetched, FetchRequest
from asyncdl.errors import EnvironmentFault
from asyncdl.fetchers.ytdlp.bearing import Bearing
from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.lines import WorkerGone, WorkerLine

_RECYCLE_AFTER = 1000
_RECYCLE_BYTES = 400 * 1000 * 1000
# Long enough for the event loop to hear of a nursery's death.
_BREATH_S = 0.5


class WorkerPool:
    """Implements ``core.ports.Fetcher``; grows by one worker whenever all are busy, never shrinks.

    How many are busy at once is the limiter's affair. A worker is replaced after a number of videos, when it
    has grown large, and whenever it hangs or breaks.
    """

    def __init__(
        self,
        config: WorkerConfig,
        home: Path,
        run_id: str,
        *,
        deadline_s: float,
        recycle_after: int = _RECYCLE_AFTER,
    ) -> None:
        self._config = config
        self._home = home
        self._run_id = run_id
        self._deadline_s = deadline_s
        self._recycle_after = recycle_after
        self._idle: list[WorkerLine] = []
        self._bearing: Bearing | None = None
        self._starting = asyncio.Lock()
        self._is_closed = False
        self.requests = 0
        self.received_bytes = 0

    async def start(self) -> None:
        """Begin to import yt-dlp; the first request need not wait for the whole of it."""
        await self._nursery()

    async def fetch(self, request: FetchRequest) -> tuple[Fetched | Failure, ...]:
        """Serve one video's request; a worker that hangs or breaks is a failure of this try only.

        Raises ``EnvironmentFault`` when no worker can be started at all.
        """
        line = self._idle.pop() if self._idle else await self._new_line()
        returned = False
        try:
            answer = await line.ask(request, self._deadline_s)
            self.requests += answer.requests
            self.received_bytes += answer.received_bytes
            returned = self._take_back(line)
        except TimeoutError:
            text = f"the worker gave no answer in {self._deadline_s:.0f} s"
            return (failure(Code.DEADLINE, text),) * len(request.spans)
        except WorkerGone as error:
            text = f"the fetch worker {line.hello.pid} broke down: {error}"
            return (failure(Code.WORKER_DIED, text),) * len(request.spans)
        finally:
            if not returned:
                self._retire(line)
        return answer.results

    async def close(self) -> None:
        """End all workers; may be called twice."""
        self._is_closed = True
        async with self._starting:
            bearing, self._bearing = self._bearing, None
        for line in self._idle:
            line.hang_up()
        self._idle.clear()
        if bearing is not None:
            await bearing.close()

    async def _new_line(self) -> WorkerLine:
        """Order a worker; where it or the nursery was killed meanwhile, order once more."""
        try:
            return await (await self._nursery()).bear(self._config)
        except EnvironmentFault:
            await asyncio.sleep(_BREATH_S)
            if self._is_closed:
                raise
            return await (await self._nursery()).bear(self._config)

    async def _nursery(self) -> Bearing:
        async with self._starting:
            if self._bearing is None or not self._bearing.is_alive:
                if self._bearing is not None:
                    await self._bearing.close()
                self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._bearing = await Bearing.start(self._home, self._run_id)
            return self._bearing

    def _take_back(self, line: WorkerLine) -> bool:
        """Keep a worker for the next request unless it is worn out."""
        if line.answered >= self._recycle_after or line.peak_bytes > _RECYCLE_BYTES:
            return False
        self._idle.append(line)
        return True

    def _retire(self, line: WorkerLine) -> None:
        if self._bearing is not None:
            self._bearing.kill(line)
        else:
            line.hang_up()
