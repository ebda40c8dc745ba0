"""One nursery for all pools of a run: started when first needed, started again when it was killed."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from itertools import count
from pathlib import Path

from asyncdl.errors import EnvironmentFault
from asyncdl.fetchers.ytdlp.bearing import Bearing
from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.lines import WorkerLine
from asyncdl.runtime.files import telling
from asyncdl.runtime.secret_file import NoSecret, read_secret

# Long enough for the event loop to hear of a nursery's death.
_BREATH_S = 0.5
_PRIVATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Nursery:
    """Bears workers in ``home``, a private folder of this run that is removed with it."""

    def __init__(self, home: Path, run_id: str) -> None:
        self._home = home
        self._run_id = run_id
        self._bearing: Bearing | None = None
        self._starting = asyncio.Lock()
        self._is_closed = False
        self._jars = count(1)

    async def start(self) -> None:
        """Begin to import yt-dlp; the first request need not wait for the whole of it."""
        await self._alive()

    async def bear(self, config: WorkerConfig) -> WorkerLine:
        """Answer a new worker; where it or the nursery was killed meanwhile, order once more.

        Raises ``EnvironmentFault`` when no worker can be started at all.
        """
        own = await asyncio.to_thread(self._with_own_jar, config)
        try:
            return await (await self._alive()).bear(own)
        except EnvironmentFault:
            await asyncio.sleep(_BREATH_S)
            if self._is_closed:
                raise
            return await (await self._alive()).bear(own)

    def kill(self, line: WorkerLine) -> None:
        """Have a worker's whole group killed."""
        if self._bearing is not None:
            self._bearing.kill(line)
        else:
            line.hang_up()

    async def close(self) -> None:
        """End the program and all workers; may be called twice."""
        self._is_closed = True
        async with self._starting:
            bearing, self._bearing = self._bearing, None
        if bearing is not None:
            await bearing.close()

    async def _alive(self) -> Bearing:
        async with self._starting:
            if self._bearing is None or not self._bearing.is_alive:
                if self._bearing is not None:
                    await self._bearing.close()
                self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._bearing = await Bearing.start(self._home, self._run_id)
            return self._bearing

    def _with_own_jar(self, config: WorkerConfig) -> WorkerConfig:
        """Copy the account's jar for this worker alone: yt-dlp rewrites it, and not in one step."""
        if config.cookie_file is None:
            return config
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy = self._home / f"cookies-{next(self._jars)}.txt"
        jar = Path(config.cookie_file)
        secret = read_secret(jar)  # again: since it was checked, it may have become a pipe or another file
        if isinstance(secret, NoSecret) or secret.exposure:
            why = secret.why if isinstance(secret, NoSecret) else secret.exposure
            raise EnvironmentFault(f"The cookie file {jar}: {why}.")
        with telling("copying the cookie file", jar), os.fdopen(os.open(copy, _PRIVATE, 0o600), "wb") as file:
            file.write(secret.text.encode())
        return replace(config, cookie_file=str(copy))
