"""Three ways to keep many fetch workers: what each costs in memory and in time to start.

    python benchmarks/worker_design.py [WORKERS]

Each worker holds one imported yt-dlp and one YoutubeDL with its YouTube extractor. Prints one JSON object:
for processes started afresh, threads of one process, and forks of a preloaded parent, the proportional set
size of the whole group in MB, and the seconds until all are ready.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

HOLD = """
import sys, yt_dlp
options = dict(yt_dlp.parse_options(["--ignore-config", "--no-js-runtimes", "-q"]).ydl_opts)
ydl = yt_dlp.YoutubeDL(options, auto_init="no_verbose_header")
ydl.get_info_extractor("Youtube")
import yt_dlp.networking._requests
sys.stdout.write("r"); sys.stdout.flush(); sys.stdin.read()
"""


def pss_mb(pids: list[int]) -> float:
    """Proportional set size of some processes together, in MB."""
    total_kb = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total_kb += int(line.split()[1])
    return round(total_kb * 1024 / 1e6, 1)


def processes(count: int) -> dict[str, float]:
    """Start every worker as a program of its own."""
    begun_s = time.monotonic()
    pipe = subprocess.PIPE
    children = [subprocess.Popen([sys.executable, "-c", HOLD], stdin=pipe, stdout=pipe) for _ in range(count)]
    for child in children:
        assert child.stdout is not None
        child.stdout.read(1)
    ready_s = time.monotonic() - begun_s
    memory_mb = pss_mb([child.pid for child in children])
    for child in children:
        child.communicate()
    return {"pss_mb": memory_mb, "ready_s": round(ready_s, 2)}


def threads(count: int) -> dict[str, float]:
    """Hold one YoutubeDL per thread of this process."""
    begun_s = time.monotonic()
    _preload()
    ready, leave = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        ydl = _a_ydl()
        ready.release()
        leave.wait()
        del ydl

    held = [threading.Thread(target=hold) for _ in range(count)]
    for thread in held:
        thread.start()
    for _ in held:
        ready.acquire()
    result = {"pss_mb": pss_mb([os.getpid()]), "ready_s": round(time.monotonic() - begun_s, 2)}
    leave.set()
    return result


def forks(count: int) -> dict[str, float]:
    """Import once, then fork every worker; each makes its own YoutubeDL."""
    begun_s = time.monotonic()
    _preload()
    gc.collect()
    gc.freeze()
    ready_out, ready_in = os.pipe()
    leave_out, leave_in = os.pipe()
    pids = []
    for _ in range(count):
        pid = os.fork()
        if not pid:
            os.close(leave_in)
            ydl = _a_ydl()
            os.write(ready_in, b"r")
            os.read(leave_out, 1)
            del ydl
            os._exit(0)
        pids.append(pid)
    came = 0
    while came < count:
        came += len(os.read(ready_out, count))
    result = {"pss_mb": pss_mb([*pids, os.getpid()]), "ready_s": round(time.monotonic() - begun_s, 2)}
    os.close(leave_in)
    for pid in pids:
        os.waitpid(pid, 0)
    return result


def _preload() -> None:
    import yt_dlp.extractor.youtube  # noqa: PLC0415 - the cost of importing is what is measured
    import yt_dlp.networking._requests  # noqa: F401, PLC0415 - as above


def _a_ydl() -> object:
    import yt_dlp  # noqa: PLC0415 - as above

    options = dict(yt_dlp.parse_options(["--ignore-config", "--no-js-runtimes", "-q"]).ydl_opts)
    ydl = yt_dlp.YoutubeDL(options, auto_init="no_verbose_header")
    ydl.get_info_extractor("Youtube")
    return ydl


WAYS = {"processes": processes, "threads": threads, "forks": forks}


def main() -> None:
    """Measure each way in a process of its own."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    if len(sys.argv) > 2:
        print(json.dumps(WAYS[sys.argv[2]](count)))
        return
    results = {
        way: json.loads(subprocess.check_output([sys.executable, __file__, str(count), way])) for way in WAYS
    }
    print(json.dumps({"workers": count, **results}))


if __name__ == "__main__":
    main()
