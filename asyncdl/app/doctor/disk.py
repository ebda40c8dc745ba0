"""The place of the data set: space, inodes, permission, durable writes, and the kind of file system."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from asyncdl.core.finding import Finding, Level, Remark, gather
from asyncdl.runtime.files import REAL_FILES, sync_folder, write_all
from asyncdl.ui.wording import size_text

_LEAST_BYTES, _SMALL_BYTES = 100_000_000, 5_000_000_000
_LEAST_INODES, _FEW_INODES = 1_000, 100_000
_SLOW_SYNC_MS = 250
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ELSEWHERE = "choose a folder elsewhere with --out DIR"


@dataclass(frozen=True, slots=True)
class Room:
    """What an unprivileged user has left; ``inodes`` is None where the file system does not count them."""

    free_bytes: int
    inodes: int | None


def nearest_folder(out: Path) -> Path | None:
    """Answer ``out`` or the nearest thing above it that exists; None where that is no folder."""
    for path in (out.absolute(), *out.absolute().parents):
        if os.path.lexists(path):
            return path if path.is_dir() else None
    return None


def check_writing(out: Path) -> Finding:
    """Write, sync and remove a small file where the data set lives or would be made."""
    folder = nearest_folder(out)
    if folder is None:
        return Finding("folder", Level.FAULT, f"{out}: something that is no folder is in the way", _ELSEWHERE)
    started = monotonic()
    try:
        _write_durably(folder / f".asyncdl-doctor-{uuid.uuid4().hex[:8]}.part")
    except OSError as error:
        what = f"{folder} cannot be written durably: {error.strerror or error}"
        return Finding("folder", Level.FAULT, what, f"mend its permissions, or {_ELSEWHERE}")
    return judge_writing(out, round((monotonic() - started) * 1000))


def judge_writing(out: Path, took_ms: int) -> Finding:
    """Each clip costs a few such writes."""
    told = f"{out} can be written; a durable write takes {took_ms:,} ms"
    slow = Remark(Level.NOTE, "that is slow", f"a local disk is faster: {_ELSEWHERE}")
    return gather("folder", told, [slow] if took_ms > _SLOW_SYNC_MS else [])


def check_room(out: Path) -> Finding:
    """Ask the file system of the data set how much is left."""
    folder = nearest_folder(out)
    if folder is None:
        return Finding("disk", Level.NOTE, "not looked at: there is no folder")
    try:
        told = os.statvfs(folder)
    except OSError as error:
        return Finding("disk", Level.WARNING, f"cannot be asked: {error.strerror}", _ELSEWHERE)
    return judge_room(Room(told.f_bavail * told.f_frsize, told.f_favail if told.f_files else None))


def judge_room(room: Room) -> Finding:
    """Judge without knowing the list: what ``run`` needs it says itself."""
    inodes = "" if room.inodes is None else f", {room.inodes:,} files"
    return gather("disk", f"room for {size_text(room.free_bytes)}{inodes}", _scarcity(room))


def _scarcity(room: Room) -> Iterator[Remark]:
    mend = f"free some, or {_ELSEWHERE}"
    if room.free_bytes < _SMALL_BYTES:
        level = Level.FAULT if room.free_bytes < _LEAST_BYTES else Level.WARNING
        yield Remark(level, "little space", mend)
    if room.inodes is not None and room.inodes < _FEW_INODES:
        level = Level.FAULT if room.inodes < _LEAST_INODES else Level.WARNING
        yield Remark(level, "few files can still be made", mend)


def _write_durably(path: Path) -> None:
    fd = REAL_FILES.open(path, _CREATE)
    try:
        try:
            write_all(REAL_FILES, fd, b"asyncdl doctor\n")
            REAL_FILES.fsync(fd)
        finally:
            REAL_FILES.close(fd)
    finally:
        with suppress(OSError):
            REAL_FILES.unlink(path)
    sync_folder(path.parent)
