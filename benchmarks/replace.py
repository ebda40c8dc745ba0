"""How ``--per-label N --replace`` fills labels up when videos are gone: ``benchmarks/replace.py LIST``.

LIST is one of AudioSet's own, such as ``balanced_train_segments.csv``. A share of its videos is made private
by their ids, the run goes through the schedule with a fetcher that answers at once (no network, no ffmpeg,
no files), so its time is that of choosing, reading and bookkeeping alone. Two runs must choose the same.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from asyncdl.app.choosing import choose
from asyncdl.app.chosen_rows import ChosenRows
from asyncdl.app.lists import NumberedList
from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.events import RowSelected, Source
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import Failure, Fetched, FetchRequest
from asyncdl.core.reach import LabelReach
from asyncdl.core.retry import RetryPolicy
from asyncdl.core.selection import SelectionSettings
from asyncdl.inputs.sources import resolve
from asyncdl.runtime.agenda import Agenda, Attempt
from asyncdl.runtime.feed import Feed, Selection
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.scheduler import Parts, Scheduler, Terms
from asyncdl.runtime.tally import Tally
from support.fakes import FakeFetcher, FakeMaker, MemoryJournal, a_fetched, some_exits


@dataclass(frozen=True)
class Result:
    """One run: what it selected, and how far it came with each label."""

    ytids: frozenset[str]
    reach: tuple[LabelReach, ...]
    fetched: int
    wall_s: float
    cpu_s: float


def main() -> None:
    """Run twice and print figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("list", type=Path)
    parser.add_argument("--per-label", type=int, default=20)
    parser.add_argument("--dead", type=float, default=0.15, help="share of videos that are gone")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    first, second = (asyncio.run(_run(asked, concurrency)) for concurrency in (8, 3))
    assert first.ytids == second.ytids, "the same seed chose others"
    whys = Counter(one.why.value for one in first.reach)
    print(f"{len(first.reach)} labels, {asked.per_label} of each: {dict(whys)}")
    print(f"{first.fetched:,} fetched, {len(first.ytids):,} chosen, the same in a second run")
    print(f"{first.wall_s:.1f} s, {first.cpu_s:.1f} s CPU", end=", ")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB at most")


async def _run(asked: argparse.Namespace, concurrency: int) -> Result:
    begun, cpu = time.monotonic(), time.process_time()
    file = resolve(str(asked.list), asked.list.parent)
    said = SelectionSettings(per_label=asked.per_label, replace=True, seed=asked.seed)
    choice = choose([file], said, None, asked.list.parent, lambda _text: None)
    ledger, journal, tally = Ledger(), MemoryJournal(), Tally()
    lists = [NumberedList(file, Source(0, file.name, file.split, "", 0))]
    chosen = ChosenRows(choice, lists, ledger, replace=True, overwrite=False)
    tally.listeners.append(chosen.tell)
    feed = Feed(chosen.rows, ledger, journal, Selection(), lambda _row: None, successors=chosen)
    fetcher = FakeFetcher(lambda request, _: _answer(request, asked.dead))
    parts = Parts(some_exits(fetcher), FakeMaker(), journal, ledger, tally)
    terms = Terms("/parts", _request, RetryPolicy(), random.Random(1), lambda: 0)
    await Scheduler(Agenda(feed), Limiter(concurrency), parts, terms).run()
    ytids = frozenset(e.row.segment.ytid for e in journal.events if isinstance(e, RowSelected))
    spent = time.monotonic() - begun, time.process_time() - cpu
    return Result(ytids, chosen.reach(), sum(fetcher.fetches.values()), *spent)


def _answer(request: FetchRequest, share: float) -> Fetched | Failure:
    is_dead = random.Random(request.ytid).random() < share
    return failure(Code.PRIVATE, "private") if is_dead else a_fetched(request)


def _request(attempt: Attempt, folder: str) -> FetchRequest:
    return attempt.request(folder)


if __name__ == "__main__":
    main()
