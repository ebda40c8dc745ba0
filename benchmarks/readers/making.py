"""The data set that is exported: strange on purpose, and recorded by the real journal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from asyncdl.core import layout
from asyncdl.core.events import (
    ClipStored,
    GaveUp,
    RowRejected,
    RowSelected,
    RunEnded,
    RunStarted,
    Source,
    SourceAdded,
)
from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import Clip, ClipSpec, Failure, RejectedRow, Row, RowRef, Segment, Span
from asyncdl.labels import load_labels
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.journal import RunJournal
from readers.truth import SPLITS, DataSet, Truth

STRONG_ONLY = ("/m/0174k2", "/t/dd00141")

ROWS_APART = 67
"""List lines between two clips, so that some stand beyond row 5000."""
_HEADS = ("-", "_", "a", "b", "--", "__")
_LAST = "048AEIMQUYcgkosw"
_FIRST_LINE, REJECTED_LINE = 4, 5
_AT_MS = 1_700_000_000_000
_LOUD, _SILENT, _SHORT_EVERY, _UNLABELLED = 5, 8, 25, 9


def segment_of(number: int, split: str) -> Segment:
    """One to four labels, every tenth with one of the strong lists more; half have events."""
    head = _HEADS[number % len(_HEADS)]
    ytid = f"{head}{f'Clp{number:05d}':>{10 - len(head)}}{_LAST[number % len(_LAST)]}".replace(" ", "z")
    classes = load_labels().classes
    mids = {classes[(number * 31 + step * 97) % 527].mid for step in range(1 + number % 4)}
    if number % 10 == _UNLABELLED:
        mids = {STRONG_ONLY[0]} if number == _UNLABELLED else mids | {STRONG_ONLY[1]}
    seconds = 10 if number % _SHORT_EVERY != _SHORT_EVERY - 1 else 1 + number % 9
    labels, start_ms = tuple(sorted(mids)), 10_000 * (number % 30)
    columns = events_column(number, labels, seconds)
    return Segment(ytid, Span(start_ms, start_ms + 1000 * seconds), split, labels, columns)


def events_column(number: int, mids: tuple[str, ...], seconds: int) -> tuple[tuple[str, str], ...]:
    """Each label sounds once or twice, in a clip that a strong list named."""
    if number % 2 == 0 and number % 10 != _UNLABELLED:
        return ()
    found = []
    for at, mid in enumerate(mids):
        found.append([0.013 * at, round(0.4 + 0.101 * at, 3), mid])
        if at % 2:
            found.append([0.6, float(seconds), mid])
    return (("events", json.dumps(found)),)


def kind_of(number: int) -> tuple[int, int]:
    """Rate in Hz and channels: all four of the usual ones."""
    return (44_100, 48_000)[number % 2], 1 + number // 2 % 2


def samples_of(number: int, seconds: float) -> npt.NDArray[np.int16]:
    """Make a tone of its own over noise; one clip is silent, one at full scale, shape (samples, channels)."""
    rate, channels = kind_of(number)
    rng = np.random.default_rng(number)
    times_s = np.arange(round(rate * seconds)) / rate
    if number == _SILENT:
        return np.zeros((len(times_s), channels), np.int16)
    if number == _LOUD:
        return rng.choice(np.array([-32_768, 32_767], np.int16), (len(times_s), channels))
    tone = np.sin(2 * np.pi * (150 + 29 * number) * times_s) * (0.6 + 0.4 * np.sin(2 * np.pi * times_s))
    sides = tone[:, None] * np.linspace(11_000, 7_000, channels)
    return np.rint(sides + rng.normal(0, 40, (len(times_s), channels))).astype(np.int16)


def make_clip(root: Path, chosen: tuple[int, Segment]) -> Clip:
    """Write one FLAC file, and say of it what a run would have recorded."""
    number, segment = chosen
    path = root / layout.clip_path(segment, "flac")
    path.parent.mkdir(parents=True, exist_ok=True)
    rate, channels = kind_of(number)
    samples = samples_of(number, segment.span.duration_ms / 1000)
    soundfile.write(path, samples, rate)
    data = path.read_bytes()
    return Clip(
        size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        samples=len(samples),
        sample_rate=rate,
        channels=channels,
        padded_samples=0,
        is_silent=number == _SILENT,
        format_id=("140", "251")[number % 2],
        source_rate=rate,
        whole_file=False,
        tool_version="yt-dlp 2026.10.26",
        title=f'Film "{number}", part / 1',
    )


async def make_data_set(root: Path, clips: int) -> DataSet:
    """Write ``clips`` whole clips, one that is cut after its record, and rows of four that never came."""
    segments = [segment_of(number, SPLITS[number >= clips // 2]) for number in range(clips + 5)]
    refs = [_ref_of(number, clips // 2) for number in range(len(segments))]
    with ProcessPoolExecutor(2) as pool:
        made = list(pool.map(partial(make_clip, root), enumerate(segments[: clips + 1]), chunksize=8))
    await _record(root, segments, refs, made)
    cut = root / layout.clip_path(segments[clips], "flac")
    cut.write_bytes(cut.read_bytes()[: made[clips].size_bytes // 2])
    truths = tuple(
        _truth(root, number, segments[number], refs[number].line - _FIRST_LINE, made[number])
        for number in range(clips)
    )
    return DataSet(root, truths, segments[clips], tuple(segments[clips + 1 : -2]), tuple(segments[-2:]))


def _ref_of(number: int, second_split: int) -> RowRef:
    source = int(number >= second_split)
    return RowRef(source, _FIRST_LINE + ROWS_APART * (number - source * second_split))


def _truth(root: Path, number: int, segment: Segment, row: int, clip: Clip) -> Truth:
    events = json.loads(dict(segment.columns).get("events", "[]"))
    times = tuple((float(start_s), float(end_s), str(mid)) for start_s, end_s, mid in events)
    return Truth(number, segment, root / layout.clip_path(segment, "flac"), row, clip, times)


async def _record(
    root: Path, segments: Sequence[Segment], refs: Sequence[RowRef], made: Sequence[Clip]
) -> None:
    """Tell of all rows and clips; the first two rows without a clip were given up."""
    journal = RunJournal(journal_of(root))
    journal_of(root).mkdir(parents=True)
    await journal.start(RunStarted("a run", 0, ClipSpec(), {}, "run eval.csv balanced_train.csv", {}), 1)
    for index, split in enumerate(SPLITS):
        await journal.append(SourceAdded(Source(index, f"{split}_segments.csv", split, str(index) * 64, 1)))
    rejected = RejectedRow(RowRef(0, REJECTED_LINE), "spreadsheet_id", '#NAME?,30,40,"/m/09x0r"')
    journal.note(RowRejected(rejected))
    for ref, segment in zip(refs, segments, strict=True):
        journal.note(RowSelected(Row(ref, segment)))
    for number, clip in enumerate(made):
        await journal.append(ClipStored(segments[number].key, refs[number], 0, 1, _AT_MS + number, clip))
    private = Failure(FailureKind.PRIVATE, "private", "ERROR: Private video,\nsign in")
    for number in range(len(made), len(made) + 2):
        await journal.append(GaveUp(segments[number].key, refs[number], 0, 1, _AT_MS, private))
    await journal.append(RunEnded(0, "finished"))
    await journal.close()
