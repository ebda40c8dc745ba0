"""The processes of a run, by what they are, so that a test can kill or freeze one of them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from support.children import children_of, command_of, parent_of

_DEAF = """#!/bin/sh
[ "$1" = -version ] && echo "ffmpeg version 9.9" && exit
trap '' TERM
sleep 600 &
wait
"""


class Victim(StrEnum):
    """What may be killed under a run."""

    MAIN = "main"
    WORKER = "worker"
    NURSERY = "nursery"
    FFMPEG = "ffmpeg"
    GUARDIAN = "guardian"
    BOTH = "main and guardian"

    @property
    def ends_the_run(self) -> bool:
        """Whether the program cannot go on without it."""
        return self in {Victim.MAIN, Victim.BOTH}


def find(victim: Victim, main: int, folder: Path) -> list[int]:
    """Answer the pids of such processes of the run in ``folder`` whose main process is ``main``."""
    found = {pid: _kind_of(pid) for pid in sorted(children_of(folder))}
    by_kind = [pid for pid, kind in found.items() if kind is victim]
    match victim:
        case Victim.MAIN:
            return [main]
        case Victim.BOTH:
            return [main, *(pid for pid, kind in found.items() if kind is Victim.GUARDIAN)]
        case _:
            return by_kind


def strike(pids: list[int], number: signal.Signals = signal.SIGKILL) -> int:
    """Send a signal to each that is still there; answer how many there were."""
    struck = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            struck += 1
    return struck


def named(word: bytes, folder: Path) -> list[int]:
    """Answer the children of a run in ``folder`` with this word in their command line."""
    return [pid for pid in sorted(children_of(folder)) if word in command_of(pid)]


def deaf_ffmpeg(folder: Path) -> str:
    """Make an ffmpeg that never ends, ignores TERM, and has a child of its own, a ``sleep``."""
    path = folder / "deaf-ffmpeg"
    path.write_text(_DEAF)
    path.chmod(0o755)
    return str(path)


def _kind_of(pid: int) -> Victim | None:
    command = command_of(pid)
    if b"guardian.py" in command:
        return Victim.GUARDIAN
    if command.split(b"\0", 1)[0].rpartition(b"/")[2].startswith(b"ffmpeg"):
        return Victim.FFMPEG
    if b"nursery" not in command:
        return None
    return Victim.WORKER if command_of(parent_of(pid)) == command else Victim.NURSERY
