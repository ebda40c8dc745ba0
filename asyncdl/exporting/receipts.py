"""What vouches for published shards: a small file each, written after the shard is durable.

A receipt tells of which clips and terms the shard was made. When both are the same again and the files are
there with their sizes, the shard is not made again: that is how a killed export goes on, and how one over a
data set that has grown makes only what is new.

Before a shard is written its receipt is *withdrawn*: it vouches for nothing, and names all that may be there
from now on. So each file of an export is vouched for, or named by a receipt for the sweep.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from asyncdl.core.export import LeftOut, Shard
from asyncdl.exporting.contract import Facts
from asyncdl.runtime.files import open_plain, replace_file

FOLDER = "receipts"
_WITHDRAWN = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """``files`` are paths in the export with their sizes; ``facts`` what the format wants to know."""

    shard: str
    digest: str
    clips: int
    files: tuple[tuple[str, int], ...]
    left_out: tuple[LeftOut, ...]
    facts: Facts


class Receipts:
    """The receipts of one export; ``state`` is its folder for such things, ``target`` where files go."""

    def __init__(self, state: Path, target: Path) -> None:
        self._folder = state / FOLDER
        self._target = target

    def write(self, receipt: Receipt) -> None:
        """Vouch for a shard; its files are durable. Those that were its own before are left to the sweep."""
        self._part_with(receipt)
        self._replace(receipt)

    def withdraw(self, shard: str, names: Iterable[str]) -> None:
        """Vouch for a shard no longer, durably; ``names`` may be written now, and the sweep is to know them.

        What the shard had before it goes on naming.
        """
        old = self.read(shard)
        files = {**dict.fromkeys(names, 0), **dict(old.files if old else ())}
        self._replace(Receipt(shard, _WITHDRAWN, 0, tuple(files.items()), (), {}))

    def find(self, shard: str, digest: str) -> Receipt | None:
        """Answer the receipt of a shard that need not be made again."""
        receipt = self.read(shard)
        if receipt is None or receipt.digest != digest or not self._is_there(receipt):
            return None
        return receipt

    def read(self, shard: str) -> Receipt | None:
        """Read a receipt, whatever it vouches for; None where there is no whole one."""
        return _read(self._path(shard))

    def files_of(self, shards: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Yield the files of some shards with their sizes; one receipt is in memory at a time."""
        for shard in shards:
            receipt = self.read(shard)
            yield from receipt.files if receipt is not None else ()

    def forget(self, shard: str) -> None:
        """Vouch for it no longer."""
        self._path(shard).unlink(missing_ok=True)

    def strangers(self, shards: frozenset[str]) -> Iterator[Receipt]:
        """Yield the receipts of shards that the plan of today does not have."""
        for path in sorted(self._folder.iterdir()):
            receipt = _read(path)
            if receipt is not None and receipt.shard not in shards:
                yield receipt

    def _part_with(self, receipt: Receipt) -> None:
        """Let the sweep know files of a shard that is made of other clips now; other shards may have them."""
        old, kept = self.read(receipt.shard), {name for name, _ in receipt.files}
        gone = [] if old is None else [file for file in old.files if self._is_left(file[0], kept)]
        if gone:
            name = f"before {receipt.shard}"
            known = self.read(name)
            files = dict([*(known.files if known else ()), *gone])
            self._replace(Receipt(name, "", 0, tuple(files.items()), (), {}))

    def _replace(self, receipt: Receipt) -> None:
        replace_file(self._path(receipt.shard), [orjson.dumps(asdict(receipt))])

    def _is_left(self, name: str, kept: set[str]) -> bool:
        return name not in kept and _size_of(self._target / name) >= 0

    def _is_there(self, receipt: Receipt) -> bool:
        return all(_size_of(self._target / name) == size for name, size in receipt.files)

    def _path(self, shard: str) -> Path:
        return self._folder / f"{hashlib.sha256(shard.encode()).hexdigest()[:24]}.json"


def digest_of(shard: Shard, settings: str, lines: Iterator[bytes]) -> str:
    """Say what a shard is made of: its place, what was asked for, and what is recorded of its clips."""
    digest = hashlib.sha256(orjson.dumps([asdict(shard), settings]))
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def _read(path: Path) -> Receipt | None:
    try:
        with open_plain(path) as file:
            told = orjson.loads(file.read())
        return Receipt(
            shard=str(told["shard"]),
            digest=str(told["digest"]),
            clips=int(told["clips"]),
            files=tuple((_below(name), int(size)) for name, size in told["files"]),
            left_out=tuple(LeftOut(**one) for one in told["left_out"]),
            facts=dict(told["facts"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _below(name: object) -> str:
    """Answer a path below the target; raises ``ValueError`` for any other, which no export has written."""
    parts = name.split("/") if isinstance(name, str) else [""]  # those of a ``Path`` would stay in memory
    if "" in parts or ".." in parts or "\0" in str(name):
        raise ValueError(name)
    return str(name)


def _size_of(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return -1
