"""What a clip costs: CPU, requests, bytes and time, side by side with two other ways of getting it.

    python benchmarks/clip_cost.py [--clips 300] [--format wav|flac] [--latency-ms 100] [--only NAME …]
                                   [--ffmpeg PATH] [--shares JSON] [--length-s 300] [--processes CORES]

The ways: ``asyncdl``; ``command_line``, yt-dlp with --download-sections under xargs; ``whole_file``, a pool
of processes that each keep one ``YoutubeDL``, fetch whole files and cut them with ffmpeg. All ask the same
embedded site, which runs in a process of its own on the same cores and is told apart. The command line asks
as it does when nothing is told to it (page, script, player), through the site's proxy; the pool is given
asyncdl's one player request. CPU is that of the whole process tree, user and system; what the children of
children spend counts too, as each is waited for by its parent. Every clip is opened afterwards: ``good`` ones
have the wanted rate and last 10 s, 0.1 s more or less. The command line's mostly are not: it copies packets
from the last cluster's start on. Videos last 300 s, as no range that anybody asks for is longer than 10 MiB
then; the site serves those at 32 KiB/s, as YouTube does, and the command line asks for such ranges.
``--ffmpeg`` names another one for the command line
alone: that of a distribution is linked dynamically and starts six times slower than the static one that all
ways use otherwise. ``--shares '{"m4a_only": 1}'`` makes all sources 128 kbit/s in fragments of 10 s.
Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import string
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import soundfile
from harness import RunningSite, asyncdl_argv, cpu_s, running_site

_ALPHABET = string.ascii_letters + string.digits + "-_"
_PROGRAM = Path(__file__).with_name("whole_file.py")
_FORMS = {"wav": ("--format", "wav", "--sample-rate", "16000", "--mono"), "flac": ()}
_RATES = {"wav": ({16000}, {1}), "flac": ({44100, 48000}, {1, 2})}
_CLIP_S, _ROUGHLY_S = 10, 0.1
_AFTER = {"wav": ("--postprocessor-args", "ExtractAudio:-ar 16000 -ac 1"), "flac": ()}


@dataclass(frozen=True)
class Job:
    """What each way is told."""

    site: RunningSite
    rows: list[tuple[str, int]]
    folder: Path
    form: str
    at_once: int
    ffmpeg: str
    processes: int


Way = Callable[[Job], list[str]]


def asyncdl(job: Job) -> list[str]:
    """Run asyncdl itself."""
    rows = job.folder / "list.csv"
    rows.write_text("".join(f'{ytid}, {start}, {start + 10}, "/m/09x0r"\n' for ytid, start in job.rows))
    pace = ("--concurrency", str(job.at_once), "--rate", "unlimited")
    where = ("--out", str(job.folder / "out"), "-q", "--json")
    return asyncdl_argv(job.site, "run", str(rows), *pace, *where, *_FORMS[job.form])


def command_line(job: Job) -> list[str]:
    """Start yt-dlp once for each clip."""
    rows = job.folder / "rows.txt"
    rows.write_text("".join(f"*{start}-{start + 10}\n{ytid}\n" for ytid, start in job.rows))
    told = job.site.told()
    words = [
        *(sys.executable, "-m", "yt_dlp", "--ignore-config", "--quiet", "--no-warnings"),
        *("--compat-options", "no-certifi", "--proxy", str(told["proxy"])),
        *("--ffmpeg-location", job.ffmpeg, "-f", "ba", "-x", "--audio-format", job.form),
        *(*_AFTER[job.form], "-o", f"{job.folder}/%(id)s.%(ext)s"),
    ]
    shell = '"$@" --download-sections "$SPAN" -- "$ID"'
    each = ["sh", "-c", f"SPAN=$1; ID=$2; shift 2; set -- {' '.join(map(_quoted, words))}; {shell}", "sh"]
    return ["xargs", "-a", str(rows), "-n", "2", "-P", str(job.processes), *each]


def whole_file(job: Job) -> list[str]:
    """Fetch whole files with a ``YoutubeDL`` that is kept, and cut them."""
    rows = job.folder / "rows.json"
    rows.write_text(json.dumps(job.rows))
    told = job.site.told()
    return [sys.executable, str(_PROGRAM), str(rows), str(job.folder), str(told["player_host"]), job.form]


WAYS: dict[str, Way] = {"asyncdl": asyncdl, "command_line": command_line, "whole_file": whole_file}


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'"


def looked_at(paths: list[Path], form: str) -> dict[str, Any]:
    """Decode all clips: how many last ten seconds and fit what was asked for, and their mean length."""
    rates, channels = _RATES[form]
    good, lengths_s = 0, []
    for path in paths:
        with soundfile.SoundFile(str(path)) as file:
            lengths_s.append(sum(len(block) for block in file.blocks(1 << 16)) / file.samplerate)
            fits = file.samplerate in rates and file.channels in channels
        good += fits and abs(lengths_s[-1] - _CLIP_S) <= _ROUGHLY_S
    return {"clips": len(paths), "good": good, "mean_length_s": round(sum(lengths_s) / max(len(paths), 1), 2)}


def measure(name: str, job: Job) -> dict[str, Any]:
    """Run one way to its end; figures are per clip made."""
    argv = WAYS[name](job)
    env = {**os.environ, "SSL_CERT_FILE": str(job.site.told()["ca_file"])}
    site_before_s = cpu_s(int(str(job.site.told()["pid"])))
    asked_before = len(job.site.requests())
    began_s = time.monotonic()
    child = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall_s = time.monotonic() - began_s
    child.returncode = os.waitstatus_to_exitcode(status)
    site_s = cpu_s(int(str(job.site.told()["pid"]))) - site_before_s
    paths = [path for path in job.folder.rglob(f"*.{job.form}") if path.stat().st_size]
    made = len(paths)
    asked = job.site.requests()[asked_before:]
    kinds = Counter(str(one["kind"]) for one in asked)
    clips = max(made, 1)
    return {
        "exit_code": child.returncode,
        **looked_at(paths, job.form),
        "cpu_s_per_clip": round((usage.ru_utime + usage.ru_stime) / clips, 4),
        "clips_per_s": round(made / wall_s, 2),
        "wall_s": round(wall_s, 2),
        "requests_per_clip": {kind: round(count / clips, 2) for kind, count in sorted(kinds.items())},
        "served_kb_per_clip": round(sum(int(str(one["bytes_sent"])) for one in asked) / clips / 1000, 1),
        "site_cpu_s_per_clip": round(site_s / clips, 4),
        "site_share_of_cores": round(site_s / wall_s / len(os.sched_getaffinity(0)), 3),
    }


def rows_of(count: int, seed: int = 5) -> list[tuple[str, int]]:
    """Invent segments: an id and a start in whole seconds each."""
    rng = random.Random(seed)
    return [("".join(rng.choices(_ALPHABET, k=11)), rng.randrange(1, 180)) for _ in range(count)]


def main() -> None:
    """Measure the ways one after the other against one site."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--clips", type=int, default=300)
    parser.add_argument("--format", choices=sorted(_FORMS), default="wav")
    parser.add_argument("--latency-ms", type=int, default=100)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--only", nargs="*", choices=sorted(WAYS), default=list(WAYS))
    parser.add_argument("--ffmpeg", default=imageio_ffmpeg.get_ffmpeg_exe(), help="of the command line only")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--processes", type=int, default=cores, help="of the command line at once")
    parser.add_argument("--shares", default="{}", help="of the site's scenarios, as it takes them")
    parser.add_argument("--length-s", type=int, default=300, help="of all videos")
    asked = parser.parse_args()
    rows = rows_of(asked.clips)
    result: dict[str, Any] = {"clips": asked.clips, "format": asked.format, "latency_ms": asked.latency_ms}
    result |= {"shares": json.loads(asked.shares), "command_line_ffmpeg": asked.ffmpeg}
    terms = ("--latency-ms", str(asked.latency_ms), "--length-s", str(asked.length_s))
    with running_site(*terms, "--shares", asked.shares) as site:
        for name in asked.only:
            with tempfile.TemporaryDirectory(prefix="asyncdl-cost-") as folder:
                told = (asked.format, asked.concurrency, asked.ffmpeg, asked.processes)
                result[name] = measure(name, Job(site, rows, Path(folder), *told))
    if {"asyncdl", "command_line"} <= result.keys():
        ours, theirs = result["asyncdl"], result["command_line"]
        result["cpu_ratio"] = round(theirs["cpu_s_per_clip"] / ours["cpu_s_per_clip"], 1)
        result["speed_ratio"] = round(ours["clips_per_s"] / theirs["clips_per_s"], 1)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
