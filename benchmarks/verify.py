"""How many stored clips ``asyncdl verify`` looks at in a second, at each depth.

    python benchmarks/verify.py [--clips 500] [--seconds 10] [--jobs N]

Makes a data set of FLAC clips (44.1 kHz, stereo, noise over tones, about 1 MB for 10 s) with the real journal
and runs the command on it, twice per depth, the better one counts: files come from the page cache, so the
figures tell of the processor, not of a disk. Prints one JSON object; ``full_set_h`` is the time for all
2,084,320 segments of AudioSet at that rate.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from asyncdl.core import layout
from asyncdl.core.events import ClipStored, RowSelected, RunEnded, RunStarted, Source, SourceAdded
from asyncdl.core.model import Clip, ClipSpec, Row, RowRef, Segment, Span
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.journal import RunJournal

AUDIOSET_SEGMENTS = 2_084_320
RATE = 44_100
DEPTHS = {"quick": ["--quick"], "checksum": ["--checksum"], "decode": []}


def make_clip(path: Path, seed: int, seconds: int) -> Clip:
    """Write one clip, and say of it what a run would have recorded."""
    times = np.arange(RATE * seconds) / RATE
    noise = np.random.default_rng(seed).normal(0, 0.02, (len(times), 2))
    tones = 0.3 * np.sin(2 * np.pi * (200 + seed) * times)[:, None]
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, ((tones + noise) * 32767).clip(-32768, 32767).astype(np.int16), RATE)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Clip(len(data), digest, len(times), RATE, 2, 0, False, "140", RATE, False, "yt-dlp 0")


async def make_data_set(root: Path, clips: int, seconds: int) -> int:
    """Record the clips in a journal; answer their bytes."""
    journal, spec, total = RunJournal(journal_of(root)), ClipSpec(), 0
    journal_of(root).mkdir(parents=True)
    await journal.start(RunStarted("a run", 0, spec, {}, "run eval.csv", {}), 1)
    await journal.append(SourceAdded(Source(0, "eval.csv", "eval", "0" * 64, 1)))
    for number in range(clips):
        segment, ref = Segment(f"Clip{number:07d}", Span(0, seconds * 1000), "eval"), RowRef(0, number + 1)
        journal.note(RowSelected(Row(ref, segment)))
        clip = make_clip(root / layout.clip_path(segment, spec.extension), number, seconds)
        await journal.append(ClipStored(segment.key, ref, 0, 1, 0, clip))
        total += clip.size_bytes
    await journal.append(RunEnded(0, "finished"))
    await journal.close()
    return total


def clips_per_s(root: Path, options: list[str]) -> float:
    """Run the command twice on a whole data set; answer the better rate, by its own clock."""
    argv = [sys.executable, "-m", "asyncdl", "verify", "--out", str(root), "--json", "--quiet", *options]
    rates: list[float] = []
    for _ in range(2):
        told = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
        assert told["whole"] == told["recorded"]
        rates.append(told["checked"] / told["elapsed_s"])
    return max(rates)


def main() -> None:
    """Measure each depth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asyncdl-verify-") as folder:
        root = Path(folder) / "audioset"
        total = asyncio.run(make_data_set(root, asked.clips, asked.seconds))
        rates = {
            name: clips_per_s(root, ["--jobs", str(asked.jobs), *options]) for name, options in DEPTHS.items()
        }
    told = {
        "clips": asked.clips,
        "clip_bytes": total // asked.clips,
        "jobs": asked.jobs,
        "clips_per_s": {name: round(rate, 1) for name, rate in rates.items()},
        "full_set_h": {name: round(AUDIOSET_SEGMENTS / rate / 3600, 2) for name, rate in rates.items()},
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
