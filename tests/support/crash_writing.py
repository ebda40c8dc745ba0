"""A data set at work over a traced folder: clips made of nothing, stored by the real code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from asyncdl.core import layout
from asyncdl.core.events import ClipStored, Event, RowSelected, RunEnded, RunStarted
from asyncdl.core.model import Clip, ClipSpec, Row, RowRef, Segment, Span
from asyncdl.runtime.files import make_folders, publish
from asyncdl.runtime.journal import RunJournal
from support.crash_oracles import fact_of, sha256_of
from support.crash_trace import Op, TracedFiles

HEADER = RunStarted("run", 0, ClipSpec(), {"concurrency": 8}, "run eval", {"asyncdl": "0"})
END = RunEnded(1, "done")
CLIP_BYTES = 1200
Publish: TypeAlias = Callable[[Path, Path, Path, TracedFiles], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A clip that exists in memory only."""

    row: RowSelected
    content: bytes
    stored: ClipStored

    @property
    def path(self) -> str:
        """Where it is to stand in the data set folder."""
        return layout.clip_path(self.row.row.segment, "flac")


def made(number: int, round_: int = 0, size_bytes: int = CLIP_BYTES) -> Made:
    """Make clip ``number`` of its round; no two have the same content, and none holds a sector of zeros."""
    segment = Segment(f"{number:011d}", Span(0, 10_000), f"split{number % 2}", ("/m/09x0r",))
    ref = RowRef(0, number + 1)
    content = (b"clip %d of round %d, " % (number, round_) * (size_bytes // 18))[:size_bytes]
    clip = Clip(size_bytes, sha256_of(content), 441_000, 44_100, 1, 0, False, "140", 44_100, False, "x", None)
    return Made(RowSelected(Row(ref, segment)), content, ClipStored(segment.key, ref, round_, 1, 0, clip))


@dataclass(slots=True)
class Traced:
    """A data set folder at work: ``clips`` are (path, content) by SHA-256, for the oracle."""

    root: Path
    publish: Publish = publish
    files: TracedFiles = field(init=False)
    clips: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True)
        self.files = TracedFiles(self.root)
        self.files.mkdir(self.parts)

    @property
    def journal(self) -> Path:
        return self.root / layout.JOURNAL

    @property
    def parts(self) -> Path:
        return self.root / layout.PARTS

    @property
    def ops(self) -> list[Op]:
        return self.files.ops

    def take_over(self, first: Traced, calls: int) -> None:
        """Stand, as the next writer finds it, where that of ``first`` was killed after so many calls."""
        begun = len(self.ops)
        assert first.ops[:begun] == self.ops
        self.files.take_over(first.ops[begun:calls])
        self.clips.update(first.clips)

    def store(self, clip: Made) -> None:
        """Write the part and publish it."""
        part = self.parts / f"{clip.stored.key}.{clip.stored.round}.flac"
        self.files.write_file(part, clip.content)
        self.clips[clip.stored.clip.sha256] = (clip.path, clip.content)
        self.publish(part, self.root / clip.path, self.root, self.files)


@dataclass(slots=True)
class Writing:
    """A journal being written, whose acknowledgements are traced."""

    journal: RunJournal
    files: TracedFiles

    async def append(self, *events: Event) -> None:
        """Append all in one batch; tell of each when its ``append`` has returned."""
        if len(events) == 1:
            await self._append(events[0])
            return
        held, go_on, before = threading.Event(), threading.Event(), self.files.before
        self.files.before = lambda call: _hold(held, go_on) if call == "write" else None
        first = asyncio.create_task(self._append(events[0]))
        await asyncio.to_thread(held.wait, 20)
        rest = [asyncio.create_task(self._append(event)) for event in events[1:]]
        await asyncio.sleep(0)
        self.files.before = before
        go_on.set()
        await asyncio.gather(first, *rest)

    def tell_rows(self, clips: Sequence[Made]) -> None:
        """Rows are durable no later than an event appended after them."""
        for clip in clips:
            self.files.tell(fact_of(clip.row, is_in_rows=True))

    async def end(self) -> None:
        """End cleanly: both files say so."""
        await self.append(END)
        self.files.tell(fact_of(END, is_in_rows=True))
        await self.journal.close()

    async def _append(self, event: Event) -> None:
        await self.journal.append(event)
        self.files.tell(fact_of(event))


def _hold(held: threading.Event, go_on: threading.Event) -> None:
    held.set()
    assert go_on.wait(20)


async def start_run(data: Traced, seq: int, *, padding: int = 0) -> Writing:
    """Begin a run file as ``run`` does; ``padding`` moves what follows against the sectors."""
    header = replace(HEADER, options={"padding": "x" * padding})
    make_folders(data.journal, data.root, data.files)
    journal = RunJournal(data.journal, files=data.files, rows_flush_s=60.0)
    await journal.start(header, seq)
    data.files.tell(fact_of(header))
    return Writing(journal, data.files)


async def record(data: Traced, writing: Writing, clips: Sequence[Made]) -> None:
    """Publish these clips, then journal them in one batch; rows are noted before."""
    for clip in clips:
        writing.journal.note(clip.row)
    for clip in clips:
        data.store(clip)
    await writing.append(*(clip.stored for clip in clips))
    writing.tell_rows(clips)
