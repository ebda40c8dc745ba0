"""A program that dies at every point of publishing and journaling in turn, each time in a fresh folder.

    python -m support.crash_program die ORDER FOLDER STEP
    python -m support.crash_program finish ORDER FOLDER

Point n happens in ``FOLDER/n``: a child of this program stores two clips there, replaces one of them, writes
a list of them in one step, and dies at its n-th point; what the journal had acknowledged stands in
``FOLDER/n.acks``. The second form does the same work to its end in each of these folders. ``ORDER`` is a word
of ``ORDERS``: the right order of work, or a wrong one that a test must find.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import traceback
from dataclasses import dataclass, replace
from pathlib import Path

from asyncdl.core.events import ClipLost, ClipStored, Event, RowSelected, RunEnded
from asyncdl.core.layout import clip_path
from asyncdl.core.ledger import RowState
from asyncdl.core.model import Row, RowRef, Segment
from asyncdl.runtime.dataset import DataSet, open_for_writing
from asyncdl.runtime.files import publish, replace_file
from asyncdl.runtime.journal import RunJournal
from support.crashing_files import KILLED, CrashingFiles
from support.datasets import header
from support.fakes import a_clip, a_segment

ORDERS = ("right", "journal_first", "no_lost")
SEGMENTS = (a_segment(1), a_segment(2))


@dataclass
class Writer:
    """A run that makes clips out of nothing."""

    data_set: DataSet
    journal: RunJournal
    files: CrashingFiles
    order: str
    acks: Path

    async def store(self, number: int, content: bytes) -> None:
        segment, root = SEGMENTS[number], self.data_set.root
        ledger = self.data_set.ledger
        if ledger.state_of(segment.key) is RowState.STORED and self.order != "no_lost":
            await self.append(ClipLost(segment.key, ledger.round_of(segment.key), 0, "to be replaced"))
        part = self.data_set.parts / segment.key
        part.write_bytes(content)
        told = self._stored(segment, number, content)
        if self.order == "journal_first":
            await self.append(told)
        publish(part, root / clip_path(segment, "flac"), root, self.files)
        if self.order != "journal_first":
            await self.append(told)

    async def append(self, event: Event) -> None:
        await self.journal.append(event)
        with self.acks.open("a") as file:
            file.write(f"{type(event).__name__} {getattr(event, 'key', '')}\n")
        self.data_set.ledger.apply(event)

    def _stored(self, segment: Segment, number: int, content: bytes) -> ClipStored:
        digest = hashlib.sha256(content).hexdigest()
        clip = replace(a_clip(len(content)), sha256=digest)
        round_ = self.data_set.ledger.round_of(segment.key)
        return ClipStored(segment.key, RowRef(0, number + 1), round_, 1, 0, clip)


async def _work(root: Path, order: str, files: CrashingFiles) -> None:
    data_set = open_for_writing(root, f"run-{os.getpid()}")
    journal = RunJournal(data_set.journal, files=files)
    await journal.start(header(), data_set.replayed.last_seq + 1)
    writer = Writer(data_set, journal, files, order, root.with_suffix(".acks"))
    ledger = data_set.ledger
    for number, segment in enumerate(SEGMENTS):
        if not ledger.knows(segment.key):
            row = RowSelected(Row(RowRef(0, number + 1), segment))
            journal.note(row)
            ledger.apply(row)
        if ledger.state_of(segment.key) is not RowState.STORED:
            await writer.store(number, f"clip {number} of process {os.getpid()}".encode() * 9)
    await writer.store(0, b"another clip" * 9)
    replace_file(root / "manifest.jsonl", [b"a line\n" * 99], files)
    await journal.append(RunEnded(1, "finished"))
    await journal.close()
    data_set.close()


def _child(root: Path, order: str, at: int) -> int:
    """Work in a process of its own; answer its exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    code = 1
    try:
        asyncio.run(_work(root, order, CrashingFiles(at)))
        code = 0
    except BaseException:  # noqa: BLE001 - a forked child must not run on into its parent's code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Die at each STEP-th point until there is none left, or work to the end in each folder left by that."""
    mode, order, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if mode == "die":
        at = 1
        while (code := _child(folder / str(at), order, at)) == KILLED:
            at += int(sys.argv[4])
    else:
        code = max(_child(root, order, 0) for root in folder.iterdir() if root.is_dir())
    sys.exit(code)


if __name__ == "__main__":
    main()
