"""One of the ways that ``clip_cost.py`` compares: whole files through a kept ``YoutubeDL``, cut by ffmpeg.

    python benchmarks/whole_file.py ROWS.json FOLDER PLAYER_HOST wav|flac

A process a core, each with one ``YoutubeDL``; the site's certificate comes in SSL_CERT_FILE.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import imageio_ffmpeg

_FORMS = {"wav": ("-ar", "16000", "-ac", "1"), "flac": ()}


@cache
def _kept(folder: str, player_host: str) -> Any:  # noqa: ANN401 - yt-dlp ships no types
    import yt_dlp  # noqa: PLC0415 - once in each process

    arguments = {
        "player_skip": ["webpage", "configs", "js", "initial_data"],
        "skip": ["hls", "dash", "translated_subs"],
        "innertube_host": [player_host],
    }
    options = {
        "quiet": True,
        "no_warnings": True,
        "format": "ba",
        "outtmpl": f"{folder}/%(id)s.source",
        "compat_opts": {"no-certifi"},
        "extractor_args": {"youtube": arguments},
        "js_runtimes": {},
        "fixup": "never",
    }
    return yt_dlp.YoutubeDL(options)


def make(ytid: str, start_s: int, folder: str, player_host: str, form: str) -> None:
    """Fetch one file whole and cut ten seconds out of it."""
    _kept(folder, player_host).extract_info(f"https://www.youtube.com/watch?v={ytid}")
    source = Path(folder) / f"{ytid}.source"
    cut = ("-ss", str(start_s), "-t", "10", "-i", str(source), *_FORMS[form], f"{folder}/{ytid}.{form}")
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-y", *cut], check=True)
    source.unlink()


def main() -> None:
    """Share the rows out."""
    rows, folder, player_host, form = sys.argv[1:]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        jobs = [
            pool.submit(make, ytid, start_s, folder, player_host, form)
            for ytid, start_s in json.loads(Path(rows).read_text())
        ]
        for job in jobs:
            job.result()


if __name__ == "__main__":
    main()
