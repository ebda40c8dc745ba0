"""``--log-file``: one line per attempt with its reason, written in batches off the loop."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import aiofiles

from asyncdl.core.events import AttemptFailed, ClipStored, GaveUp, SegmentEvent
from asyncdl.core.redact import redact


def line_of(event: SegmentEvent) -> str:
    """Say one fact in one line; what tools said is kept whole, its line breaks are escaped."""
    match event:
        case ClipStored():
            size = f"{event.clip.size_bytes} bytes, format {event.clip.format_id}"
            return f"stored {event.key} attempt {event.attempt}: {size}{_remarks(event)}"
        case AttemptFailed() | GaveUp():
            word = "gave up" if isinstance(event, GaveUp) else "failed"
            cause = f"{event.failure.kind}/{event.failure.code}: {event.failure.text}"
            return f"{word} {event.key} attempt {event.attempt}: {redact(cause)}"
        case _:
            return f"{type(event).__name__} {event.key}"


class RunLog:
    """Appends lines to a file; a slow disk delays the lines, never the run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[str] = []
        self._wanted = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._closing = False
        self.fault: OSError | None = None

    async def start(self) -> None:
        """Begin to write; raises ``OSError`` when the file cannot be opened at all."""
        async with aiofiles.open(self._path, "a", encoding="utf-8"):
            pass
        self._writer = asyncio.create_task(self._write())

    def tell(self, event: SegmentEvent) -> None:
        """Log a fact about a segment."""
        self.write(line_of(event))

    def write(self, text: str) -> None:
        """Log one line of text."""
        if self.fault is not None:
            return
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._lines.append(f"{moment} {_one_line(text)}\n")
        self._wanted.set()

    async def close(self) -> None:
        """Write what is left."""
        self._closing = True
        self._wanted.set()
        if self._writer is not None:
            await self._writer

    async def _write(self) -> None:
        try:
            await self._write_batches()
        except OSError as error:  # a log that can not be written must not end a run
            self.fault = error

    async def _write_batches(self) -> None:
        async with aiofiles.open(self._path, "a", encoding="utf-8", errors="backslashreplace") as file:
            while self._lines or not self._closing:
                await self._wanted.wait()
                self._wanted.clear()
                lines, self._lines = self._lines, []
                await file.write("".join(lines))
                await file.flush()


def _remarks(event: ClipStored) -> str:
    remarks = []
    if event.clip.whole_file:
        remarks.append("whole file read")
    if event.clip.is_short:
        remarks.append(f"{event.clip.padded_samples} samples of silence added at the video's end")
    if event.clip.is_silent:
        remarks.append("silent")
    return f" ({', '.join(remarks)})" if remarks else ""


def _one_line(text: str) -> str:
    """Escape line breaks, and with them all that a terminal would obey."""
    bare = text.replace("\\", "\\\\")
    if bare.isprintable():
        return bare
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in bare)
