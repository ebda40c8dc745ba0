"""HTTP GETs through yt-dlp's own networking: proxy, address, cookies and TLS are the extraction's."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

from urllib3.exceptions import HTTPError as BrokenBody
from yt_dlp.networking import Request
from yt_dlp.networking.exceptions import HTTPError, RequestError

from asyncdl.core.classify import classify, failure, failure_for_status
from asyncdl.core.codes import Code
from asyncdl.core.model import Failure
from asyncdl.core.redact import redact

BLOCK_BYTES = 64 * 1024
_SHORTEST_TIMEOUT_S = 0.05

Sink = Callable[[bytes], object]
OpenUrl = Callable[[Request], Any]


class Wire:
    """Sends GETs and counts bytes; one total deadline bounds everything after ``allow``.

    A server may be silent for ``silence_s`` seconds.
    """

    def __init__(self, open_url: OpenUrl, silence_s: float) -> None:
        self._open_url = open_url
        self._silence_s = silence_s
        self._ends_at = float("inf")
        self.received_bytes = 0

    def allow(self, deadline_s: float) -> None:
        """Start the clock: in ``deadline_s`` seconds every read ends with the code ``deadline``."""
        self._ends_at = time.monotonic() + deadline_s

    @property
    def left_s(self) -> float:
        """Seconds to the deadline, negative after it."""
        return self._ends_at - time.monotonic()

    def get(self, url: str, headers: Mapping[str, str]) -> Reply | Failure:
        """Send one GET; an HTTP error status, a broken connection and the deadline are values."""
        if self.left_s <= 0:
            return self.late()
        timeout_s = max(min(self._silence_s, self.left_s), _SHORTEST_TIMEOUT_S)
        wanted = {**headers, "Accept-Encoding": "identity"}
        try:
            response = self._open_url(Request(url, headers=wanted, extensions={"timeout": timeout_s}))
        except HTTPError as error:
            refused = failure_for_status(error.status, str(error.reason), retry_after_s=_retry_after_s(error))
            error.close()
            return refused
        except RequestError as error:
            return self.broken(error)
        return Reply(self, response)

    def broken(self, error: Exception) -> Failure:
        """Name the cause of a connection that failed or broke."""
        if self.left_s <= 0:
            return self.late()
        if "IncompleteRead" in str(error):
            return failure(Code.SHORT_BODY, f"the body broke off: {error}")
        told = classify(f"ERROR: {type(error).__name__}: {error}")
        return replace(told, text=redact(told.text))

    def late(self) -> Failure:
        """Tell that the deadline has passed."""
        return failure(Code.DEADLINE, "the media did not come in the time allowed")


class Reply:
    """An answer with status 2xx whose body is still to come."""

    def __init__(self, wire: Wire, response: Any) -> None:  # noqa: ANN401 - yt-dlp ships no types
        self._wire = wire
        self._response = response
        self.status: int = response.status

    def header(self, name: str) -> str | None:
        """Read one header."""
        value: str | None = self._response.get_header(name)
        return value

    @property
    def url(self) -> str:
        """Where the answer came from, after redirects."""
        return str(self._response.url)

    @property
    def length_bytes(self) -> int | None:
        """Length of the body where the server names it."""
        length = self.header("Content-Length") or ""
        return int(length) if length.isascii() and length.isdigit() else None

    def copy(self, sink: Sink, limit_bytes: int) -> int | Failure:
        """Read the body to its end, or until it passes the limit; answer the bytes that came.

        At its end the connection is free for the next request; anything else closes it.
        """
        # read() waits until a block is full; a server of 1 byte/s would pass any deadline.
        read = getattr(self._response.fp, "read1", self._response.read)
        came = 0
        try:
            while came <= limit_bytes:
                try:
                    block = read(BLOCK_BYTES)
                except (BrokenBody, RequestError, HTTPException, OSError) as error:
                    return self._wire.broken(error)
                if not block:
                    break
                came += len(block)
                self._wire.received_bytes += len(block)
                sink(block)
                if self._wire.left_s <= 0:
                    return self._wire.late()
        finally:
            self.close()
        return came

    def close(self) -> None:
        """Give up what is left of the body."""
        self._response.close()


def _retry_after_s(error: HTTPError) -> float | None:
    told = error.response.get_header("Retry-After") or ""
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except ValueError:
        return None
