"""Physical lines of a list, plain or gzipped, streamed within fixed memory."""

from __future__ import annotations

import gzip
import hashlib
import os
import stat
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from asyncdl.core.rows import MAX_LINE_BYTES
from asyncdl.errors import EnvironmentFault, UsageError

# A block and the cap of a line bound what is held: no line from here is longer than both together.
_BLOCK_BYTES = 64 * 1024
_HASH_BLOCK_BYTES = 1024 * 1024
_GZIP = b"\x1f\x8b"
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"\xfd7zXZ\x00": "compressed with xz",
    b"BZh": "compressed with bzip2",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


def physical_lines(path: Path, most_bytes: int = MAX_LINE_BYTES) -> Iterator[bytes]:
    """Yield each line without its line feed; gzip is told by its first bytes, not by the name.

    A line beyond ``most_bytes`` comes cut somewhere after that size and its rest is skipped. Raises
    ``UsageError`` for what is no readable list; a gzip file that is cut or damaged raises after its last
    whole line. Raises ``EnvironmentFault`` when the disk fails.
    """
    head = b""
    for block in _blocks(path):
        pieces = block.split(b"\n")
        pieces[0] = head + pieces[0]
        head = pieces.pop()[: most_bytes + 1]
        yield from pieces
    if head:
        yield head


def open_list(path: Path) -> BufferedReader:
    """Open a regular file; never waits, as opening a FIFO would. Raises ``UsageError``."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unopened(path, error) from error
    file = os.fdopen(descriptor, "rb") if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    if file is None:
        os.close(descriptor)
        raise UsageError(f"{path} is not a regular file", mend="Write the list into a file and give that.")
    return file


def no_line(_line: int, /) -> bool:
    """Pass over nothing, for who reads a list whole."""
    return False


def fingerprint(path: Path) -> tuple[str, int]:
    """Answer SHA-256 in hex and size in bytes of a list as it lies on disk; raises as ``physical_lines``."""
    digest = hashlib.sha256()
    size_bytes = 0
    with open_list(path) as file:
        try:
            while block := file.read(_HASH_BLOCK_BYTES):
                digest.update(block)
                size_bytes += len(block)
        except OSError as error:
            raise _unread(path, error) from error
    return digest.hexdigest(), size_bytes


def count_rows_roughly(path: Path) -> int:
    """Count lines that are no comments, without reading them; for a progress bar."""
    lines = comments = 0
    for number, block in enumerate(_blocks(path)):
        comments += block.count(b"\n#") + (number == 0 and block.startswith(b"#"))
        lines += block.count(b"\n")
    return max(0, lines - comments)


def _unopened(path: Path, error: OSError | ValueError) -> UsageError:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return UsageError(
        f"Cannot open the list {path}: {why}", mend="Give the path of a list that you may read."
    )


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield the content in blocks, unpacked where it is gzip."""
    with open_list(path) as file:
        try:
            stream = gzip.GzipFile(fileobj=file) if file.peek(2).startswith(_GZIP) else file
            block = stream.read1(_BLOCK_BYTES)
            _refuse_foreign(path, block)
            while block:
                yield block
                block = stream.read1(_BLOCK_BYTES)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UsageError(
                f"The gzip file {path} is cut or damaged: {error}", mend="Fetch or copy the list again."
            ) from error
        except OSError as error:
            raise _unread(path, error) from error


def _unread(path: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"Cannot read {path}: {error.strerror}", mend="Check the disk, then start the same command again."
    )


def _refuse_foreign(path: Path, block: bytes) -> None:
    for magic, what in _FOREIGN.items():
        if block.startswith(magic):
            raise UsageError(f"{path} is {what}", mend="Save the list as UTF-8 text (CSV), plain or gzipped.")
