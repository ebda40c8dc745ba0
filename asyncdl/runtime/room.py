"""Keeps a run from filling the disk to its last byte: below a floor no further segment is begun.

What is in flight then still finds room, and so does whoever shares the disk. A quota that the file system
does not tell as free space is met by the write itself; that ends the run in the same way.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from asyncdl.errors import DiskFull

PERIOD_S = 2.0


def require_room(root: Path, floor_bytes: int) -> None:
    """Raise ``DiskFull`` when less than ``floor_bytes`` are free for this user where ``root`` lies."""
    with suppress(OSError):  # a folder that cannot be asked is met by whoever writes into it
        told = os.statvfs(root)
        free_bytes = told.f_bavail * told.f_frsize
        if free_bytes < floor_bytes:
            raise DiskFull(
                f"only {free_bytes / 1e6:,.1f} MB are free at {root}, less than the"
                f" {floor_bytes / 1e6:,.0f} MB that a run leaves",
                mend="free some space, then run the same command again: nothing is lost;"
                " --min-free SIZE sets another floor",
            )


async def watch_room(root: Path, floor_bytes: int, on_short: Callable[[DiskFull], None]) -> None:
    """Look every other second, until there is too little room; that is told once."""
    while True:
        await asyncio.sleep(PERIOD_S)
        try:
            await asyncio.to_thread(require_room, root, floor_bytes)
        except DiskFull as fault:
            on_short(fault)
            return
