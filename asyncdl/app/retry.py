"""``asyncdl retry-failed``: opens a new round for what can be retried, with the data set's own options."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from asyncdl.app.opening import Opened, Surroundings, open_data_set, open_run, wall_ms
from asyncdl.app.report import RunReport
from asyncdl.app.stage import Work, carry_out
from asyncdl.core.events import RetryRequested
from asyncdl.core.kinds import FailureKind
from asyncdl.core.ledger import Ledger, RowState
from asyncdl.core.model import Row
from asyncdl.runtime.feed import PassOver, Selection
from asyncdl.runtime.outcomes import iterate_rows
from asyncdl.settings import RunSettings

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Choice:
    """Which given-up segments are tried again: those that may be had, those of some kinds, or all."""

    kinds: frozenset[FailureKind] = frozenset()
    takes_all: bool = False

    def takes(self, kind: FailureKind, *, can_be_retried: bool) -> bool:
        """Say whether a segment of this kind is tried again."""
        return self.takes_all or (kind in self.kinds if self.kinds else can_be_retried)


DEFAULT_CHOICE = Choice()


async def retry_failed(
    settings: RunSettings,
    surroundings: Surroundings,
    *,
    concurrency: int | None = None,
    choice: Choice = DEFAULT_CHOICE,
) -> RunReport:
    """Try again what is not gone for good, and whatever is still open.

    How it is fetched is taken over from the data set's last run, but for ``concurrency`` where it is given.
    """
    async with AsyncExitStack() as stack:
        data_set = await open_data_set(settings, surroundings, stack)
        settings = settings.with_options(data_set.ledger.options)
        if concurrency is not None:
            settings = replace(settings, fetch=replace(settings.fetch, concurrency=concurrency))
        settings = settings.checked()
        opened = await open_run(data_set, settings, surroundings, "retry-failed", stack)
        asked = await _open_new_round(opened, choice)
        surroundings.tell(_announcement(asked, opened.ledger.counts().open))
        work = Work(
            "asyncdl retry-failed",
            partial(_rows, data_set.journal),
            Selection(),
            opened.ledger.counts().segments,
            has_lists=False,
        )
        return await carry_out(work, settings, surroundings, opened)


async def _open_new_round(opened: Opened, choice: Choice) -> Counter[FailureKind]:
    """Write ``RetryRequested`` for each candidate, a thousand at a time; answer how many of which kind."""
    asked: Counter[FailureKind] = Counter()
    candidates = _candidates(opened.data_set.journal, opened.ledger, choice)
    while batch := await asyncio.to_thread(lambda: list(islice(candidates, _BATCH))):
        asked.update(kind for _, kind in batch)
        events = [RetryRequested(key, opened.ledger.round_of(key) + 1, wall_ms()) for key, _ in batch]
        await asyncio.gather(*map(opened.journal.append, events))
        for event in events:
            opened.ledger.apply(event)
    return asked


def _candidates(journal: Path, ledger: Ledger, choice: Choice) -> Iterator[tuple[str, FailureKind]]:
    for row in iterate_rows(journal):
        key = row.segment.key
        kind = ledger.kind_of(key)
        is_given_up = ledger.state_of(key) is RowState.GIVEN_UP and kind is not None
        if is_given_up and kind is not None and choice.takes(kind, can_be_retried=ledger.can_be_retried(key)):
            yield key, kind


def _rows(journal: Path, is_passed_over: PassOver) -> Iterator[Row]:
    for row in iterate_rows(journal):
        if not is_passed_over(row.ref.source, row.ref.line):
            yield row


def _announcement(asked: Counter[FailureKind], still_open: int) -> str:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in asked.most_common())
    tried = sum(asked.values())
    rest = still_open - tried
    parts = [
        f"trying {tried:,} failed segments again ({kinds})" if tried else "no failed segment can be retried"
    ]
    if rest > 0:
        parts.append(f"going on with {rest:,} that were still open")
    return "; ".join(parts)
