"""``asyncdl run``: from what was asked for to the work that is to be done."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial

from asyncdl.app import lists as list_files
from asyncdl.app.opening import Surroundings, check_before_writing, open_data_set, open_run
from asyncdl.app.planning import chosen_rows, make_choice, make_plan
from asyncdl.app.report import RunReport
from asyncdl.app.stage import Work, carry_out
from asyncdl.runtime.feed import Selection
from asyncdl.settings import RunSettings


async def run(settings: RunSettings, surroundings: Surroundings) -> RunReport:
    """Carry out ``asyncdl run``. Raises ``AsyncdlError`` for what stops it before it begins."""
    check_before_writing(settings, surroundings)
    given = await list_files.gather(
        settings.sources, surroundings.cache, surroundings.on_download, settings.columns
    )
    async with AsyncExitStack() as stack:
        for one in given:
            if one.file.warning:
                surroundings.tell(one.file.warning)
        choice = await make_choice(given, settings, surroundings)
        data_set = await open_data_set(settings, surroundings, stack)
        opened = await open_run(data_set, settings, surroundings, "run", stack)
        numbered, new = list_files.number(given, opened.ledger)
        await opened.add_sources(new)
        names = " ".join(one.file.name for one in given)
        chosen = None if choice is None else await chosen_rows(choice, numbered, opened.ledger, settings)
        plan = await make_plan(numbered, settings, opened.ledger, chosen)
        surroundings.on_plan(plan)
        expected = plan.work.to_do + plan.work.settled
        if chosen is not None:
            expected = opened.ledger.counts().segments + chosen.unknown
        work = Work(
            f"asyncdl run {names}",
            partial(list_files.read, numbered) if chosen is None else chosen.rows,
            Selection(settings.limit, settings.overwrite),
            expected,
            chosen=chosen,
        )
        return await carry_out(work, settings, surroundings, opened)
