"""What a run weighs with all its children: proportional set size of the whole process tree.

    python benchmarks/tree_memory.py LIST [CONCURRENCY] [LIMIT]

Runs ``asyncdl run`` against the embedded site with 300 ms of latency, so that all workers are busy at once.
Prints one JSON object: the peak of the tree in MB, of the main process, and how many processes there were.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time

from harness import asyncdl_argv, memory_kb, running_site, tree


def main() -> None:
    """Sample a run ten times a second."""
    source, concurrency, limit = [*sys.argv[1:], "64", "400"][:3] if len(sys.argv) < 4 else sys.argv[1:4]
    with running_site("--latency-ms", "300") as site, tempfile.TemporaryDirectory() as out:
        argv = asyncdl_argv(
            site, "run", source, "--concurrency", concurrency, "--limit", limit, "--rate", "unlimited"
        )
        peak_kb = processes = main_kb = 0
        with subprocess.Popen([*argv, "--out", out, "--json", "-q"], stdout=subprocess.PIPE) as child:
            while child.poll() is None:
                pids = tree(child.pid)
                total_kb = sum(memory_kb(pid, "Pss") for pid in pids)
                main_kb = max(main_kb, memory_kb(child.pid, "Pss"))
                if total_kb > peak_kb:
                    peak_kb, processes = total_kb, len(pids)
                time.sleep(0.1)
            result = json.loads(child.stdout.read()) if child.stdout else {}
    print(
        json.dumps(
            {
                "concurrency": int(concurrency),
                "peak_pss_mb": round(peak_kb * 1024 / 1e6, 1),
                "processes_then": processes,
                "main_peak_pss_mb": round(main_kb * 1024 / 1e6, 1),
                "stored": result["stored"],
                "elapsed_s": result["elapsed_s"],
            }
        )
    )


if __name__ == "__main__":
    main()
