"""Says what a run will take before it begins, from the lists, the data set and the pace."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asyncdl.app import lists as list_files
from asyncdl.app.lists import GivenList, NumberedList
from asyncdl.app.opening import Surroundings, check_before_writing
from asyncdl.app.ways import identities_of, known_pace
from asyncdl.core.ledger import Ledger
from asyncdl.core.model import Tier
from asyncdl.core.pacing import allowed_per_h
from asyncdl.core.plan import Means, Plan, Work, plan
from asyncdl.runtime.exit import REQUESTS_OF
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.replay import replay
from asyncdl.settings import RunSettings

if TYPE_CHECKING:
    from asyncdl.app.choosing import Choice
    from asyncdl.app.chosen_rows import ChosenRows


async def dry_run(settings: RunSettings, surroundings: Surroundings) -> Plan:
    """Make the plan of ``asyncdl run`` without writing anything but downloaded lists."""
    check_before_writing(settings, surroundings)
    given = await list_files.gather(
        settings.sources, surroundings.cache, surroundings.on_download, settings.columns
    )
    choice = await make_choice(given, settings, surroundings)
    replayed = await asyncio.to_thread(replay, journal_of(settings.out))
    replayed.require_whole()
    ledger = replayed.ledger
    numbered, _ = list_files.number(given, ledger)
    chosen = None if choice is None else await chosen_rows(choice, numbered, ledger, settings)
    return await make_plan(numbered, settings, ledger, chosen)


async def make_choice(
    given: Sequence[GivenList], settings: RunSettings, surroundings: Surroundings
) -> Choice | None:
    """Read the lists and choose, on a thread; None where every row is wanted. Raises ``UsageError``."""
    selection = settings.selection
    if selection.takes_all:
        return None
    from asyncdl.app.choosing import choose  # noqa: PLC0415 - numpy is loaded on use

    files = [one.file for one in given]
    cache, on_download = surroundings.cache, surroundings.on_download
    return await asyncio.to_thread(
        choose, files, selection, settings.limit, cache, surroundings.tell, on_download
    )


async def chosen_rows(
    choice: Choice, numbered: Sequence[NumberedList], ledger: Ledger, settings: RunSettings
) -> ChosenRows:
    """Make the rows of a choice, with what the data set knows of them."""
    from asyncdl.app.chosen_rows import ChosenRows  # noqa: PLC0415 - as above

    replaces, overwrite = settings.selection.replace, settings.overwrite
    return await asyncio.to_thread(
        ChosenRows, choice, numbered, ledger, replace=replaces, overwrite=overwrite
    )


async def make_plan(
    numbered: Sequence[NumberedList],
    settings: RunSettings,
    ledger: Ledger,
    chosen: ChosenRows | None = None,
) -> Plan:
    """Count what is ``chosen``, or the lists roughly, and say what that takes at the present pace."""
    if chosen is None:
        expected = await list_files.expected_segments(numbered, ledger, settings.limit)
        counts = ledger.counts()
        settled = 0 if settings.overwrite else counts.stored + counts.failed_total
        work = Work(max(0, expected - settled), settled, is_about=True)
    else:
        work = Work(chosen.to_do, chosen.settled)
    spec = settings.wish.settle(ledger.spec)
    free_bytes = await asyncio.to_thread(_free_bytes, settings.out)
    return plan(work, spec, _means(settings, ledger), free_bytes, keep_source=settings.keep_source)


def _means(settings: RunSettings, ledger: Ledger) -> Means:
    identities = identities_of(settings)
    policy = settings.way.rate
    paces = [known_pace(ledger, identity, time.time()) for identity in identities]
    allowed = sum(allowed_per_h(pace, policy) for pace in paces) / len(paces)
    is_guest = not settings.way.cookies
    return Means(
        identities=len(identities),
        allowed_per_h=allowed,
        concurrency=settings.fetch.concurrency,
        burst=policy.burst,
        requests_each=REQUESTS_OF[Tier.FIRST if is_guest else Tier.FULL],
        is_guest=is_guest,
    )


def _free_bytes(out: Path) -> int:
    """Space where the data set is, or will be."""
    standing = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.exists())
    return shutil.disk_usage(standing).free
