"""What is gone is replaced: by the same clips for the same seed, in whatever order answers come."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from asyncdl.app.choosing import choose
from asyncdl.app.chosen_rows import ChosenRows
from asyncdl.app.lists import NumberedList
from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.events import RowRejected, RowSelected, Source
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import Failure, Fetched, FetchRequest
from asyncdl.core.reach import Why
from asyncdl.core.retry import RetryPolicy
from asyncdl.core.selection import SelectionSettings
from asyncdl.errors import UsageError
from asyncdl.inputs.sources import ListFile
from asyncdl.runtime.agenda import Agenda, Attempt
from asyncdl.runtime.feed import Batch, Feed, RowSource, Selection
from asyncdl.runtime.limiter import Limiter
from asyncdl.runtime.scheduler import Parts, RunEnd, Scheduler, Terms
from asyncdl.runtime.tally import Tally
from support.choices import write_weak
from support.fakes import (
    FakeFetcher,
    FakeMaker,
    MemoryJournal,
    a_fetched,
    rows_source,
    some_exits,
    some_rows,
)
from support.virtual_clock import run_virtually

Fates = Callable[[FetchRequest, int], Fetched | Failure]
MIDS = ["/m/05tny_", "/m/07qrkrw", "/m/02yds9", "/m/07q4ntr"]


@pytest.fixture
def file(tmp_path: Path) -> ListFile:
    """400 rows; three labels have plenty of candidates, one has 12."""
    rng = random.Random(5)
    rows = []
    for n in range(400):
        labels = {MIDS[3]} if n % 33 == 0 and n < 390 else {rng.choice(MIDS[:3])}
        labels |= {rng.choice(MIDS[:3])} if rng.random() < 0.3 else set()
        rows.append((f"Video{n:05d}A", sorted(labels)))
    return write_weak(tmp_path / "list.csv", rows)


class Play:
    """One data set, and runs over it."""

    def __init__(self, files: Sequence[ListFile], said: SelectionSettings, folder: Path) -> None:
        self.files, self.said, self.folder = files, said, folder
        self.ledger, self.journal = Ledger(), MemoryJournal()
        self.told: list[str] = []
        self.fates: Fates = _fates
        self.overwrite = False
        self.chosen: ChosenRows

    def run(self, order: int, stop_after: int | None = None) -> RunEnd:
        return run_virtually(self._run(order, stop_after))

    def selected(self) -> set[str]:
        return {event.row.segment.ytid for event in self.journal.events if isinstance(event, RowSelected)}

    async def _run(self, order: int, stop_after: int | None) -> RunEnd:
        choice = choose(self.files, self.said, None, self.folder, self.told.append)
        lists = [NumberedList(one, Source(n, one.name, one.split, "", 0)) for n, one in enumerate(self.files)]
        self.chosen = chosen = ChosenRows(
            choice, lists, self.ledger, replace=self.said.replace, overwrite=self.overwrite
        )
        tally = Tally()
        tally.listeners.append(chosen.tell)
        feed = Feed(
            chosen.rows,
            self.ledger,
            self.journal,
            Selection(overwrite=self.overwrite),
            lambda _row: None,
            _on_the_loop,
            successors=chosen,
        )
        agenda = Agenda(feed)
        fetcher = FakeFetcher(self.fates, rng=random.Random(order))
        parts = Parts(some_exits(fetcher), FakeMaker(), self.journal, self.ledger, tally)
        terms = Terms("/parts", _request, RetryPolicy(), random.Random(order), lambda: 0)
        scheduler = Scheduler(agenda, Limiter(8), parts, terms)
        if stop_after is not None:
            tally.listeners.append(lambda _: scheduler.drain() if tally.stored >= stop_after else None)
        return await scheduler.run()


def _is_dead(ytid: str) -> bool:
    return random.Random(ytid).random() < 0.3


def _fates(request: FetchRequest, _number: int) -> Fetched | Failure:
    if not _is_dead(request.ytid):
        return a_fetched(request)
    return failure(Code.PRIVATE, "private") if int(request.ytid[-2]) % 2 else failure(Code.HTTP_5XX, "503")


def _refusing(request: FetchRequest, number: int) -> Fetched | Failure:
    """Refuse some of the dead videos, so that it stays open whether they are to be replaced."""
    if _is_dead(request.ytid) and int(request.ytid[5:10]) % 4 == 1:
        return failure(Code.HTTP_429, "too many requests")
    return _fates(request, number)


def _all_private(_request: FetchRequest, _number: int) -> Failure:
    return failure(Code.PRIVATE, "private")


def _request(attempt: Attempt, folder: str) -> FetchRequest:
    return attempt.request(folder)


class Choosing:
    """Successors that say on which thread they chose; one wave, and no second."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    def take(self) -> RowSource | None:
        self.threads.append(threading.get_ident())
        return rows_source(some_rows(3)) if len(self.threads) == 1 else None


async def test_choosing_again_does_not_hold_up_the_loop_and_the_others_wait_for_it() -> None:
    choosing = Choosing()
    feed = Feed(
        rows_source([]), Ledger(), MemoryJournal(), Selection(), lambda _row: None, successors=choosing
    )
    agenda = Agenda(feed)

    async def work() -> int:
        done = 0
        while (attempt := await agenda.next()) is not None:
            done += len(attempt.rows)
            agenda.done()
        return done

    assert sum(await asyncio.gather(*(work() for _ in range(3)))) == 3
    assert threading.get_ident() not in choosing.threads


async def _on_the_loop(read: Callable[[], Batch]) -> Batch:
    await asyncio.sleep(0)
    return read()


REPLACING = SelectionSettings(per_label=20, replace=True, seed=3)


def test_labels_are_filled_up_whatever_the_order_of_answers(file: ListFile, tmp_path: Path) -> None:
    plays = [Play([file], REPLACING, tmp_path) for _ in range(3)]
    for order, play in enumerate(plays):
        assert play.run(order) is RunEnd.FINISHED
    assert plays[0].selected() == plays[1].selected() == plays[2].selected()
    reach = {one.label: one for one in plays[0].chosen.reach()}
    assert [reach[mid].why for mid in MIDS] == [Why.REACHED] * 3 + [Why.CANDIDATES_ENDED]
    assert reach[MIDS[3]].candidates == reach[MIDS[3]].stored + reach[MIDS[3]].gone == 12
    assert plays[0].ledger.counts().failed_total == sum(map(_is_dead, plays[0].selected()))


@pytest.mark.parametrize("stops", [[3], [25], [40, 9], [10, 20, 30]])
def test_a_run_that_is_stopped_and_goes_on_chooses_the_same(
    file: ListFile, tmp_path: Path, stops: list[int]
) -> None:
    whole, broken = Play([file], REPLACING, tmp_path), Play([file], REPLACING, tmp_path)
    whole.run(1)
    for order, stop in enumerate(stops):
        broken.run(order, stop)
    broken.run(9)
    assert broken.selected() == whole.selected()
    assert broken.chosen.reach() == whole.chosen.reach()
    before = len(broken.journal.events)
    assert broken.run(4) is RunEnd.FINISHED
    assert len(broken.journal.events) == before
    assert broken.chosen.to_do == 0


def test_what_is_left_open_is_not_passed_by_and_the_next_run_chooses_the_same(
    file: ListFile, tmp_path: Path
) -> None:
    whole, refused = Play([file], REPLACING, tmp_path), Play([file], REPLACING, tmp_path)
    whole.run(1)
    refused.fates = _refusing
    assert refused.run(2) is RunEnd.FINISHED
    assert refused.ledger.counts().open
    assert Why.OPEN in {one.why for one in refused.chosen.reach()}
    refused.fates = _fates
    assert refused.run(3) is RunEnd.FINISHED
    assert refused.selected() == whole.selected()
    assert refused.chosen.reach() == whole.chosen.reach()


def test_with_overwrite_a_clip_that_stays_stored_is_not_replaced(file: ListFile, tmp_path: Path) -> None:
    play = Play([file], REPLACING, tmp_path)
    play.run(1)
    selected, stored = play.selected(), [one.stored for one in play.chosen.reach()]
    play.fates, play.overwrite = _all_private, True
    play.run(2)
    assert play.selected() == selected
    assert [one.stored for one in play.chosen.reach()] == stored


def test_without_replace_what_is_gone_stays_gone_and_is_told(file: ListFile, tmp_path: Path) -> None:
    play = Play([file], SelectionSettings(per_label=20), tmp_path)
    play.run(1)
    reach = {one.label: one for one in play.chosen.reach()}
    assert {reach[mid].why for mid in MIDS[:3]} <= {Why.NOT_REPLACED, Why.REACHED}
    assert Why.NOT_REPLACED in {one.why for one in reach.values()}
    assert reach[MIDS[3]].why is Why.CANDIDATES_ENDED
    assert "cannot be reached for 1 of 4 labels: the lists hold" in play.told[0]


def test_with_overwrite_what_was_gone_is_tried_again_and_nothing_counts_as_new(
    file: ListFile, tmp_path: Path
) -> None:
    play = Play([file], REPLACING, tmp_path)
    play.run(1)
    choice = choose(play.files, REPLACING, None, tmp_path, play.told.append)
    lists = [NumberedList(file, Source(0, file.name, file.split, "", 0))]
    again = ChosenRows(choice, lists, play.ledger, replace=True, overwrite=True)
    assert (again.to_do, again.settled, again.unknown) == (len(choice.picks), 0, 0)
    assert [one.stored for one in again.reach()] == [one.stored for one in play.chosen.reach()]


def test_another_seed_chooses_others(file: ListFile, tmp_path: Path) -> None:
    one, other = (Play([file], SelectionSettings(per_label=20, seed=seed), tmp_path) for seed in (1, 2))
    one.run(1)
    other.run(1)
    assert one.selected() != other.selected()


def test_only_selected_and_rejected_rows_are_noted(file: ListFile, tmp_path: Path) -> None:
    lines = file.path.read_bytes().splitlines()
    lines.insert(5, b"#NAME?,30,40,/m/05tny_")
    lines.append(b'Video00001B, 9.000, 3.000, "/m/05tny_"')
    file.path.write_bytes(b"\n".join(lines))
    play = Play([file], SelectionSettings(labels=(MIDS[3],)), tmp_path)
    play.run(1)
    assert play.selected() == {f"Video{n:05d}A" for n in range(0, 390, 33)}
    rejected = [event.row.ref.line for event in play.journal.events if isinstance(event, RowRejected)]
    assert rejected == [6, 402]
    play.run(2)
    assert len([event for event in play.journal.events if isinstance(event, RowRejected)]) == 2


def test_two_lists_share_a_choice_and_their_order_does_not_matter(file: ListFile, tmp_path: Path) -> None:
    other = write_weak(tmp_path / "other.csv", [(f"Other{n:05d}A", [MIDS[n % 4]]) for n in range(200)])
    said = SelectionSettings(per_label=15, replace=True)
    plays = [Play([file, other], said, tmp_path), Play([other, file, file], said, tmp_path)]
    for play in plays:
        play.run(1)
    assert plays[0].selected() == plays[1].selected()
    assert plays[0].ledger.counts().repeated_rows == plays[1].ledger.counts().repeated_rows == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (SelectionSettings(labels=("Cat",), none_of=("Animal",)), "leaves nothing of --label Cat"),
        (SelectionSettings(labels=("Dgo",)), "There is no label 'Dgo'"),
        (SelectionSettings(all_of=("Cat",), none_of=("Cat",)), "contradict each other"),
        (SelectionSettings(labels=("Zither",)), "No segment is left"),
        (SelectionSettings(labels=("Domestic sounds, home sounds",), exact=True), "with --exact"),
    ],
)
def test_what_leaves_nothing_is_refused(
    file: ListFile, tmp_path: Path, said: SelectionSettings, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        choose([file], said, None, tmp_path, lambda _text: None)


def test_a_label_means_its_subtree_unless_it_is_exact(file: ListFile, tmp_path: Path) -> None:
    assert len(choose([file], SelectionSettings(labels=("Cat",)), None, tmp_path, print).picks) > 100
    with pytest.raises(UsageError, match="No segment is left"):
        choose([file], SelectionSettings(labels=("Cat",), exact=True), None, tmp_path, print)


def test_a_limit_takes_the_first_of_what_is_chosen(file: ListFile, tmp_path: Path) -> None:
    whole = choose([file], SelectionSettings(labels=(MIDS[3],)), None, tmp_path, print)
    some = choose([file], SelectionSettings(labels=(MIDS[3],)), 5, tmp_path, print)
    assert some.picks.tolist() == whole.picks.tolist()[:5]


def test_what_changes_nothing_is_told(file: ListFile, tmp_path: Path) -> None:
    told: list[str] = []
    choose([file], SelectionSettings(labels=("Animal",), all_of=("Cat",)), None, tmp_path, told.append)
    choose([file], SelectionSettings(sample=5000), None, tmp_path, told.append)
    assert "--label changes nothing" in told[0]
    assert "only 400 segments are there" in told[1]
