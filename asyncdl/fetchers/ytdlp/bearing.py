"""The parent's side of the nursery: starts the program that forks workers, orders one, has one killed."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import asdict
from pathlib import Path

import orjson

from asyncdl.errors import EnvironmentFault
from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.lines import WorkerGone, WorkerLine
from asyncdl.runtime.process import RUN_ID_VARIABLE, end_group, shielded, start_child
from asyncdl.runtime.tails import TAIL_BYTES

_PROGRAM = "asyncdl.fetchers.ytdlp.nursery"
_BIRTH_S = 60.0
_HEAR_OUT_S = 2.0
_LAST_WORDS_S = 1.0
# What a worker may learn of the user's surroundings: the way out, and who vouches for certificates.
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_KEPT = (
    *_PROXIES,
    *map(str.upper, _PROXIES),
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "LD_LIBRARY_PATH",
    "TMPDIR",
)


def nursery_env(home: Path, run_id: str) -> dict[str, str]:
    """Build the whole environment of the nursery and its workers: nothing of the user's own folders."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PATH": os.defpath,
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if Path(path).is_absolute()),
        "PYTHONSAFEPATH": "1",
        "PYTHONNOUSERSITE": "1",
        "YTDLP_NO_PLUGINS": "1",
        RUN_ID_VARIABLE: run_id,
    }


class Bearing:
    """One nursery program and its control socket."""

    def __init__(self, process: Process, control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._last_words = bytearray()
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, home: Path, run_id: str) -> Bearing:
        """Start the program in ``home``, an empty private folder; it imports yt-dlp meanwhile."""
        ours, theirs = _socket_pair()
        try:
            process = await start_child(
                [sys.executable, "-P", "-m", _PROGRAM, str(theirs.fileno())],
                env=nursery_env(home, run_id),
                cwd=str(home),
                stdout=DEVNULL,
                stderr=PIPE,
                pass_fds=[theirs.fileno()],
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return cls(process, ours)

    @property
    def is_alive(self) -> bool:
        """Whether the program runs."""
        return self._process.returncode is None

    async def bear(self, config: WorkerConfig) -> WorkerLine:
        """Answer a new worker's line.

        Raises ``EnvironmentFault`` with the program's last words when none comes.
        """
        ours, theirs = _socket_pair()
        try:
            message = orjson.dumps({"bear": asdict(config)}, option=orjson.OPT_APPEND_NEWLINE)
            socket.send_fds(self._control, [message], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise self._fault(str(error)) from error
        finally:
            theirs.close()
        try:
            return await WorkerLine.open(ours, patience_s=_BIRTH_S)
        except (WorkerGone, TimeoutError) as error:
            await asyncio.wait([self._listening], timeout=_LAST_WORDS_S)  # they may still be on their way
            raise self._fault(str(error)) from error

    def kill(self, line: WorkerLine) -> None:
        """Have a worker's whole group killed."""
        line.hang_up()
        try:
            self._control.sendall(orjson.dumps({"kill": line.hello.pid}, option=orjson.OPT_APPEND_NEWLINE))
        except OSError:
            return  # the nursery is gone, and its workers with it

    async def close(self) -> None:
        """End the program and all its workers; may be called twice."""
        self._control.close()
        await shielded(end_group(self._process))
        await shielded(self._hear_out())

    async def _listen(self) -> None:
        stream = self._process.stderr
        while stream is not None and (block := await stream.read(TAIL_BYTES)):
            self._last_words += block
            del self._last_words[:-TAIL_BYTES]

    async def _hear_out(self) -> None:
        """Listen until the last worker is gone too: each of them holds the other end."""
        await asyncio.wait([self._listening], timeout=_HEAR_OUT_S)
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)

    def _fault(self, what: str) -> EnvironmentFault:
        words = self._last_words.decode("utf-8", errors="replace").strip()
        return EnvironmentFault(
            f"No fetch worker could be started: {what}\n{words}".strip(),
            mend="Try: python -m pip install --upgrade --force-reinstall yt-dlp requests",
        )


def _socket_pair() -> tuple[socket.socket, socket.socket]:
    try:
        return socket.socketpair()
    except OSError as error:
        raise EnvironmentFault(
            f"No fetch worker could be started: {error.strerror}",
            mend="Raise the limit on open files (ulimit -n), or lower --concurrency.",
        ) from error
