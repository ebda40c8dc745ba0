"""``asyncdl demo`` as a newcomer types it: no network, real extractor, real ffmpeg, its own proof."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from asyncdl.demo.media import default_folder
from support.bench import Ended

SEGMENTS = 12


@pytest.fixture(name="cache")
def _cache(tmp_path: Path, masters_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache folder whose media are those that all tests share."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kept = default_folder()
    assert kept.is_relative_to(tmp_path / "cache")
    kept.parent.mkdir(parents=True)
    kept.symlink_to(masters_folder, target_is_directory=True)
    return tmp_path / "cache"


def _demo(folder: Path, cache: Path) -> Ended:
    ended = subprocess.run(
        [sys.executable, "-m", "asyncdl", "demo", "--segments", str(SEGMENTS), "--json"],
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def _heard(ended: Ended) -> tuple[int, float]:
    told = re.search(r"listened to (\d+) clips: largest start error ([-+.\d]+) ms", ended.stderr)
    assert told, ended.stderr
    return int(told[1]), float(told[2])


def test_the_demo_runs_proves_itself_and_asks_for_nothing_the_second_time(
    here: Path, cache: Path, command: Callable[..., Ended]
) -> None:
    first = _demo(here, cache)
    assert first.code == 0, first.stderr
    told = first.json()
    assert told["segments"] == told["stored"] + told["failed_total"] == SEGMENTS
    assert told["open"] == 0
    assert told["requests"] > told["stored"] > SEGMENTS / 2
    clips = list((here / "asyncdl-demo" / "clips").rglob("*.flac"))
    assert len(clips) == told["stored"]
    assert all(soundfile.info(clip).frames for clip in clips)
    clips_heard, largest_error_ms = _heard(first)
    assert 0 < clips_heard <= told["stored"]
    assert abs(largest_error_ms) < 5

    status = command("status", "--json")
    assert status.code == 0
    counts = {name: value for name, value in status.json().items() if name != "identities"}
    assert counts == {name: told[name] for name in counts}

    second = _demo(here, cache)
    again = second.json()
    assert (second.code, again["requests"], again["received_bytes"]) == (0, 0, 0)
    assert {name: again[name] for name in counts} == counts
    assert _heard(second) == _heard(first)
    assert not list((here / "asyncdl-demo" / ".parts").glob("*"))
