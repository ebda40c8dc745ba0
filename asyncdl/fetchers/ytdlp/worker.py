"""The fetch worker: a child that answers asks one after the other until its parent hangs up."""

from __future__ import annotations

import os
import resource
from importlib.metadata import version

from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.protocol import Answer, Ask, Hello, Report, Wait, decode_ask, encode
from asyncdl.fetchers.ytdlp.video import Cost, VideoFetcher, Waiting

_STDOUT, _STDERR = 1, 2
_KIB = 1024


def serve(sock_fd: int, config: WorkerConfig) -> None:
    """Speak ``protocol`` over a stream socket until its other end closes.

    Runs in a child of its own: takes over its standard output and its environment. Closes ``sock_fd``.
    """
    os.dup2(_STDERR, _STDOUT)
    if config.endpoint is not None:
        os.environ["SSL_CERT_FILE"] = config.endpoint.ca_file
    fetcher = VideoFetcher(config)
    try:
        with os.fdopen(sock_fd, "rb") as asks:
            _send(sock_fd, Hello(os.getpid(), _versions()))
            before = fetcher.cost
            for line in asks:
                report = _answer(fetcher, decode_ask(line), before)
                if isinstance(report, Answer):  # what led to a wait belongs to the answer after it
                    before = fetcher.cost
                _send(sock_fd, report)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the parent is gone, and nobody waits for an answer
    finally:
        fetcher.close()


def _answer(fetcher: VideoFetcher, ask: Ask, before: Cost) -> Report:
    outcome = fetcher.fetch(ask.request, ask.deadline_s)
    if isinstance(outcome, Waiting):
        return Wait(ask.id, outcome.wait_s)
    cost = fetcher.cost.since(before)
    return Answer(ask.id, outcome, cost.requests, cost.received_bytes, _peak_bytes())


def _send(sock_fd: int, report: Report) -> None:
    line = memoryview(encode(report))
    while line:
        line = line[os.write(sock_fd, line) :]


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("yt-dlp", "requests", "urllib3")}


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
