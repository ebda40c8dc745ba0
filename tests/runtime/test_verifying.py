"""Re-reading stored clips: each damage is told for what it is, at every depth that can see it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from asyncdl.core.model import AudioFormat, ClipSpec
from asyncdl.core.soundness import Depth, Problem
from asyncdl.errors import JournalFault
from asyncdl.runtime.ffmpeg import find_ffmpeg
from asyncdl.runtime.inspecting import Claim
from asyncdl.runtime.process import run_child
from asyncdl.runtime.verifying import Verified
from support.claims import NAME, look, recorded
from support.stored_clips import RATE, clip_of, write_sound

Damage = Callable[[Path], object]


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def link_to_a_whole_clip(path: Path) -> None:
    outside = path.rename(path.parents[3] / "outside.flac")
    path.symlink_to(outside)


def folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe_in_its_place(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def socket_in_its_place(path: Path) -> None:
    path.unlink()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path.name)


def a_file_for_a_folder(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()
    path.parent.write_text("")


def a_link_for_a_folder(path: Path) -> None:
    path.parent.symlink_to(path.parent.rename(path.parent.with_name("moved")))


@pytest.fixture(autouse=True)
def _stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path.cwd())


@pytest.mark.parametrize("depth", Depth)
async def test_a_whole_clip_is_found_whole(tmp_path: Path, depth: Depth) -> None:
    claim = recorded(tmp_path)
    found, verified = await look(tmp_path, [claim], depth)
    assert not found
    assert verified == Verified(1, claim.clip.size_bytes)


@pytest.mark.parametrize("depth", Depth)
@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (Path.unlink, Problem.MISSING),
        (lambda path: os.truncate(path, path.stat().st_size - 1), Problem.SIZE),
        (lambda path: os.truncate(path, 0), Problem.SIZE),
        (lambda path: path.write_bytes(path.read_bytes() + b"\0"), Problem.SIZE),
        (link_to_a_whole_clip, Problem.IN_THE_WAY),
        (folder_in_its_place, Problem.IN_THE_WAY),
        (pipe_in_its_place, Problem.IN_THE_WAY),
        (socket_in_its_place, Problem.IN_THE_WAY),
        (a_file_for_a_folder, Problem.IN_THE_WAY),
        (a_link_for_a_folder, Problem.BEHIND_LINK),
    ],
)
async def test_each_damage_of_a_name_is_told_at_every_depth(
    tmp_path: Path, damage: Damage, problem: Problem, depth: Depth
) -> None:
    claim = recorded(tmp_path)
    damage(tmp_path / NAME)
    found, _ = await look(tmp_path, [claim], depth)
    assert [(one.key, one.path, one.problem) for one in found] == [(claim.key, NAME, problem)]
    assert problem.is_lost is (problem is not Problem.BEHIND_LINK)


@pytest.mark.parametrize("damage", [flip_a_bit, partial(write_sound, seed=99)])
async def test_other_bytes_of_the_same_size_are_seen_by_their_checksum(
    tmp_path: Path, damage: Damage
) -> None:
    """Other sound of the same length is a valid wav file of exactly the recorded size."""
    name, spec = NAME.replace(".flac", ".wav"), ClipSpec(AudioFormat.WAV)
    claim = recorded(tmp_path, name)
    damage(tmp_path / name)
    assert not (await look(tmp_path, [claim], Depth.SIZE, spec))[0]
    for depth in (Depth.CHECKSUM, Depth.DECODE):
        assert [one.problem for one in (await look(tmp_path, [claim], depth, spec))[0]] == [Problem.CHECKSUM]


@pytest.mark.parametrize(
    "wrong", [{"sample_rate": 44_100}, {"channels": 2}, {"samples": RATE // 4 + 1}], ids=str
)
async def test_a_clip_that_decodes_to_something_else_than_recorded_is_lost(
    tmp_path: Path, wrong: dict[str, int]
) -> None:
    claim = recorded(tmp_path)
    changed = replace(claim, clip=replace(claim.clip, **wrong))  # type: ignore[arg-type]  # fields of int
    assert not (await look(tmp_path, [changed], Depth.CHECKSUM))[0]
    (finding,) = (await look(tmp_path, [changed], Depth.DECODE))[0]
    assert finding.problem is Problem.SOUND


async def test_a_file_that_is_as_recorded_and_no_sound_at_all_is_lost(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no sound" * 100)
    (finding,) = (await look(tmp_path, [Claim("k", 3, NAME, clip_of(path))], Depth.DECODE))[0]
    assert (finding.problem, finding.round) == (Problem.DECODING, 3)


async def test_a_lossy_clip_is_decoded_by_ffmpeg(tmp_path: Path) -> None:
    """Cut behind its head and recorded so, its bytes are right and its sound is not."""
    ffmpeg, spec = await find_ffmpeg(), ClipSpec(AudioFormat.OPUS)
    wav, name = tmp_path / "a.wav", NAME.replace(".flac", ".opus")
    write_sound(wav, 1, samples=48_000, rate=48_000)
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    made = await run_child([ffmpeg.path, "-i", str(wav), str(path)], deadline_s=60, env=ffmpeg.env)
    assert made.returncode == 0, made.error_text
    clip = clip_of(path, samples=48_000, rate=48_000)
    assert not (await look(tmp_path, [Claim("k", 0, name, clip)], Depth.DECODE, spec))[0]
    os.truncate(path, path.stat().st_size // 2)
    shorter = clip_of(path, samples=48_000, rate=48_000)
    (finding,) = (await look(tmp_path, [Claim("k", 0, name, shorter)], Depth.DECODE, spec))[0]
    assert finding.problem in {Problem.SOUND, Problem.DECODING}


async def test_a_missing_kept_source_is_told_and_the_clip_is_not_lost(tmp_path: Path) -> None:
    claim = recorded(tmp_path)
    kept = "clips/eval/0ab/Clip0000000_30000_40000.source.webm"
    claim = replace(claim, clip=replace(claim.clip, source_files=(kept,)))
    (finding,) = (await look(tmp_path, [claim], Depth.DECODE))[0]
    assert finding.problem is Problem.SOURCE_GONE
    assert not finding.problem.is_lost
    (tmp_path / kept).write_bytes(b"source")
    assert not (await look(tmp_path, [claim], Depth.DECODE))[0]


@pytest.mark.parametrize("path", ["clips/eval/../../../x.flac", "/etc/passwd", "journal/x.flac"])
async def test_a_record_that_names_a_file_outside_is_refused(tmp_path: Path, path: str) -> None:
    claim = recorded(tmp_path)
    with pytest.raises(JournalFault, match="outside"):
        await look(tmp_path, [replace(claim, path=path)], Depth.SIZE)
    with pytest.raises(JournalFault, match="outside"):
        await look(tmp_path, [replace(claim, clip=replace(claim.clip, source_files=(path,)))], Depth.SIZE)
