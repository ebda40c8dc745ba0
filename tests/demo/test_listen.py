"""A clip's pitch tells where it begins, to 2 ms."""

from __future__ import annotations

import os
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from asyncdl.demo.listen import heard_in, heard_start_ms, sound_delay_ms
from asyncdl.demo.media import Content, Master, Masters, Recipe, Shape
from asyncdl.runtime.process import run_child

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
STARTS_S = (0.0, 7.31, 30.0, 123.456, 590.0, 609.9)


@pytest.mark.parametrize("shape", [Shape.M4A, Shape.WEBM])
@pytest.mark.parametrize("sound", [("-ac", "2"), ("-ac", "1", "-ar", "16000")])
async def test_clips_cut_by_ffmpeg_are_heard_within_2_ms(
    masters: Masters, tmp_path: Path, shape: Shape, sound: tuple[str, ...]
) -> None:
    master = await masters.get(Recipe(Content.CHIRP, shape, 620))
    delay_ms = await sound_delay_ms(master, FFMPEG)
    clips = await _cut(master, tmp_path, sound)
    heard_ms = [heard_start_ms(clip, delay_ms=delay_ms) for clip in clips]
    assert heard_ms == pytest.approx([start_s * 1000 for start_s in STARTS_S], abs=2)


async def test_the_delay_is_that_of_one_aac_priming_and_none_for_opus(masters: Masters) -> None:
    m4a, webm = [await masters.get(Recipe(Content.CHIRP, shape, 620)) for shape in (Shape.M4A, Shape.WEBM)]
    assert await sound_delay_ms(m4a, FFMPEG) == pytest.approx(1024 / 44.1, abs=1)
    assert await sound_delay_ms(webm, FFMPEG) == pytest.approx(0, abs=1)


@settings(max_examples=30)
@given(start_s=st.floats(0, 610), rate=st.sampled_from([16000, 44100, 48000]))
def test_a_pure_chirp_is_heard_within_half_a_millisecond(start_s: float, rate: int) -> None:
    assert heard_in(_chirp(start_s, rate), rate) == pytest.approx(start_s * 1000, abs=0.5)


def test_a_clip_that_begins_late_is_heard_late(tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    soundfile.write(clip, _chirp(30.02, 48000), 48000)
    assert heard_start_ms(clip) == pytest.approx(30_020, abs=0.5)


@pytest.mark.parametrize("samples", [np.zeros(48000), np.full(24000, 0.1)])
def test_silence_and_snippets_cannot_be_placed(samples: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="too short or silent"):
        heard_in(samples, 48000)


async def _cut(master: Master, folder: Path, sound: tuple[str, ...]) -> list[Path]:
    """Cut two seconds at each start, by counting samples of one whole decode."""
    rate = master.recipe.layout.sample_rate
    assert rate is not None
    graph = [f"[0:a]asplit={len(STARTS_S)}" + "".join(f"[a{number}]" for number in range(len(STARTS_S)))]
    clips = [folder / f"{number}.flac" for number in range(len(STARTS_S))]
    outputs = []
    for number, start_s in enumerate(STARTS_S):
        first = round(start_s * rate)
        cut = f"atrim=start_sample={first}:end_sample={first + 2 * rate},asetpts=PTS-STARTPTS"
        # FLAC's encoder refuses a stream whose first frame is shorter than 16 samples.
        graph.append(f"[a{number}]{cut},asetnsamples=4096:p=0[b{number}]")
        outputs += ["-map", f"[b{number}]", *sound, f"file:{clips[number]}"]
    source = ("-i", f"file:{master.path}", "-filter_complex", ";".join(graph))
    argv = (FFMPEG, "-nostdin", "-v", "error", *source, *outputs)
    finished = await run_child(argv, deadline_s=60, env=os.environ)
    assert finished.returncode == 0, finished.error_text
    return clips


def _chirp(start_s: float, rate: int, length_s: float = 1.0) -> NDArray[np.float64]:
    at = start_s + np.arange(round(length_s * rate)) / rate
    return 0.2 * np.sin(2 * np.pi * np.mod(200 * at + 5 * at * at, 1.0))
