"""``asyncdl select --eval-rate``: the chosen clips as three lists, in the form of those they come from."""

from __future__ import annotations

import json
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from asyncdl.app.choosing import choose
from asyncdl.app.select import Selected, selected
from asyncdl.core.columns import USUAL
from asyncdl.core.events import Source
from asyncdl.core.keytable import KeyTable
from asyncdl.core.model import Row, Segment
from asyncdl.core.rows import parse_row
from asyncdl.core.selection import SelectionSettings
from asyncdl.core.stratify import Part, SplitSettings, Videos, split
from asyncdl.core.strong_rows import EVENTS, OTHER_FRAMES, PRESENT
from asyncdl.core.table_columns import BY_HEADER, TableColumns
from asyncdl.errors import UsageError
from asyncdl.inputs.audioset_strong import READER as STRONG_READER
from asyncdl.inputs.audioset_strong import read_head
from asyncdl.inputs.cache import OnProgress
from asyncdl.inputs.sources import ListFile, resolve

_IN_MEMORY_BYTES = 16 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024
_STRONG_HEADER = b"segment_id\tstart_time_seconds\tend_time_seconds\tlabel"
_FRAMED_HEADER = _STRONG_HEADER + b"\tpresent"


@dataclass(frozen=True)
class SplitList:
    """One of the three lists: how many clips it holds, and its bytes."""

    part: Part
    clips: int
    content: Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Splits:
    """The three lists; ``of_segments`` and ``rejected`` tell of the lists they come from."""

    lists: tuple[SplitList, ...]
    of_segments: int
    rejected: int


def part_path(target: Path, part: Part) -> Path:
    """Name a part's list: ``dogs.csv.gz`` becomes ``dogs.train.csv.gz``."""
    packed = target.suffix if target.suffix.lower() == ".gz" else ""
    plain = target.with_name(target.name.removesuffix(packed))
    return target.with_name(f"{plain.stem}.{part.word}{plain.suffix}{packed}")


@contextmanager
def split_lists(
    sources: Sequence[str],
    selection: SelectionSettings,
    limit: int | None,
    settings: SplitSettings,
    cache: Path,
    tell: Callable[[str], None],
    on_progress: OnProgress | None = None,
    columns: TableColumns = BY_HEADER,
) -> Iterator[Splits]:
    """Choose clips, split them, and hold the lists for the length of a block.

    Raises ``UsageError`` where weak and strong lists are mixed, and what ``selected`` raises.
    """
    files = [resolve(source, cache, on_progress=on_progress, columns=columns) for source in sources]
    header = _common_header(files)
    with ExitStack() as held:
        if header:
            found = held.enter_context(_strong_selected(files, selection, limit, cache, tell, on_progress))
        else:
            found = held.enter_context(selected(sources, selection, limit, cache, tell, on_progress, columns))
        parts = [Selected(held.enter_context(_spool()), found.names) for _ in Part]
        (_deal_strong if header else _deal_weak)(found, parts, settings)
        for part in Part:
            if not parts[part].segments:
                tell(f"{part.word} is empty: {found.segments:,} segments are too few for --eval-rate.")
        yield Splits(
            tuple(SplitList(part, parts[part].segments, _content(parts[part], header)) for part in Part),
            found.of_segments,
            found.rejected,
        )


def _common_header(files: Iterable[ListFile]) -> bytes:
    """Answer the header of strong lists, empty for all others."""
    headers = set[bytes]()
    for file in files:
        if file.reader is not STRONG_READER:
            headers.add(b"")
        else:
            headers.add(_STRONG_HEADER if read_head(file.path)[0].present is None else _FRAMED_HEADER)
    if len(headers) > 1:
        raise UsageError(
            "--eval-rate: weak and strong lists, or framed and unframed ones, are not split into one.",
            mend="Split each kind by itself.",
        )
    return headers.pop()


@contextmanager
def _strong_selected(
    files: Sequence[ListFile],
    selection: SelectionSettings,
    limit: int | None,
    cache: Path,
    tell: Callable[[str], None],
    on_progress: OnProgress | None,
) -> Iterator[Selected]:
    """Choose among strong lists; a clip's rows are its events."""
    for file in files:
        if file.warning:
            tell(file.warning)
    choice = choose(files, selection, limit, cache, tell, on_progress)
    rejected = sum(map(len, choice.survey.rejected))
    with _spool() as rows:
        found = Selected(rows, (), of_segments=choice.survey.segments, rejected=rejected)
        for file, mask in zip(files, choice.masks(choice.picks), strict=True):
            for segment in _chosen(file, mask):
                found.add(segment, strong_lines(segment))
        yield found


def _chosen(file: ListFile, mask: bytearray) -> Iterator[Segment]:
    nobodys = Source(index=0, name=file.name, split=file.split, sha256="", size_bytes=0)
    for row in file.reader.rows(file.path, nobodys, lambda line: line >= len(mask) or not mask[line]):
        if isinstance(row, Row) and row.ref.line < len(mask) and mask[row.ref.line]:
            yield row.segment


def strong_lines(segment: Segment) -> bytes:
    """Write a clip's events as rows of a strong list, with the decimals of the list it came from."""
    columns = dict(segment.columns)
    rows = _cells(columns[EVENTS])
    if OTHER_FRAMES in columns:
        rows = [[*row, PRESENT] for row in rows] + _cells(columns[OTHER_FRAMES])
    segment_id = f"{segment.ytid}_{segment.span.start_ms}"
    return "\n".join("\t".join((segment_id, *row)) for row in rows).encode()


def _cells(text: str) -> list[list[str]]:
    cells: list[list[str]] = json.loads(text, parse_float=str, parse_int=str)
    return cells


class _VideoShelf:
    """Collects the videos of clips, and what labels their clips bear."""

    def __init__(self) -> None:
        self.ytids = KeyTable()
        self._clips, self._bearers, self._labels = array("i"), array("i"), array("i")
        self._numbers: dict[str, int] = {}

    def add(self, ytid: str, labels: Iterable[str]) -> None:
        """Take one clip."""
        video = self.ytids.add(ytid)
        if video == len(self._clips):
            self._clips.append(0)
        self._clips[video] += 1
        for label in set(labels):
            self._bearers.append(video)
            self._labels.append(self._numbers.setdefault(label, len(self._numbers)))

    def videos(self) -> Videos:
        """Answer all; labels are numbered by name, so that the order of rows does not matter."""
        place = {name: index for index, name in enumerate(sorted(self._numbers))}
        renamed = np.array([place[name] for name in self._numbers], dtype=np.int32)
        return Videos(
            hashes=np.array(self.ytids.hashes, dtype=np.uint64),
            clips=np.array(self._clips, dtype=np.int32),
            bearers=np.array(self._bearers, dtype=np.int32),
            labels=renamed[np.array(self._labels, dtype=np.int32)],
            label_count=len(place),
        )


def _deal_weak(found: Selected, parts: Sequence[Selected], settings: SplitSettings) -> None:
    shelf = _VideoShelf()
    for segment, _ in _weak_rows(found):
        shelf.add(segment.ytid, segment.labels)
    part_of = split(shelf.videos(), settings)
    for segment, line in _weak_rows(found):
        parts[part_of[shelf.ytids.find(segment.ytid)]].add(segment, line)


def _weak_rows(found: Selected) -> Iterator[tuple[Segment, bytes]]:
    found.rows.seek(0)
    for line in found.rows:
        row = line.removesuffix(b"\n")
        segment = parse_row(row, USUAL, "")
        if not isinstance(segment, Segment):
            raise TypeError(f"a row that was written as a segment is none: {row!r}")
        yield segment, row


def _deal_strong(found: Selected, parts: Sequence[Selected], settings: SplitSettings) -> None:
    shelf = _VideoShelf()
    for segment_id, lines in _clips_of(found):
        shelf.add(segment_id[:11], _labels_of(lines))
    part_of = split(shelf.videos(), settings)
    for segment_id, lines in _clips_of(found):
        part = parts[part_of[shelf.ytids.find(segment_id[:11])]]
        part.rows.writelines(lines)
        part.segments += 1


def _labels_of(lines: Iterable[bytes]) -> Iterator[str]:
    for line in lines:
        label, *word = line.decode().rstrip("\n").split("\t")[3:]
        if word in ([], [PRESENT]):
            yield label


def _clips_of(found: Selected) -> Iterator[tuple[str, list[bytes]]]:
    found.rows.seek(0)
    for segment_id, lines in groupby(found.rows, lambda line: line.partition(b"\t")[0]):
        yield segment_id.decode(), list(lines)


def _content(part: Selected, header: bytes) -> Callable[[], Iterator[bytes]]:
    def strong() -> Iterator[bytes]:
        yield header + b"\n"
        part.rows.seek(0)
        while block := part.rows.read(_BLOCK_BYTES):
            yield block

    return strong if header else part.content


def _spool() -> tempfile.SpooledTemporaryFile[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)
