"""The pool of long-lived fetch workers, behind the one call that the scheduler makes."""

from __future__ import annotations

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.model import Failure, Fetched, FetchRequest
from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.lines import WorkerGone, WorkerLine
from asyncdl.fetchers.ytdlp.nurture import Nursery

_RECYCLE_AFTER = 1000
_RECYCLE_BYTES = 400 * 1000 * 1000


class WorkerPool:
    """Implements ``core.ports.Fetcher``; grows by one worker whenever all are busy, never shrinks.

    How many are busy at once is the limiter's affair. A worker is replaced after a number of videos, when it
    has grown large, and whenever it hangs or breaks. Pools of several identities share one nursery.
    """

    def __init__(
        self,
        config: WorkerConfig,
        nursery: Nursery,
        *,
        deadline_s: float,
        recycle_after: int = _RECYCLE_AFTER,
    ) -> None:
        self._config = config
        self._nursery = nursery
        self._deadline_s = deadline_s
        self._recycle_after = recycle_after
        self._idle: list[WorkerLine] = []
        self.requests = 0
        self.received_bytes = 0

    async def fetch(self, request: FetchRequest) -> tuple[Fetched | Failure, ...]:
        """Serve one video's request; a worker that hangs or breaks is a failure of this try only.

        Raises ``EnvironmentFault`` when no worker can be started at all.
        """
        line = self._idle.pop() if self._idle else await self._nursery.bear(self._config)
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
        """Let go of all workers, which end by that; may be called twice."""
        for line in self._idle:
            line.hang_up()
        self._idle.clear()

    def _take_back(self, line: WorkerLine) -> bool:
        """Keep a worker for the next request unless it is worn out."""
        if line.answered >= self._recycle_after or line.peak_bytes > _RECYCLE_BYTES:
            return False
        self._idle.append(line)
        return True

    def _retire(self, line: WorkerLine) -> None:
        self._nursery.kill(line)
