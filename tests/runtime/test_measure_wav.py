"""WAV is measured with the standard library; a head that lies does not make a clip longer than it is."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import pytest

from asyncdl.core.model import Failure
from asyncdl.runtime.ffmpeg import Ffmpeg
from asyncdl.runtime.measure import Measured, measure

NO_FFMPEG = Ffmpeg("/nowhere", "", {})
HEAD_BYTES = 44


def a_wav(path: Path, samples: bytes, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples)
    return path


@pytest.mark.parametrize(
    ("samples", "channels", "expected"),
    [
        pytest.param(b"\0\1" * 160_000, 1, Measured(160_000, 16_000, 1, is_silent=False), id="sound"),
        pytest.param(b"\0\0\0\1" * 70_000, 2, Measured(70_000, 16_000, 2, is_silent=False), id="stereo"),
        pytest.param(b"\0\0" * 70_000, 1, Measured(70_000, 16_000, 1, is_silent=True), id="silence"),
        pytest.param(b"\0\0" * 70_000 + b"\0\1", 1, Measured(70_001, 16_000, 1, is_silent=False), id="last"),
    ],
)
async def test_all_samples_are_counted_and_looked_at(
    tmp_path: Path, samples: bytes, channels: int, expected: Measured
) -> None:
    assert await measure(a_wav(tmp_path / "a.wav", samples, channels), NO_FFMPEG, deadline_s=5) == expected


async def test_only_what_is_there_counts_when_the_head_promises_more(tmp_path: Path) -> None:
    path = a_wav(tmp_path / "a.wav", b"\0\1" * 1000)
    path.write_bytes(path.read_bytes()[: HEAD_BYTES + 500])
    measured = await measure(path, NO_FFMPEG, deadline_s=5)
    assert isinstance(measured, Measured)
    assert measured.samples == 250


async def test_no_wav_at_all_is_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF but no more")
    assert isinstance(await measure(path, NO_FFMPEG, deadline_s=5), Failure)


def test_measuring_a_wav_does_not_load_numpy(tmp_path: Path) -> None:
    path = a_wav(tmp_path / "a.wav", b"\0\1" * 1000)
    script = (
        "import asyncio, sys; from pathlib import Path; from asyncdl.runtime.ffmpeg import Ffmpeg;"
        "from asyncdl.runtime.measure import measure;"
        "asyncio.run(measure(Path(sys.argv[1]), Ffmpeg('', '', {}), deadline_s=5));"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
