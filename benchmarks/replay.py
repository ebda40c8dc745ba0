"""What a journal of a full list costs: replay, snapshot, status, a run with nothing to do, appending.

    python benchmarks/replay.py [--list FILE] [--segments N]

Writes a journal of N settled segments (of the list, else made up) into a temporary folder. Prints one JSON
object: seconds of wall clock and of the processor, peak memory of the main process in MB. Where other work
goes on beside, the processor's seconds are the better figure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from big_journal import FULL, rows_of, settled, source_of, write
from harness import asyncdl_argv, memory_kb, running_site

from asyncdl.core.events import Event, RunStarted
from asyncdl.core.layout import MANIFEST
from asyncdl.core.model import ClipSpec
from asyncdl.inputs.lines import physical_lines
from asyncdl.runtime.files import RealFiles
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.journal import GATHER_S, RunJournal
from asyncdl.runtime.snapshot import SNAPSHOT

_STATUS = [sys.executable, "-c", "from asyncdl.cli import main; main()", "status", "--json", "--out"]
_REPLAY = (
    "import sys, pathlib; from asyncdl.runtime.replay import replay; "
    "replay(pathlib.Path(sys.argv[1]), with_snapshot=False)"
)
_TIMES = 5
_APPEND_S = 5.0


def main() -> None:
    """Measure everything."""
    options = argparse.ArgumentParser()
    options.add_argument("--list", type=Path)
    options.add_argument("--segments", type=int, default=FULL)
    told = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="asyncdl-bench-") as folder:
        root = Path(folder) / "set"
        source = source_of(told.list)
        write(root, rows_of(told.list, source, told.segments), source)
        figures = _reading(root)
        if told.list is not None:
            figures |= _run(root, told.list)
            figures["read_list"] = _reading_the_list(told.list)
        figures["append_50_per_s"] = asyncio.run(_append(_made(Path(folder) / "a"), 50))
        figures["append_600_per_s"] = asyncio.run(_append(_made(Path(folder) / "b"), 600))
    print(json.dumps(figures, indent=1))


def _reading(root: Path) -> dict[str, object]:
    journal = journal_of(root)
    sizes = {"journal_mb": _mb(sum(path.stat().st_size for path in journal.iterdir()))}
    replayed = _measure([sys.executable, "-c", _REPLAY, str(journal)])
    without = _measure([*_STATUS, str(root)])
    snapshot = _measure([sys.executable, "-m", "asyncdl.runtime.snapshot_program", str(journal)])
    again = _measure([sys.executable, "-m", "asyncdl.runtime.snapshot_program", str(journal)])
    sizes["snapshot_mb"] = _mb((journal / SNAPSHOT).stat().st_size)
    with_ = min((_measure([*_STATUS, str(root)]) for _ in range(_TIMES)), key=lambda one: one["wall_s"])
    return {
        **sizes,
        "replay": replayed,
        "status_without_snapshot": without,
        "fold_and_write_snapshot": snapshot,
        "load_and_write_snapshot": again,
        "status_with_snapshot": with_,
    }


def _run(root: Path, source: Path) -> dict[str, object]:
    """Run the settled list to its end: with the snapshot, then without."""
    count = json.loads(subprocess.run([*_STATUS, str(root)], stdout=subprocess.PIPE, check=True).stdout)
    (root / MANIFEST).write_bytes(b"{}\n" * count["stored"])
    with running_site() as site:
        argv = asyncdl_argv(site, "run", str(source), "--out", str(root), "--json", "-q")
        figures: dict[str, object] = {"run_with_snapshot": _measure(argv)}
        (journal_of(root) / SNAPSHOT).unlink()
        figures["run_without_snapshot"] = _measure(argv)
    return figures


def _reading_the_list(path: Path) -> dict[str, float]:
    """Compare the list parsed with the list passed over."""
    source = source_of(path)
    begun = time.process_time()
    parsed = sum(1 for _ in rows_of(path, source, FULL))
    between = time.process_time()
    assert parsed <= sum(1 for _ in physical_lines(path))
    return {
        "parsed_cpu_s": round(between - begun, 2),
        "lines_cpu_s": round(time.process_time() - between, 2),
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


class _Counting(RealFiles):
    syncs = 0

    def fdatasync(self, fd: int) -> None:
        self.syncs += 1
        super().fdatasync(fd)


async def _append(folder: Path, per_s: int) -> dict[str, float]:
    """Append clips at this rate for some seconds; what an empty loop costs is taken off."""
    source = source_of(None)
    rows = rows_of(None, source, int(per_s * _APPEND_S))
    events: list[Event] = [settled(row) for row in rows]
    files = _Counting()
    journal = RunJournal(folder, files=files, gather_s=GATHER_S)
    await journal.start(RunStarted("bench", 0, ClipSpec(), {}, "run", {}), 1)
    idle = await _paced([None] * len(events), None, per_s)
    files.syncs = 0
    busy = await _paced([*events], journal, per_s)
    syncs = files.syncs
    await journal.close()
    cost_s = max(0.0, busy - idle)
    return {
        "cpu_us_per_record": round(cost_s / len(events) * 1e6, 1),
        "share_of_a_core": round(cost_s / _APPEND_S, 4),
        "syncs_per_s": round(syncs / _APPEND_S, 1),
    }


async def _paced(events: list[Event | None], journal: RunJournal | None, per_s: int) -> float:
    begun, loop = time.process_time(), asyncio.get_running_loop()
    at_s = loop.time()
    waiting = []
    for event in events:
        at_s += 1 / per_s
        await asyncio.sleep(max(0.0, at_s - loop.time()))
        if journal is not None and event is not None:
            waiting.append(asyncio.create_task(journal.append(event)))
    await asyncio.gather(*waiting)
    return time.process_time() - begun


def _measure(argv: list[str]) -> dict[str, float]:
    """Run a program; its processor time is its own and that of its children that it waited for."""
    begun_s, peak_kb = time.monotonic(), 0
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    while True:
        peak_kb = max(peak_kb, memory_kb(child.pid, "VmHWM"))
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        time.sleep(0.005)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, argv
    return {
        "wall_s": round(time.monotonic() - begun_s, 2),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": _mb(peak_kb * 1024),
    }


def _mb(size_bytes: int) -> float:
    return round(size_bytes / 1e6, 1)


if __name__ == "__main__":
    main()
