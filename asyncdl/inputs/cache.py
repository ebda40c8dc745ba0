"""Known lists are fetched once from their public address into the user's cache."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from platformdirs import user_cache_path

from asyncdl.errors import DiskFull, EnvironmentFault, UsageError
from asyncdl.inputs.count import RowCount, count_rows
from asyncdl.inputs.known import BASE_URL, KnownList
from asyncdl.inputs.lines import fingerprint

CACHE_VARIABLE = "ASYNCDL_CACHE"
_TIMEOUT_S = (10.0, 30.0)  # to connect; between two blocks
_BLOCK_BYTES = 256 * 1024
_MOSTLY = 0.99

OnProgress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class CachedList:
    """A list in the cache; ``warning`` is for people, empty when the list is the known one."""

    path: Path
    warning: str = ""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where fetched lists are kept: ``ASYNCDL_CACHE``, else the user's cache folder."""
    chosen = environment.get(CACHE_VARIABLE)
    return Path(chosen).expanduser() if chosen else user_cache_path("asyncdl", appauthor=False)


def cached(
    known: KnownList, cache: Path, *, base_url: str = BASE_URL, on_progress: OnProgress | None = None
) -> CachedList:
    """Answer the cached list; fetch it first where it is not there.

    ``on_progress`` is told (bytes so far, bytes in all or None). Nothing but a whole list ever bears the
    final name. Raises ``EnvironmentFault`` or ``DiskFull`` with the address and another way.
    """
    import requests  # noqa: PLC0415 - ten megabytes, for a list that most often is there

    url = base_url.rstrip("/") + "/" + known.path
    target = cache / known.file_name
    try:
        cache.mkdir(parents=True, exist_ok=True)
        if not target.is_file():
            with _alone(cache):
                if not target.is_file():
                    _fetch(url, known, target, on_progress or _silent)
        return CachedList(target, _warning(known, target))
    except requests.RequestException as error:
        raise _fault(known, url, f"Cannot fetch {url}: {error}") from error
    except OSError as error:
        raise _disk_fault(cache, error) from error


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Let one program fetch at a time; the others then find the list."""
    with (cache / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(url: str, known: KnownList, target: Path, on_progress: OnProgress) -> None:
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            sha256 = _receive(url, known, file, on_progress)
            file.flush()
            os.fsync(file.fileno())
        if sha256 != known.sha256:
            _check(url, known, part)
        part.replace(target)
        _sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _receive(url: str, known: KnownList, file: BinaryIO, on_progress: OnProgress) -> str:
    """Write the body into ``file``; answer its SHA-256."""
    import requests  # noqa: PLC0415 - as above

    digest = hashlib.sha256()
    done_bytes = 0
    with requests.get(
        url, stream=True, timeout=_TIMEOUT_S, headers={"Accept-Encoding": "identity"}
    ) as answer:
        answer.raise_for_status()
        length = answer.headers.get("Content-Length", "")
        total_bytes = int(length) if length.isdecimal() else None
        for block in answer.iter_content(_BLOCK_BYTES):
            file.write(block)
            digest.update(block)
            done_bytes += len(block)
            if done_bytes > 4 * known.size_bytes:
                raise _fault(known, url, f"{url} sends far more than the list {known.name} holds")
            on_progress(done_bytes, total_bytes)
    return digest.hexdigest()


def _check(url: str, known: KnownList, part: Path) -> None:
    """Take an unknown copy only when it reads as a whole list."""
    try:
        count = count_rows(part, known.reader)
    except UsageError as error:
        raise _fault(known, url, f"{url} gave no list: {error.what}") from error
    if not _is_whole(known, count):
        raise _fault(
            known,
            url,
            f"{url} gave no whole list: {count.rows} rows, {count.rejected} unreadable lines, "
            f"{count.named_rows or 'no'} rows named in its header",
        )


def _is_whole(known: KnownList, count: RowCount) -> bool:
    """Judge an unknown copy; where no copy is known, a few rows that cannot be read are let pass."""
    if known.sha256:
        return bool(count.rows) and not count.rejected and count.named_rows in {None, count.rows}
    return count.rows >= _MOSTLY * known.rows and count.rejected <= count.rows * (1 - _MOSTLY)


def _warning(known: KnownList, target: Path) -> str:
    if not known.sha256 or fingerprint(target) == (known.sha256, known.size_bytes):
        return ""
    return (
        f"{target} is not the copy of {known.name} that asyncdl knows; it is used as it is. "
        "Delete it to fetch it again."
    )


def _fault(known: KnownList, url: str, what: str) -> EnvironmentFault:
    return EnvironmentFault(
        what,
        mend=f"Try again later, or fetch {url} by other means and give the path of that file "
        f"instead of {known.name}.",
    )


def _disk_fault(cache: Path, error: OSError) -> EnvironmentFault | DiskFull:
    mend = f"Set {CACHE_VARIABLE} to another folder, or give the path of a list file."
    what = f"Cannot keep lists in {cache}: {error.strerror or error}"
    return (DiskFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else EnvironmentFault)(what, mend=mend)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _silent(_done_bytes: int, _total_bytes: int | None) -> None:
    pass
