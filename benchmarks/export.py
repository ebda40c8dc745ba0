"""Exporting a data set of the size of AudioSet's eval list: clips per second, memory, and after a kill.

    python benchmarks/export.py [--clips 20371] [--formats webdataset hdf5 parquet] [--keep DIR]

Makes a data set of FLAC clips of distinct content (10 s, 48 kHz, stereo, tones over noise; about 0.9 MB each)
with the real journal, on all cores. Then each format is exported by the command: once undisturbed, once
killed with -9 (the main process and its workers) when half of its shards are published, and gone on with.
Files of both are compared byte by byte. Prints one JSON object a format: ``rss_mb`` is the sum of the largest
resident sizes of the main process and of its workers, ``rest_…`` speak of the start after the kill. The
target is removed after each format; 20,371 clips need 55 GB at most.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from asyncdl.core import layout
from asyncdl.core.events import ClipStored, RowSelected, RunEnded, RunStarted, Source, SourceAdded
from asyncdl.core.model import Clip, ClipSpec, Row, RowRef, Segment, Span
from asyncdl.exporting.steps import STATE
from asyncdl.labels import load_labels
from asyncdl.runtime.finding import journal_of
from asyncdl.runtime.journal import RunJournal

RATE, SECONDS = 48_000, 10
_POLL_S = 0.05


def segment_of(number: int) -> Segment:
    """Name one, with one to four of the 527 labels."""
    classes = load_labels().classes
    labels = tuple(classes[(number * 31 + step * 97) % len(classes)].mid for step in range(1 + number % 4))
    return Segment(f"Clip{number:07d}", Span(30_000, 40_000), "eval", labels)


def make_clip(root: Path, number: int) -> Clip:
    """Write one clip, and say of it what a run would have recorded."""
    times_s = np.arange(RATE * SECONDS, dtype=np.float32) / RATE
    rng = np.random.default_rng(number)
    noise = rng.integers(-40, 40, (len(times_s), 2), dtype=np.int16)
    tone = (6000 * np.sin(2 * np.pi * (100 + number % 4000) * times_s)).astype(np.int16)
    path = root / layout.clip_path(segment_of(number), "flac")
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, noise + tone[:, None], RATE)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Clip(len(data), digest, len(times_s), RATE, 2, 0, False, "251", RATE, False, "yt-dlp 0")


async def make_data_set(root: Path, clips: int) -> int:
    """Record the clips in a journal; answer their bytes."""
    journal, spec = RunJournal(journal_of(root)), ClipSpec()
    journal_of(root).mkdir(parents=True)
    await journal.start(RunStarted("a run", 0, spec, {}, "run eval.csv", {}), 1)
    await journal.append(SourceAdded(Source(0, "eval.csv", "eval", "0" * 64, 1)))
    total = 0
    with ProcessPoolExecutor() as pool:
        made = pool.map(partial(make_clip, root), range(clips), chunksize=64)
        for number, clip in enumerate(made):
            segment, ref = segment_of(number), RowRef(0, number + 4)
            journal.note(RowSelected(Row(ref, segment)))
            await journal.append(ClipStored(segment.key, ref, 0, 1, 0, clip))
            total += clip.size_bytes
    await journal.append(RunEnded(0, "finished"))
    await journal.close()
    return total


def start(root: Path, name: str, target: Path) -> subprocess.Popen[bytes]:
    """Start the command, as leader of a group of its own."""
    argv = [sys.executable, "-m", "asyncdl", "export", name, "--out", str(root), "--to", str(target)]
    return subprocess.Popen([*argv, "--quiet", "--json"], stdout=subprocess.PIPE, start_new_session=True)


def family(pid: int) -> Iterator[int]:
    """Name a process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            yield from family(child)


def rss_bytes(pid: int) -> int:
    """Largest resident size of a process so far."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def finish(process: subprocess.Popen[bytes]) -> tuple[dict[str, object], int]:
    """Wait for the end of the command; answer its result and the sum of all largest sizes."""
    sizes: dict[int, int] = {}
    while process.poll() is None:
        sizes |= {pid: max(sizes.get(pid, 0), rss_bytes(pid)) for pid in family(process.pid)}
        time.sleep(_POLL_S)
    assert process.stdout is not None
    told = json.loads(process.stdout.read())
    assert process.returncode == 0, told
    return told, sum(sizes.values())


def published(target: Path) -> int:
    """Count the shards that are vouched for; one that is being made has a receipt without a digest."""
    receipts = (target / STATE / "receipts").glob("*.json")
    return sum(bool(json.loads(path.read_bytes())["digest"]) for path in receipts)


def kill_halfway(process: subprocess.Popen[bytes], target: Path, shards: int) -> int:
    """Kill everything with -9 once half of the shards are published; answer how many those are."""
    while process.poll() is None:
        done = published(target)
        if done >= shards // 2:
            for pid in list(family(process.pid)):
                os.kill(pid, signal.SIGKILL)
            process.wait()
            return done
        time.sleep(_POLL_S)
    raise AssertionError("it ended before it could be killed")


def digests(target: Path) -> dict[str, str]:
    """SHA-256 of all files but the export's own records."""
    found = {}
    for path in sorted(target.rglob("*")):
        if path.is_file() and STATE not in path.relative_to(target).parts:
            with path.open("rb") as file:
                found[str(path.relative_to(target))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def measure(root: Path, name: str, target: Path) -> dict[str, object]:
    """Export undisturbed, then killed and gone on with."""
    began_s = time.monotonic()
    told, rss = finish(start(root, name, target))
    whole_s = time.monotonic() - began_s
    undisturbed, shards = digests(target), int(str(told["shards"]))
    shutil.rmtree(target)
    done = kill_halfway(start(root, name, target), target, shards)
    began_s = time.monotonic()
    again, rss_again = finish(start(root, name, target))
    rest_s = time.monotonic() - began_s
    is_equal = digests(target) == undisturbed
    shutil.rmtree(target)
    clips = int(str(told["clips"]))
    rest = clips * (shards - int(str(again["kept_shards"]))) // shards
    return {
        "format": name,
        "clips": clips,
        "shards": shards,
        "gb": round(int(str(told["bytes"])) / 1e9, 2),
        "seconds": round(whole_s, 1),
        "clips_per_s": round(clips / whole_s, 1),
        "rss_mb": round(rss / 1e6),
        "killed_after_shards": done,
        "kept_shards": again["kept_shards"],
        "rest_seconds": round(rest_s, 1),
        "rest_clips_per_s": round(rest / rest_s, 1),
        "rest_rss_mb": round(rss_again / 1e6),
        "equal_bytes": is_equal,
    }


def main() -> None:
    """Measure each format."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=20_371)
    parser.add_argument("--formats", nargs="+", default=["webdataset", "hdf5", "parquet"])
    parser.add_argument("--keep", type=Path, help="where the data set is, or is made and kept")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asyncdl-export-") as folder:
        root = asked.keep or Path(folder, "set")
        if not journal_of(root).is_dir():
            began_s = time.monotonic()
            size = asyncio.run(make_data_set(root, asked.clips))
            made = {"made_s": round(time.monotonic() - began_s), "gb": round(size / 1e9, 2)}
            sys.stdout.write(f"{json.dumps(made)}\n")
        for name in asked.formats:
            sys.stdout.write(f"{json.dumps(measure(root, name, root / 'exports' / name))}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
