"""How soon the first request leaves, and what the main process weighs, on a list of any length.

    python benchmarks/first_request.py LIST [LIMIT]

Runs ``asyncdl run LIST --limit LIMIT`` against the embedded site. Prints one JSON object: seconds from the
start of the process to the site's first request, seconds to the end, and the peak resident set in MB.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time

from harness import asyncdl_argv, memory_kb, running_site


def main() -> None:
    """Measure one run."""
    limit = sys.argv[2] if len(sys.argv) > 2 else "20"
    with running_site() as site, tempfile.TemporaryDirectory() as out:
        begun_s = time.time()
        argv = asyncdl_argv(site, "run", sys.argv[1], "--limit", limit, "--out", out, "--json", "-q")
        with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:
            peak_kb = 0
            while child.poll() is None:
                peak_kb = max(peak_kb, memory_kb(child.pid, "VmHWM"))
                time.sleep(0.005)
            ended_s = time.time()
            result = json.loads(child.stdout.read()) if child.stdout else {}
        first_s = min(
            float(str(request["begun_s" if "begun_s" in request else "at_s"])) for request in site.requests()
        )
    print(
        json.dumps(
            {
                "first_request_s": round(first_s - begun_s, 3),
                "whole_run_s": round(ended_s - begun_s, 3),
                "main_peak_rss_mb": round(peak_kb * 1024 / 1e6, 1),
                "stored": result["stored"],
            }
        )
    )


if __name__ == "__main__":
    main()
