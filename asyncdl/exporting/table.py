"""The table of stored clips that an export works from: on disk, with a few numbers per clip in memory.

21 bytes a clip: 2 million take 44 MB. Worker processes open the same files.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt
import orjson

from asyncdl.core import layout
from asyncdl.core.encoding import decode, encode
from asyncdl.core.events import ClipStored
from asyncdl.core.export import StoredClip, plain_name
from asyncdl.core.keytable import KeyTable, hash_of
from asyncdl.core.model import Row
from asyncdl.core.row_encoding import decode_rows, encode_rows
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.files import telling

Number = TypeVar("Number", bound=np.unsignedinteger)
_LINES, _NUMBERS = "table.jsonl", "table.npz"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The clips of a split: ``count`` from number ``first`` of the export's order on."""

    split: str
    first: int
    count: int


class TableWriter:
    """Takes clips in the order of the lists; ``finish`` puts them in the order of the export."""

    def __init__(self, folder: Path, extension: str) -> None:
        self._folder, self._extension = folder, extension
        self._file = (folder / _LINES).open("wb")
        self._position = 0
        self._splits: dict[str, int] = {}
        self._videos = KeyTable()
        self._offsets, self._split_of, self._hashes = array("Q"), array("H"), array("Q")
        self._sizes, self._durations_ms = array("Q"), array("I")

    def add(self, row: Row, stored: ClipStored) -> None:
        """Append a clip."""
        line = orjson.dumps([encode_rows([row]), encode(stored)], option=orjson.OPT_APPEND_NEWLINE)
        with telling("writing", self._folder / _LINES):
            self._file.write(line)
        self._offsets.append(self._position)
        self._position += len(line)
        split, clip = row.segment.split, stored.clip
        self._split_of.append(self._splits.setdefault(split, len(self._splits)))
        self._hashes.append(hash_of(row.segment.key))
        self._sizes.append(clip.size_bytes)
        self._durations_ms.append(-(-clip.samples * 1000 // clip.sample_rate))
        self._videos.add(row.segment.ytid)

    def close(self) -> None:
        """Let go of the file, whole or not; raises ``DiskFull`` where its last bytes find no room."""
        with telling("writing", self._folder / _LINES):
            self._file.close()

    def finish(self, seed: int | None) -> Table:
        """Order by split, in it by a hash of ``seed`` and key, or as in the lists where there is no seed."""
        self.close()
        split_of = _column(self._split_of, np.uint16)
        rank = np.arange(len(split_of)) if seed is None else _mixed(self._hashes, seed)
        order = np.lexsort((rank, split_of))
        numbers: dict[str, Any] = {
            "offsets": _column(self._offsets, np.uint64)[order],
            "sizes": _column(self._sizes, np.uint64)[order],
            "durations_ms": _column(self._durations_ms, np.uint32)[order],
            "counts": np.bincount(split_of, minlength=len(self._splits)),
            "splits": np.array(list(self._splits), dtype="S64"),
            "extension": np.array(self._extension, dtype="S8"),
            "one_per_video": np.array(len(self._videos) == len(split_of)),
        }
        with telling("writing", self._folder / _NUMBERS):
            np.savez(self._folder / _NUMBERS, allow_pickle=False, **numbers)
        return Table(self._folder)


class Table:
    """Reads clips by their numbers in the export's order; a context manager, since it keeps a file open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with telling("reading", folder), np.load(folder / _NUMBERS) as numbers:
            self._offsets: npt.NDArray[np.uint64] = numbers["offsets"]
            self.sizes: npt.NDArray[np.uint64] = numbers["sizes"]
            self.durations_ms: npt.NDArray[np.uint32] = numbers["durations_ms"]
            counts = numbers["counts"].tolist()
            splits = [name.decode() for name in numbers["splits"].tolist()]
            self.extension = numbers["extension"].item().decode()
            self.is_one_per_video = bool(numbers["one_per_video"])
        self.stretches = tuple(_stretches(splits, counts))
        self._file = (folder / _LINES).open("rb")

    def __len__(self) -> int:
        return len(self._offsets)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def row_bytes(self) -> npt.NDArray[np.int64]:
        """Bytes that each clip takes in the table: what its list and its record say of it."""
        starts = np.sort(self._offsets)
        ends = np.append(starts[1:], np.uint64((self.folder / _LINES).stat().st_size))
        sizes = (ends - starts).astype(np.int64)
        return sizes[np.searchsorted(starts, self._offsets)]

    def lines(self, first: int, count: int) -> Iterator[bytes]:
        """Yield clips as they stand in the file, which is what the receipts are about."""
        for offset in self._offsets[first : first + count].tolist():
            self._file.seek(offset)
            yield self._file.readline()

    def clips(self, first: int = 0, count: int | None = None) -> Iterator[StoredClip]:
        """Yield clips, one at a time in memory."""
        for line in self.lines(first, len(self) - first if count is None else count):
            yield self._clip(line)

    def clips_of(self, split: str) -> Iterator[StoredClip]:
        """Yield the clips of a split, in the order of the export."""
        for stretch in self.stretches:
            if stretch.split == split:
                yield from self.clips(stretch.first, stretch.count)

    def name_of(self, clip: StoredClip) -> str:
        """Name a clip by its video, or by its key where a video has several."""
        return plain_name(clip, is_one_per_video=self.is_one_per_video)

    def _clip(self, line: bytes) -> StoredClip:
        row_fields, clip_fields = orjson.loads(line)
        rows, stored = decode_rows(row_fields), decode(clip_fields)
        if not isinstance(stored, ClipStored):
            raise EnvironmentFault(f"{self.folder / _LINES} changed while it was read")
        segment = rows.rows[0].segment
        path = layout.clip_path(segment, self.extension)
        return StoredClip(segment, stored.clip, path, rows.rows[0].ref, stored.at_ms)


def _column(values: array[int], dtype: type[Number]) -> npt.NDArray[Number]:
    return np.frombuffer(values, dtype) if values else np.empty(0, dtype)  # numpy refuses an empty buffer


def _mixed(hashes: array[int], seed: int) -> npt.NDArray[np.uint64]:
    """Rank that a seed and a key decide alone, whatever else is in the list (splitmix64)."""
    mixed = np.array(_column(hashes, np.uint64))
    with np.errstate(over="ignore"):
        mixed += np.uint64((seed * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) % (1 << 64))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _stretches(splits: Sequence[str], counts: Sequence[int]) -> Iterator[Stretch]:
    first = 0
    for split, count in zip(splits, counts, strict=True):
        yield Stretch(split, first, count)
        first += count
