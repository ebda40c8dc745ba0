"""Finds the children of a run in ``/proc``, by the run id that each of them carries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
    return {pid for pid in found if _parent(pid) not in found}


def workers(run_id: str) -> set[int]:
    """The fetch workers of a run."""
    return marked(run_id) - nurseries(run_id)


def group(leader: int) -> set[int]:
    """Living processes of a process group."""
    return {
        pid for pid in _pids() if (fields := _stat(pid)) and fields[0] != "Z" and int(fields[2]) == leader
    }


def environ(pid: int) -> dict[str, str]:
    """The environment with which a process was started."""
    lines = _read(pid, "environ").decode().split("\0")
    return dict(line.split("=", 1) for line in lines if line)


def folder_of(pid: int) -> Path:
    """The working folder of a process."""
    return (_PROC / str(pid) / "cwd").readlink()


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _stat(pid: int) -> list[str]:
    return _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split()


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""
