"""Writes down the end of a run: the last record of its journal, and the manifest."""

from __future__ import annotations

import asyncio

from asyncdl.app.opening import Opened, wall_ms
from asyncdl.core.events import RunEnded
from asyncdl.errors import AsyncdlError
from asyncdl.exporters import nemo


async def end_well(opened: Opened, reason: str, *, is_changed: bool, is_broken: bool) -> None:
    """Close the journal, then rewrite the manifest where it no longer tells what is stored.

    After a fault both are tried all the same: what can be written down, is.
    """
    try:
        await opened.journal.append(RunEnded(wall_ms(), reason))
        await opened.journal.close()
        await asyncio.to_thread(_bring_manifest_up_to_date, opened, is_changed)
    except AsyncdlError:
        if not is_broken:
            raise


def _bring_manifest_up_to_date(opened: Opened, is_changed: bool) -> None:
    root = opened.data_set.root
    if is_changed or nemo.count_lines(root) != opened.ledger.counts().stored:
        nemo.write(root, opened.ledger, opened.spec)
