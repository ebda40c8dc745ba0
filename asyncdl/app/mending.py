"""What the commands share that look after a data set: verify, and those that mend its journal."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import MappingProxyType

from asyncdl import __version__
from asyncdl.app.opening import Surroundings, wall_ms
from asyncdl.core import layout
from asyncdl.core.events import RunStarted
from asyncdl.core.model import ClipSpec
from asyncdl.core.partition import WHOLE
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime import guardian
from asyncdl.runtime.dataset import DataSet, open_for_writing
from asyncdl.runtime.files import telling
from asyncdl.runtime.lock import Means
from asyncdl.runtime.replayed import Replayed
from asyncdl.settings import out_option

NO_TOOLS: Mapping[str, str] = MappingProxyType({})


async def open_for_mending(
    out: Path, surroundings: Surroundings, stack: AsyncExitStack, *, takes_over: bool
) -> DataSet:
    """Lock a data set and read its journal as it is, from beginning to end; closed with the stack."""
    means = Means(tell=surroundings.tell, takes_over=takes_over)
    run_id = guardian.new_run_id()
    data_set = await asyncio.to_thread(open_for_writing, out, run_id, WHOLE, means, is_mending=True)
    stack.callback(data_set.close)
    return data_set


def header_of(
    data_set: DataSet, spec: ClipSpec, command: str, tools: Mapping[str, str] = NO_TOOLS
) -> RunStarted:
    """Begin a run file that goes on with the last run's options: ``retry-failed`` takes them from there."""
    versions = {"asyncdl": __version__, "python": platform.python_version(), **tools}
    return RunStarted(data_set.run_id, wall_ms(), spec, data_set.ledger.options, command, versions)


def refuse_emptied(root: Path, replayed: Replayed, command: str) -> None:
    """Take a folder without anything in it for a disk that is not mounted, not for two million losses."""
    clips = root / layout.CLIPS
    stored = replayed.ledger.counts().stored
    with telling("reading", clips):
        is_empty = not clips.is_dir() or next(clips.iterdir(), None) is None
    if stored and is_empty:
        raise EnvironmentFault(
            f"{clips} is empty, and {stored} clips should be in it: is its disk mounted?"
            " Nothing was written.",
            mend=f"If they are gone for good: asyncdl {command}{out_option(root)} --accept-loss",
        )
