"""Ends whatever a killed program leaves behind; also a tiny program of its own that waits for that moment.

Every child carries ``ASYNCDL_RUN_ID=<uuid>.<pid>.<start time>.<pid namespace>`` of the program that started
it, and hands it on to its own children, so that leftovers are found in ``/proc`` whatever became of their
parents. A pid means nothing outside its namespace (a container), so only ids of one's own are ever judged.

The guardian holds the reading end of a pipe: when the program is gone, however it went, the pipe ends, and
the guardian sweeps. When both were killed, the next start sweeps. Only the standard library is imported, so
that it starts in some milliseconds. Where there is no ``/proc`` it does nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_MARK = b"ASYNCDL_RUN_ID="
_ROUNDS = 20


def new_run_id() -> str:
    """Make an id from which anybody can tell whether its program still runs."""
    started = start_time(os.getpid()) or 0
    return f"{uuid.uuid4().hex[:16]}.{os.getpid()}.{started}.{namespace()}"


def is_alive(run_id: str) -> bool:
    """Tell whether the program that made this id still runs; whoever cannot be judged counts as alive."""
    parts = run_id.split(".")
    if len(parts) != 4 or not all(part.isdigit() for part in parts[1:]) or parts[3] != namespace():
        return True
    try:
        return start_time(int(parts[1])) == int(parts[2])
    except OSError:
        return True


def sweep(is_wanted: Callable[[str], bool]) -> int:
    """Kill every process whose run id is wanted, until none is left; answer how many were killed."""
    killed = 0
    for _ in range(_ROUNDS):
        found = [pid for pid, run_id in _marked() if is_wanted(run_id)]
        if not found:
            break
        killed += sum(_kill(pid, is_wanted) for pid in found)
    return killed


def sweep_run(run_id: str) -> int:
    """Kill every process of one run."""
    return sweep(lambda found: found == run_id)


def sweep_dead_runs() -> int:
    """Kill what runs that are no longer alive have left behind."""
    return sweep(lambda found: not is_alive(found))


def _kill(pid: int, is_wanted: Callable[[str], bool]) -> bool:
    """Kill through a pidfd, after another look, so that a number used again meanwhile is safe."""
    with suppress(OSError):
        fd = os.pidfd_open(pid)
        try:
            if any(is_wanted(run_id) for run_id in _run_ids(pid)):
                signal.pidfd_send_signal(fd, signal.SIGKILL)
                return True
        finally:
            os.close(fd)
    return False


def _marked() -> Iterator[tuple[int, str]]:
    if not _PROC.is_dir():
        return
    for name in os.listdir(_PROC):  # noqa: PTH208 - names are all that is needed, some thousand times
        if name.isdigit():
            for run_id in _run_ids(int(name)):
                yield int(name), run_id


def _run_ids(pid: int) -> Iterator[str]:
    """Yield the run id of a process: none when it is gone, a zombie, or somebody else's."""
    with suppress(OSError):
        for entry in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
            if entry.startswith(_MARK):
                yield entry[len(_MARK) :].decode("ascii", errors="replace")


def start_time(pid: int) -> int | None:
    """Start time in clock ticks since boot; None when there is no such process, or it is a zombie."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in {"Z", "X"} else int(fields[19])


def namespace() -> str:
    """Name the namespace in which this process's pid means something."""
    try:
        return str((_PROC / "self" / "ns" / "pid").stat().st_ino)
    except OSError:
        return "0"


def main() -> None:
    """Wait for the end of standard input, then sweep the run named by the first argument."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    while sys.stdin.buffer.read(1):
        pass
    sweep_run(sys.argv[1])


if __name__ == "__main__":
    main()
