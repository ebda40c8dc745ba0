"""What this machine says of its disk, its files and its children, and what asyncdl finds out by itself."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from asyncdl.core.classify import classify
from asyncdl.core.model import Failure, Span
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.site import Site
from asyncdl.fetchers.ytdlp.span import write_new
from asyncdl.fetchers.ytdlp.video import VideoFetcher
from support.children import until, workers
from support.message_rows import GOOD, MACHINE
from support.messages import By, Message
from support.pools import open_pool
from support.staging import Faults, Stage
from support.telling import assert_told, rows

NO_FILES = """
import resource, sys
from asyncdl.core.model import FetchRequest, Span
from asyncdl.fetchers.ytdlp.config import Endpoint, WorkerConfig
from asyncdl.fetchers.ytdlp.video import VideoFetcher
host, ca_file, folder = sys.argv[1:]
fetcher = VideoFetcher(WorkerConfig(endpoint=Endpoint(host, ca_file)))
def ask(name):
    return fetcher.fetch(FetchRequest("dQw4w9WgXcQ", (Span(0, 1000),), folder, (name,)), 20.0)[0]
ask("first")
import os
taken = [os.open(os.devnull, os.O_RDONLY)]
resource.setrlimit(resource.RLIMIT_NOFILE, (taken[-1], taken[-1]))
print(ask("second").text)
"""
FAULTS = Faults()


@rows(By.MACHINE)
async def test_said_by_this_machine(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch, message: Message
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(site.ca_file))
    assert_told(await FAULTS[message.how](Stage(site, folder, monkeypatch)), message)


def test_every_fault_of_the_machine_has_its_row() -> None:
    assert {message.how for message in MACHINE} == set(FAULTS)


@FAULTS.add
async def no_files_left(stage: Stage) -> Failure:
    """A child of its own, since the limit would hold for the site too."""
    argv = [
        sys.executable,
        "-c",
        NO_FILES,
        stage.site.player_host,
        str(stage.site.ca_file),
        str(stage.folder),
    ]
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, check=False)
    return classify(f"ERROR: {done.stdout}{done.stderr}")


def _written(stage: Stage, fill: Callable[[BinaryIO], None]) -> Failure:
    told = write_new(str(stage.folder / "part"), fill)
    assert isinstance(told, Failure)
    return told


@FAULTS.add
async def full_disk(stage: Stage) -> Failure:
    """A device that is always full says so itself."""

    def fill(file: BinaryIO) -> None:
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"some")

    return _written(stage, fill)


@FAULTS.add
async def full_quota(stage: Stage) -> Failure:
    def fill(file: BinaryIO) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    return _written(stage, fill)


@FAULTS.add
async def read_only(stage: Stage) -> Failure:
    def fill(file: BinaryIO) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    return _written(stage, fill)


@FAULTS.add
async def no_folder(stage: Stage) -> Failure:
    stage.folder.rmdir()
    return await stage.player()


@FAULTS.add
async def locked_folder(stage: Stage) -> Failure:
    """Root may write anywhere, but not there."""
    if os.geteuid():
        stage.folder.chmod(0o500)
        return await stage.player()

    def fill(file: BinaryIO) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    return _written(stage, fill)


async def _jar_refused(stage: Stage, text: str) -> Failure:
    """yt-dlp reads the jar at the first request, and refuses it once more when it is closed."""
    jar = stage.folder / "cookies.txt"
    jar.write_text(text)
    stage.patch.setattr(VideoFetcher, "close", lambda _: None)
    return await stage.player(cookie_file=str(jar))


@FAULTS.add
async def cookies_of_junk(stage: Stage) -> Failure:
    return await _jar_refused(stage, "junk\n")


@FAULTS.add
async def cookies_in_json(stage: Stage) -> Failure:
    return await _jar_refused(stage, '[{"name": "SID"}]')


@FAULTS.add
async def template_of_elsewhere(stage: Stage) -> Failure:
    return await stage.player(url_template="https://videos.example.invalid/{ytid}")


@FAULTS.add
async def shortened_id(stage: Stage) -> Failure:
    return await stage.player("tooshort")


@FAULTS.add
async def behind_the_end(stage: Stage) -> Failure:
    return await stage.player(GOOD, Span(700_000, 710_000))


@FAULTS.add
async def slow_loris(stage: Stage) -> Failure:
    return await stage.player(Scenario.SLOW_LORIS, deadline_s=0.3)


@FAULTS.add
async def killed_worker(stage: Stage) -> Failure:
    home = stage.folder / "pool"
    home.mkdir()
    async with open_pool(stage.site, home) as ward:
        await ward.one(GOOD)
        fetching = asyncio.create_task(ward.one(Scenario.STALL_PLAYER))
        await until(lambda: not ward.pool._idle)
        for pid in workers(ward.run_id):
            os.kill(pid, signal.SIGKILL)
        told = await fetching
    assert isinstance(told, Failure)
    return told
