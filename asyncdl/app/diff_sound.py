"""Listens to clips that two data sets hold with other bytes: decodes both and compares the samples."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from asyncdl.core.difference import Difference, Verdict, sound_distance
from asyncdl.core.events import ClipStored
from asyncdl.core.export import StoredClip
from asyncdl.core.hearing import Heard, Hearing
from asyncdl.core.holdings import Holdings
from asyncdl.core.layout import clip_path
from asyncdl.core.model import ClipSpec, Segment
from asyncdl.exporting.sound import ClipReader, Unfit
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import OutcomeTable
from asyncdl.runtime.replay import replay


def hearings(difference: Difference, root_a: Path, root_b: Path) -> Iterator[Hearing]:
    """Compare every pair of other bytes, in order; as many at once as there are cores.

    Raises ``JournalFault`` and ``EnvironmentFault``.
    """
    is_other = difference.verdicts == Verdict.OTHER_SOUND
    if not is_other.any():
        return
    with (
        _Shelf(root_a, difference.a, difference.split_names) as shelf_a,
        _Shelf(root_b, difference.b, difference.split_names) as shelf_b,
    ):
        jobs: Iterator[Callable[[], Hearing]] = (
            _Pair(shelf_a.reader, shelf_b.reader, shelf_a.clip_at(at_a), shelf_b.clip_at(at_b)).listen
            for at_a, at_b, _ in difference.places_of(is_other)
        )
        yield from _side_by_side(jobs)


class _Shelf:
    """The clips of one data set, by their places in its columns; keeps files open until it is left."""

    def __init__(self, root: Path, holdings: Holdings, split_names: tuple[str, ...]) -> None:
        ledger = replay(journal_of(root)).ledger
        self.reader = ClipReader(root)
        self._table = OutcomeTable(journal_of(root), ledger)
        self._extension = (ledger.spec or ClipSpec()).extension
        self._holdings = holdings
        self._split_names = split_names

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._table.__exit__()

    def clip_at(self, place: int) -> StoredClip | Segment:
        """Find a clip; its segment alone where it was lost since the columns were made."""
        ytid, span = self._holdings.span_at(place)
        segment = Segment(ytid, span, self._split_names[self._holdings.splits[place]])
        stored = self._table.outcome_of(segment.key)
        if not isinstance(stored, ClipStored):
            return segment
        path = clip_path(segment, self._extension)
        return StoredClip(segment, stored.clip, path, stored.ref, stored.at_ms)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two clips of one segment, and who reads them."""

    reader_a: ClipReader
    reader_b: ClipReader
    a: StoredClip | Segment
    b: StoredClip | Segment

    def listen(self) -> Hearing:
        """Decode both."""
        split = self.a.split if isinstance(self.a, Segment) else self.a.segment.split
        if isinstance(self.a, Segment) or isinstance(self.b, Segment):
            side = "A" if isinstance(self.a, Segment) else "B"
            return Hearing(self.a.key, split, Heard.UNREAD, reason=f"{side}: the clip was lost meanwhile")
        shapes = [(one.clip.sample_rate, one.clip.samples, one.clip.channels) for one in (self.a, self.b)]
        if shapes[0] != shapes[1]:
            told = " and ".join(f"{rate} Hz, {samples} x {channels}" for rate, samples, channels in shapes)
            return Hearing(self.a.key, split, Heard.OTHER_SHAPE, reason=told)
        side = "A"
        try:
            mine = self.reader_a.sound_of(self.a)
            side = "B"
            theirs = self.reader_b.sound_of(self.b)
        except Unfit as unfit:
            return Hearing(self.a.key, split, Heard.UNREAD, reason=f"{side}: {unfit}")
        largest, rms = sound_distance(mine, theirs)
        heard = Heard.SAME_SAMPLES if largest == 0 else Heard.OTHER_SAMPLES
        return Hearing(self.a.key, split, heard, largest, rms)


def _side_by_side(jobs: Iterator[Callable[[], Hearing]]) -> Iterator[Hearing]:
    """Do them in threads, with few under way; decoding and hashing leave the interpreter to others."""
    cores = len(os.sched_getaffinity(0))
    under_way: deque[Future[Hearing]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        for job in jobs:
            under_way.append(pool.submit(job))
            if len(under_way) > 2 * cores:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
