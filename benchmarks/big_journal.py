"""A data set of any number of settled segments, as the real encoding writes it, for measuring journals."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from asyncdl.core.encoding import encode
from asyncdl.core.events import (
    ClipStored,
    Event,
    GaveUp,
    RowSelected,
    RowsNoted,
    RunEnded,
    RunStarted,
    Source,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Clip, ClipSpec, Failure, Row, RowRef, Segment, Span
from asyncdl.core.records import pack, seal
from asyncdl.core.row_encoding import gathered, note_of
from asyncdl.inputs import reader
from asyncdl.inputs.lines import fingerprint
from asyncdl.runtime.finding import journal_of

FULL = 2_041_789
_BATCH = 64
_SPLIT = "unbalanced_train"


def source_of(path: Path | None) -> Source:
    """Say what the data set calls its list; without a file the list is made up."""
    if path is None:
        return Source(0, _SPLIT, _SPLIT, "0" * 64, 0)
    return Source(0, path.name, _SPLIT, *fingerprint(path))


def rows_of(path: Path | None, source: Source, count: int) -> Iterator[Row]:
    """Yield the first rows of a list, or made-up ones of the same shape."""
    if path is None:
        for line in range(4, count + 4):
            ytid, labels = f"{line:011d}", ("/m/09x0r", "/m/04rlf")[: 1 + line % 2]
            yield Row(RowRef(0, line), Segment(ytid, Span(30_000, 40_000), _SPLIT, labels))
        return
    found = (row for row in reader("audioset_weak").rows(path, source, _no_line) if isinstance(row, Row))
    yield from islice(found, count)


def settled(row: Row) -> ClipStored | GaveUp:
    """Say what became of a row: stored, and one in a hundred given up."""
    key, number = row.segment.key, row.ref.line
    if not number % 100:
        text = f"ERROR: [youtube] {row.segment.ytid}: Video unavailable. This video has been removed"
        failure = Failure(FailureKind.REMOVED, "removed_by_uploader", text)
        return GaveUp(key, row.ref, 0, 1, 1_763_715_000_000 + number, failure)
    clip = Clip(
        size_bytes=300_000 + number % 50_000,
        sha256=hashlib.sha256(key.encode()).hexdigest(),
        samples=441_000,
        sample_rate=44_100,
        channels=2,
        padded_samples=0,
        is_silent=False,
        format_id="140",
        source_rate=44_100,
        whole_file=False,
        tool_version="yt-dlp 2026.10.26, ffmpeg 7.1",
        title=f"Video {row.segment.ytid} with a title of usual length",
    )
    return ClipStored(key, row.ref, 0, 1, 1_763_715_000_000 + number, clip)


def write(root: Path, rows: Iterable[Row], source: Source) -> None:
    """Write the journal of one run that settled all rows."""
    folder = journal_of(root)
    folder.mkdir(parents=True)
    stem = "000001-" + "5a" * 16
    start = RunStarted("a run", 0, ClipSpec(), {"concurrency": 8}, "run", {"asyncdl": "0"})
    with (folder / f"{stem}.jsonl").open("wb") as events, (folder / f"{stem}.rows.jsonl").open("wb") as noted:
        told, written = _Lines(events.write), _Lines(noted.write)
        told.add(_packed([start, SourceAdded(source)]))
        left = iter(rows)
        while batch := list(islice(left, _BATCH)):
            written.add(list(gathered(note_of(RowSelected(row)) for row in batch)))
            told.add(_packed([RowsNoted(written.count), *map(settled, batch)]))
        end = [RunEnded(0, "finished")]
        written.add(_packed(end))
        told.add(_packed([RowsNoted(written.count)]))
        told.add(_packed(end))


class _Lines:
    """Numbers and signs records; each batch is acknowledged before the next."""

    def __init__(self, write_bytes: object) -> None:
        self._write = write_bytes
        self.count = 0

    def add(self, packed: Sequence[bytes]) -> None:
        first = self.count + 1
        assert callable(self._write)
        self._write(b"".join(seal(part, q, self.count) for q, part in enumerate(packed, first)))
        self.count += len(packed)


def _packed(events: Sequence[Event]) -> list[bytes]:
    return [pack(encode(event)) for event in events]


def _no_line(_line: int, /) -> bool:
    return False
