"""Writes what a span needs of one format into one small local file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

from asyncdl.core.classify import classify, failure
from asyncdl.core.codes import Code
from asyncdl.core.early_blocks import without_early_blocks
from asyncdl.core.media_index import (
    Entry,
    Index,
    NoIndex,
    entries_for,
    latest_start_ms,
    off_grid,
    open_ended_segment,
    reach_of,
)
from asyncdl.core.model import Container, Failure, Span, Track
from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.formats import SourceFormat
from asyncdl.fetchers.ytdlp.probe import Probed, probe
from asyncdl.fetchers.ytdlp.ranged import MediaFile, NoRanges
from asyncdl.fetchers.ytdlp.wire import Wire

# Some fragments of sound; longer stretches go to disk as they come.
_MOST_IN_MEMORY_BYTES = 4 * 1000 * 1000


@dataclass(frozen=True, slots=True)
class Part:
    """A track on disk; ``media_end_ms`` is None where no index was read."""

    track: Track
    media_end_ms: float | None
    whole_file: bool


class SourceTrack:
    """One format of one video: its file on the server and, once read, its index. Serves many spans."""

    def __init__(self, wire: Wire, source: SourceFormat, codec: str, config: WorkerConfig) -> None:
        self.source = source
        self._media = MediaFile(wire, source)
        self._codec = codec
        self._max_bytes = config.max_file_bytes
        self._keeps_all = config.keeps_all
        self._probed: Probed | None = None
        self._whole: Part | None = None

    def write_span(self, span: Span, stem: str) -> Part | Failure:
        """Write ``<stem>.mp4`` or ``<stem>.webm``; nothing is left on disk where it fails."""
        if self._probed is None:
            probed = probe(self._media)
            if isinstance(probed, Failure):
                return probed
            self._probed = probed
        index = self._probed.index
        if isinstance(index, NoIndex):
            return self._write_whole(stem)
        entries = entries_for(index, span, reach_of(self._codec))
        if not entries:
            text = f"the segment starts at {span.start_ms} ms, the media ends at {index.end_ms:.0f} ms"
            return failure(Code.OUT_OF_RANGE, text)
        if self._codec == "opus" and off_grid(entries[0]):
            return self._write_whole(stem)
        return self._write_entries(self._probed.prefix, index, entries, span, stem)

    def _write_entries(
        self, prefix: bytes, index: Index, entries: tuple[Entry, ...], span: Span, stem: str
    ) -> Part | Failure:
        first, end = entries[0].first_byte, entries[-1].end_byte
        if end - first > self._max_bytes:
            return failure(Code.TOO_BIG, f"the segment takes {end - first} bytes")
        init = prefix[: index.init_bytes]
        if index.container is Container.WEBM:
            init = open_ended_segment(init)
        known, first_ms, copied_to = prefix[first:end], entries[0].start_ms, first + len(prefix[first:end])
        if self._codec == "opus" and not self._keeps_all and end - first <= _MOST_IN_MEMORY_BYTES:
            rest = self._media.read(copied_to, end)
            if not isinstance(rest, bytes):
                return rest if isinstance(rest, Failure) else self._write_whole(stem)
            known, first_ms = without_early_blocks(known + rest, first_ms, latest_start_ms(span, self._codec))
            copied_to = end

        def fill(file: BinaryIO) -> Failure | NoRanges | None:
            file.write(init)
            file.write(known)
            return self._media.copy(copied_to, end, file.write)

        path = f"{stem}.{index.container.value}"
        size = write_new(path, fill)
        if isinstance(size, NoRanges):
            return self._write_whole(stem)
        if isinstance(size, Failure):
            return size
        track = self._track(path, index.container, size, first_ms)
        return Part(track, index.end_ms, whole_file=False)

    def _write_whole(self, stem: str) -> Part | Failure:
        container = self._probed.container if self._probed else self.source.container
        path = f"{stem}.{container.value}"
        if self._whole is not None:
            return _copy_of(self._whole, path)
        size = write_new(path, lambda file: self._media.copy_whole(file.write, self._max_bytes))
        if not isinstance(size, int):
            return size if isinstance(size, Failure) else failure(Code.SHORT_BODY, "no way to read the file")
        index = self._probed.index if self._probed else None
        end_ms = index.end_ms if isinstance(index, Index) else None
        self._whole = Part(self._track(path, container, size, 0.0), end_ms, whole_file=True)
        return self._whole

    def _track(self, path: str, container: Container, size_bytes: int, first_ms: float) -> Track:
        return Track(
            path=path,
            container=container,
            codec=self._codec,
            format_id=self.source.format_id,
            first_ms=first_ms,
            sample_rate=self.source.sample_rate,
            size_bytes=size_bytes,
        )


def write_new(path: str, fill: Callable[[BinaryIO], Failure | NoRanges | None]) -> int | Failure | NoRanges:
    """Create a file that only this user can read, and fill it; answer its size, or leave nothing.

    Follows no link; what an earlier attempt left under this name is removed.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    trouble: Failure | NoRanges | None = None
    try:
        _remove(path)
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            trouble = fill(file)
            size = file.tell()
    except OSError as error:
        trouble = _local_trouble(error)
    if trouble is None:
        return size
    with suppress(OSError):
        _remove(path)
    return trouble


def _copy_of(whole: Part, path: str) -> Part | Failure:
    try:
        _remove(path)
        try:
            os.link(whole.track.path, path)
        except OSError:  # not every file system has links
            shutil.copyfile(whole.track.path, path)
            os.chmod(path, 0o600)  # noqa: PTH101 - paths come and go as text here
    except OSError as error:
        return _local_trouble(error)
    return replace(whole, track=replace(whole.track, path=path))


def _local_trouble(error: OSError) -> Failure:
    """Name a fault of this machine's disk; it is never the video's."""
    told = classify(f"ERROR: {error}")
    is_known = told.code in {Code.DISK_FULL, Code.EMFILE}
    return told if is_known else failure(Code.NOT_WRITABLE, str(error))


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 - paths come and go as text here
