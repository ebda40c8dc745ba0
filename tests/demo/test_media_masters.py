"""Masters are real files, laid out as YouTube lays out its own, made once and shared."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from asyncdl.demo.media import FRAMES_PER_S, Content, Masters, Recipe, Shape, recipe_options
from asyncdl.demo.menu import Terms, recipe_of, recipe_word, recipes
from asyncdl.demo.scenarios import Scenario
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.process import run_child

CUES = bytes.fromhex("1c53bb6b")
CLUSTER = bytes.fromhex("1f43b675")


async def test_the_m4a_has_its_index_in_front_and_ten_second_fragments(masters: Masters) -> None:
    master = await masters.get(Recipe(Content.CHIRP, Shape.M4A, 620))
    data = master.path.read_bytes()
    kinds = [kind for kind, _ in _boxes(data)]
    assert kinds[:4] == [b"ftyp", b"moov", b"sidx", b"moof"]
    durations_s = _sidx_durations_s(data)
    assert len(durations_s) == 62
    assert all(9.9 < duration_s < 10.1 for duration_s in durations_s[:-1])
    assert 620 <= sum(durations_s) < 620.1


async def test_the_webm_has_its_cues_in_front_and_ten_second_clusters(masters: Masters) -> None:
    master = await masters.get(Recipe(Content.CHIRP, Shape.WEBM, 620))
    data = master.path.read_bytes()
    assert 0 < data.find(CUES, 300) < data.find(CLUSTER, 300)
    times_ms = _cue_times_ms(data)
    assert times_ms[:3] == [0, 9981, 19981]
    assert {later - earlier for earlier, later in pairwise(times_ms[1:])} == {10_000}
    assert times_ms[-1] > 609_000


async def test_variants_lack_the_index_or_have_it_at_the_end(masters: Masters) -> None:
    bare = await masters.get(Recipe(Content.CHIRP, Shape.M4A_NO_INDEX, 25))
    late = await masters.get(Recipe(Content.CHIRP, Shape.WEBM_CUES_AT_END, 25))
    kinds = [kind for kind, _ in _boxes(bare.path.read_bytes())]
    assert b"sidx" not in kinds
    assert kinds.index(b"moof") < kinds.index(b"mfra")
    data = late.path.read_bytes()
    assert data.rfind(CUES) > data.rfind(CLUSTER)


async def test_a_recipe_is_cooked_once_and_read_by_others(tmp_path: Path) -> None:
    recipe = Recipe(Content.CHIRP, Shape.WEBM, 2)
    ours, theirs = Masters(tmp_path), Masters(tmp_path)
    made = await asyncio.gather(*(chef.get(recipe) for chef in (ours, ours, theirs)))
    assert len({master.path for master in made}) == 1
    first = made[0].path.stat()
    again = await Masters(tmp_path).get(recipe)
    assert again.path.stat().st_mtime_ns == first.st_mtime_ns
    assert os.listdir(tmp_path) == [made[0].path.name]


async def test_another_recipe_has_another_name(tmp_path: Path) -> None:
    masters = Masters(tmp_path)
    lengths = [await masters.get(Recipe(Content.SILENCE, Shape.M4A, length_s)) for length_s in (1, 2)]
    assert len({master.path for master in lengths}) == 2
    assert [master.duration_ms for master in lengths] == [1000, 2000]


async def test_an_ffmpeg_that_fails_is_a_fault_of_the_environment(tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(
        '#!/bin/sh\n[ "$1" = -version ] && echo ffmpeg version x && exit\necho no aac >&2; exit 1\n'
    )
    program.chmod(0o755)
    masters = Masters(tmp_path / "masters", str(program))
    with pytest.raises(EnvironmentFault, match="no aac"):
        await masters.get(Recipe(Content.SILENCE, Shape.M4A, 1))
    assert list((tmp_path / "masters").iterdir()) == []


async def test_noise_is_the_same_every_time_and_silence_is_silent(tmp_path: Path) -> None:
    first = await Masters(tmp_path / "a").get(Recipe(Content.NOISE, Shape.M4A, 2))
    second = await Masters(tmp_path / "b").get(Recipe(Content.NOISE, Shape.M4A, 2))
    silence = await Masters(tmp_path / "a").get(Recipe(Content.SILENCE, Shape.WEBM, 2))
    noise, rate = await _decoded(first.path, tmp_path)
    assert np.array_equal(noise, (await _decoded(second.path, tmp_path))[0])
    assert (rate, noise.shape[1]) == (44100, 2)
    assert np.std(noise) > 0.05
    assert not np.any((await _decoded(silence.path, tmp_path))[0])


async def test_the_picture_tells_its_frame_number(masters: Masters, tmp_path: Path) -> None:
    master = await masters.get(Recipe(Content.CHIRP, Shape.VIDEO_144, 60))
    raw = tmp_path / "frame.raw"
    argv = ("-ss", "50", "-i", f"file:{master.path}", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray")
    await _ffmpeg(*argv, f"file:{raw}")
    row = np.frombuffer(raw.read_bytes(), dtype=np.uint8).reshape(144, 256)[72]
    bits = row.reshape(16, 16).mean(axis=1) > 128
    assert int(sum(1 << place for place, bit in enumerate(bits) if bit)) == 50 * FRAMES_PER_S


def test_every_scenario_has_masters_and_their_names_read_back() -> None:
    offered = {recipe for scenario in Scenario for recipe in recipes(scenario, Terms(videos=True))}
    assert {recipe.shape for recipe in offered} == set(Shape)
    assert all(recipe_of(recipe_word(recipe)) == recipe for recipe in offered)
    assert all(recipe_options(recipe) for recipe in offered)


async def _decoded(path: Path, folder: Path) -> tuple[NDArray[np.float64], int]:
    sound = folder / f"{path.name}.wav"
    await _ffmpeg("-y", "-i", f"file:{path}", f"file:{sound}")
    samples, rate = soundfile.read(sound, always_2d=True)
    return samples, int(rate)


async def _ffmpeg(*arguments: str) -> None:
    argv = (imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", *arguments)
    finished = await run_child(argv, deadline_s=60, env=os.environ)
    assert finished.returncode == 0, finished.error_text


def _boxes(data: bytes) -> list[tuple[bytes, int]]:
    found, position = [], 0
    while position < len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        found.append((kind, position))
        position += size
    return found


def _sidx_durations_s(data: bytes) -> list[float]:
    start = dict(_boxes(data))[b"sidx"]
    (timescale,) = struct.unpack_from(">I", data, start + 16)
    head = start + 12 + 8 + (8 if data[start + 8] == 0 else 16)
    (count,) = struct.unpack_from(">H", data, head + 2)
    return [
        struct.unpack_from(">I", data, head + 4 + 12 * entry + 4)[0] / timescale for entry in range(count)
    ]


def _cue_times_ms(data: bytes) -> list[int]:
    """Read the CueTime of each CuePoint; the generated files count in milliseconds."""
    (cues,) = (body for kind, body in _elements(data, data.find(CUES, 300)) if kind == CUES)
    points = (body for kind, body in _elements(cues, 0) if kind == b"\xbb")
    return [int.from_bytes(dict(_elements(point, 0))[b"\xb3"], "big") for point in points]


def _elements(data: bytes, position: int) -> Iterator[tuple[bytes, bytes]]:
    """Walk EBML elements up to the first cluster."""
    while position < len(data) and not data.startswith(CLUSTER, position):
        id_width = 9 - data[position].bit_length()
        at = position + id_width
        width = 9 - data[at].bit_length()
        size = int.from_bytes(data[at : at + width], "big") & ((1 << (7 * width)) - 1)
        yield data[position:at], data[at + width : at + width + size]
        position = at + width + size
