"""Media that are playlists, scripts, archives or pages: never stored, nothing beside them is opened."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest

from asyncdl.core.kinds import FailureKind
from asyncdl.core.model import ClipSpec, Failure
from asyncdl.core.retry import RetryPolicy
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.wire import Reply, Request
from asyncdl.errors import ExitCode
from asyncdl.settings import FetchSettings
from support.bench import Bench, ytids
from support.hostile import Listener, disguises, listening
from support.invariants import check_invariants, stored_clips
from support.sources import EXE, make, noise_m4a, noise_webm, nothing_left, segment, whole_file
from support.witness import Witness

_WORST = ("concat_script", "hls_remote", "dash_local", "mp4_of_another_file", "zip")


@pytest.fixture(name="listener")
async def _listener() -> AsyncIterator[Listener]:
    async with listening() as opened:
        yield opened


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> Path:
    (tmp_path / "out" / ".parts").mkdir(parents=True)
    return tmp_path / "out"


def _secret(folder: Path) -> Path:
    """Good media that nobody asked for: whoever opened them would have a clip of them."""
    path = folder / "secret.m4a"
    path.write_bytes(noise_m4a().data)
    return path


async def test_each_disguise_is_bad_media_and_opens_nothing(root: Path, listener: Listener) -> None:
    """By turns under the name of an mp4 and of a WebM file."""
    secret = _secret(root / ".parts")
    for name, data, media in zip(*_table(secret, listener), cycle([noise_m4a, noise_webm]), strict=False):
        told = await make(root, ClipSpec(), segment(0, 1_000), whole_file(media(), root, data))
        assert isinstance(told, Failure), name
        assert told.kind is FailureKind.BAD_MEDIA, (name, told)
    secret.unlink()
    assert nothing_left(root)
    assert not listener.callers


def _table(secret: Path, listener: Listener) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    found = disguises(secret, listener)
    return tuple(found), tuple(found.values())


async def test_the_same_disguise_opens_the_other_file_where_nothing_forbids_it(tmp_path: Path) -> None:
    """Else the tests above would prove nothing."""
    secret = _secret(tmp_path)
    disguised = tmp_path / "sound.m4a"
    disguised.write_bytes(disguises(secret, Listener())["concat_relative"])
    argv = [EXE, "-nostdin", "-v", "error", "-i", str(disguised), "-t", "1", "-f", "s16le", "-"]
    careless = await asyncio.to_thread(subprocess.run, argv, capture_output=True, check=True)
    assert len(careless.stdout) == 44_100 * 4


async def test_a_list_with_disguised_videos_gets_its_other_clips_and_keeps_all_invariants(
    bench: Bench, listener: Listener
) -> None:
    """The site gives no ranges, so that a disguise goes whole to ffmpeg. Silence is stored, and flagged."""
    found = disguises(_secret(bench.folder), listener)
    for name in _WORST:
        bench.site.own_media[_id_of(name)] = partial(_whole, found[name])
    rows = bench.write_list([*map(_id_of, _WORST), Scenario.SILENT, *ytids(4)])
    witness = Witness.of(bench, rows)
    policy = RetryPolicy(max_attempts=1)
    report = await bench.run(rows, retry=policy, fetch=FetchSettings(concurrency=4))
    assert report.exit_code is ExitCode.RETRYABLE_LEFT
    assert report.counts.failed == {FailureKind.BAD_MEDIA: len(_WORST)}
    told = check_invariants(bench.out, witness, concurrency=4)
    assert (told.stored, told.fetched_again) == (5, 0)
    mute = [row.segment.ytid for row, stored in stored_clips(bench.out) if stored.clip.is_silent]
    assert mute == [Scenario.SILENT]
    assert not listener.callers


def _id_of(name: str) -> str:
    return f"{name.replace('_', '')[:9]:A<9}00"


def _whole(body: bytes, request: Request) -> Reply:
    """Answer by the whole of it, whatever stretch was asked for."""
    del request
    return Reply(200, body, "audio/mp4")
