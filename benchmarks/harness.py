"""What the benchmarks share: an embedded site in a process of its own, and asyncdl started against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_READY_S = 300.0


@dataclass(frozen=True)
class RunningSite:
    """Where the site is, and its log of requests."""

    ready_file: Path
    log_file: Path

    def requests(self) -> list[dict[str, object]]:
        """Everything that was asked so far."""
        if not self.log_file.exists():
            return []
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def told(self) -> dict[str, object]:
        """Read what the site says of itself: addresses, certificate, pid."""
        told: dict[str, object] = json.loads(self.ready_file.read_text())
        return told


@contextmanager
def running_site(*options: str) -> Iterator[RunningSite]:
    """Start ``python -m asyncdl.demo.site`` with these options; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="asyncdl-bench-") as name:
        folder = Path(name)
        site = RunningSite(folder / "site.json", folder / "log.jsonl")
        argv = [sys.executable, "-m", "asyncdl.demo.site", "--folder", name, "--until-eof"]
        with subprocess.Popen([*argv, "--log", str(site.log_file), *options], stdin=subprocess.PIPE) as child:
            deadline_s = time.monotonic() + _READY_S
            while not site.ready_file.exists():
                if child.poll() is not None or time.monotonic() > deadline_s:
                    raise SystemExit("the site did not start")
                time.sleep(0.05)
            yield site
            child.terminate()


def asyncdl_argv(site: RunningSite, *arguments: str) -> list[str]:
    """Build the command line of asyncdl against the site."""
    return [sys.executable, "-m", "asyncdl.cli.against", str(site.ready_file), *arguments]


def memory_kb(pid: int, field: str) -> int:
    """Read ``VmHWM`` or ``Pss`` of a process, in kB; 0 when it is gone."""
    name = "smaps_rollup" if field == "Pss" else "status"
    try:
        for line in Path(f"/proc/{pid}/{name}").read_text().splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def cpu_s(pid: int) -> float:
    """User and system time of one process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """Find a process and all its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += parents.get(found[-1], [])
    return found
