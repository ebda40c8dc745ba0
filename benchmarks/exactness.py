"""Are clips exact? Every stored clip against the same slice of a whole-file decode, sample by sample.

    python benchmarks/exactness.py LIST [LIMIT] [CONCURRENCY]

Runs ``asyncdl run`` over the list against the embedded site, half of whose videos offer m4a only, so that
both containers are met; then decodes each of the site's files as a whole with the same ffmpeg and compares.
A second run must ask for nothing. Prints one JSON object.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import soundfile
from harness import asyncdl_argv, running_site

from asyncdl.core import layout
from asyncdl.core.events import ClipStored
from asyncdl.demo.media import Content, Masters, Recipe, Shape, default_folder
from asyncdl.demo.menu import LONG_S
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.outcomes import iterate_outcomes
from asyncdl.runtime.replay import replay

SHARES = json.dumps({"m4a_only": 0.5})
SHAPES = {"140": Shape.M4A, "251": Shape.WEBM}


async def master_path(shape: Shape) -> Path:
    """Find the file that the site serves."""
    masters = Masters(default_folder())
    try:
        return (await masters.get(Recipe(Content.CHIRP, shape, LONG_S))).path
    finally:
        await masters.close()


def whole_decode(path: Path, folder: Path) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Decode a whole file to 16-bit samples, shape (n, 2)."""
    raw = folder / f"{path.stem}.raw"
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    command = [ffmpeg, "-v", "error", "-i", str(path), "-map", "0:a:0", "-f", "s16le", "-y", str(raw)]
    subprocess.run(command, check=True)
    return np.memmap(raw, dtype=np.int16, mode="r").reshape(-1, 2)


def compare(out: Path, folder: Path) -> dict[str, Any]:
    """Count clips that are exact in length and equal to the slice, and the largest difference of others."""
    import asyncio  # noqa: PLC0415 - only here

    decoded = {itag: whole_decode(asyncio.run(master_path(shape)), folder) for itag, shape in SHAPES.items()}
    ledger = replay(journal_of(out)).ledger
    counts: Counter[str] = Counter()
    largest = 0
    for row, outcome in iterate_outcomes(journal_of(out), ledger):
        if not isinstance(outcome, ClipStored):
            counts["not stored"] += 1
            continue
        samples, rate = soundfile.read(out / layout.clip_path(row.segment, "flac"), dtype="int16")
        span = row.segment.span
        first = round(span.start_ms * rate / 1000)
        wanted = round(span.duration_ms * rate / 1000)
        difference = np.abs(
            samples.astype(int) - decoded[outcome.clip.format_id][first : first + len(samples)]
        )
        counts["clips"] += 1
        counts[f"format {outcome.clip.format_id}"] += 1
        counts["exact length"] += len(samples) == wanted
        counts["equal to the slice"] += not difference.any()
        largest = max(largest, int(difference.max()))
    return {**counts, "largest_difference_of_32768": largest}


def main() -> None:
    """Run, compare, run again."""
    source, limit, concurrency = [*sys.argv[1:], "100", "32"][:3] if len(sys.argv) < 4 else sys.argv[1:4]
    with running_site("--shares", SHARES) as site, tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        argv = asyncdl_argv(
            site,
            "run",
            source,
            "--limit",
            limit,
            "--concurrency",
            concurrency,
            "--out",
            str(out),
            "--rate",
            "unlimited",
            "--json",
            "-q",
        )
        first = json.loads(subprocess.check_output(argv))
        asked = len(site.requests())
        second = json.loads(subprocess.check_output(argv))
        result = {
            "stored": first["stored"],
            "requests": asked,
            **compare(out, Path(name)),
            "second_run_requests": len(site.requests()) - asked,
            "second_run_exit_code": second["exit_code"],
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
