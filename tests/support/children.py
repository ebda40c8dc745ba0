"""Finds the children of a run in ``/proc``, by the run id that each of them carries."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something outside this loop; fails by ``TimeoutError``."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def marked(run_id: str) -> set[int]:
    """Processes that carry this run id; zombies have no environment any more."""
    mark = f"ASYNCDL_RUN_ID={run_id}".encode()
    return {pid for pid in _pids() if mark in _read(pid, "environ").split(b"\0")}


def nurseries(run_id: str) -> set[int]:
    """The programs that bear workers: their parent is none of the run's children."""
    found = marked(run_id)
    return {pid for pid in found if parent_of(pid) not in found}


def workers(run_id: str) -> set[int]:
    """The fetch workers of a run."""
    return marked(run_id) - nurseries(run_id)


def children_of(folder: Path) -> set[int]:
    """Processes of any run in ``folder``, by their command, environment or working folder; guardians too."""
    return {pid for pid in _pids() if _is_child(pid, str(folder).encode())}


def _is_child(pid: int, folder: bytes) -> bool:
    environ, command = _read(pid, "environ"), _read(pid, "cmdline")
    if b"ASYNCDL_RUN_ID=" not in environ and b"/guardian.py\0" not in command:
        return False
    with suppress(OSError):
        return folder in command + environ or folder_of(pid).is_relative_to(os.fsdecode(folder))
    return False


def group(leader: int) -> set[int]:
    """Living processes of a process group."""
    return {
        pid for pid in _pids() if (fields := _stat(pid)) and fields[0] != "Z" and int(fields[2]) == leader
    }


def environ(pid: int) -> dict[str, str]:
    """The environment with which a process was started."""
    lines = _read(pid, "environ").decode().split("\0")
    return dict(line.split("=", 1) for line in lines if line)


def command_of(pid: int) -> bytes:
    """The command line, its words ended by NUL; empty for a process that is gone."""
    return _read(pid, "cmdline")


def folder_of(pid: int) -> Path:
    """The working folder of a process."""
    return (_PROC / str(pid) / "cwd").readlink()


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def parent_of(pid: int) -> int:
    """Answer 0 for a process that is gone."""
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _stat(pid: int) -> list[str]:
    return _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split()


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""
