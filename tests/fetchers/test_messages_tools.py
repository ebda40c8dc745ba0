"""What the tools say when asyncdl's own path does not have them say it: the real ffmpeg, yt-dlp's downloader.

asyncdl's ffmpeg opens no address and yt-dlp's downloader is not used, but the table knows their words, since
an option of the user, or a later version of asyncdl, may bring them.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yt_dlp

from asyncdl.core.classify import classify
from asyncdl.core.model import AudioFormat, ClipSpec, Failure
from asyncdl.demo.scenarios import Scenario
from asyncdl.demo.site import Site
from asyncdl.errors import DiskFull
from asyncdl.fetchers.ytdlp.options import ydl_params
from asyncdl.runtime.cutter import Cutter
from asyncdl.runtime.run_ffmpeg import run_ffmpeg
from support.message_rows import GOOD, TOOLS
from support.messages import By, Message
from support.oddserver import Odd, odd_server
from support.proxies import closed_port
from support.sources import EXE, FFMPEG, Media, fetched, make, noise_m4a, noise_webm, segment, whole_file
from support.staging import Faults, Stage, hanging_up
from support.telling import assert_told, rows

FAULTS = Faults()
DAMAGE = slice(300_000, 300_400)


# yt-dlp leaves the connections of downloads that it gives up to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket")
@rows(By.TOOL)
async def test_said_by_a_real_tool(
    site: Site, folder: Path, monkeypatch: pytest.MonkeyPatch, message: Message
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(site.ca_file))
    assert_told(await FAULTS[message.how](Stage(site, folder, monkeypatch)), message)


def test_every_fault_of_a_tool_has_its_row() -> None:
    assert {message.how for message in TOOLS} == set(FAULTS)


class _Heard:
    """yt-dlp's logger."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def debug(self, text: str) -> None:
        """Progress."""

    def warning(self, text: str) -> None:
        self.lines.append(f"WARNING: {text}")

    def error(self, text: str) -> None:
        self.lines.append(text)


async def _downloaded(stage: Stage, ytid: str = GOOD, **params: Any) -> Failure:
    """What yt-dlp's own downloader ends with."""
    heard = _Heard()
    own = {
        **ydl_params(stage.config()),
        "skip_download": False,
        "format": "ba",
        "logger": heard,
        "ignoreerrors": False,
        "outtmpl": {"default": str(stage.folder / "%(id)s.%(ext)s")},
        **params,
    }

    def run() -> None:
        with yt_dlp.YoutubeDL(own) as downloader:
            downloader.extract_info(f"https://www.youtube.com/watch?v={ytid}")

    try:
        await asyncio.to_thread(run)
    except yt_dlp.utils.YoutubeDLError as error:
        heard.lines.append(str(error))
    return classify("\n".join(heard.lines))


@FAULTS.add
async def unknown_option(stage: Stage) -> Failure:
    program = "import sys, yt_dlp; sys.argv[0] = 'yt-dlp'; yt_dlp.main()"
    argv = [sys.executable, "-c", program, "--ignore-config", "--no-such-option"]
    done = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, check=False)
    return classify(done.stderr)


@FAULTS.add
async def ffmpeg_elsewhere(stage: Stage) -> Failure:
    return await _downloaded(stage, ffmpeg_location="/nowhere", format="ba+bv/ba", fixup="warn")


@FAULTS.add
async def section_without_ffmpeg(stage: Stage) -> Failure:
    stage.patch.setenv("PATH", "/nowhere")
    part = yt_dlp.utils.download_range_func(None, [(0, 5)])
    return await _downloaded(stage, download_ranges=part)


@FAULTS.add
async def extract_without_ffmpeg(stage: Stage) -> Failure:
    stage.patch.setenv("PATH", "/nowhere")
    extract = {"key": "FFmpegExtractAudio", "preferredcodec": "wav"}
    return await _downloaded(stage, postprocessors=[extract])


@FAULTS.add
async def download_no_folder(stage: Stage) -> Failure:
    (stage.folder / "file").touch()
    return await _downloaded(stage, outtmpl={"default": str(stage.folder / "file" / "x" / "%(id)s.%(ext)s")})


@FAULTS.add
async def download_no_file(stage: Stage) -> Failure:
    (stage.folder / "taken.part").mkdir()
    return await _downloaded(stage, outtmpl={"default": str(stage.folder / "taken")}, continuedl=False)


@FAULTS.add
async def download_no_format(stage: Stage) -> Failure:
    return await _downloaded(stage, format="bv[height>9000]")


@FAULTS.add
async def download_empty(stage: Stage) -> Failure:
    return await _downloaded(stage, Scenario.MEDIA_EMPTY, retries=0)


@FAULTS.add
async def download_cut_off(stage: Stage) -> Failure:
    return await _downloaded(stage, Scenario.TRUNCATED, retries=0)


@FAULTS.add
async def download_403(stage: Stage) -> Failure:
    return await _downloaded(stage, Scenario.MEDIA403, retries=0)


async def _ffmpeg(*words: str, url: str) -> Failure:
    told = await run_ffmpeg(
        FFMPEG, [EXE, "-nostdin", "-v", "level+error", *words, "-i", url, "-f", "null", "-"], 20
    )
    assert isinstance(told, Failure), told
    return told


async def _ffmpeg_answered(status: int) -> Failure:
    with odd_server({"/": Odd(status)}) as server:
        return await _ffmpeg(url=server.url("/"))


@FAULTS.add
async def ffmpeg_400(stage: Stage) -> Failure:
    return await _ffmpeg_answered(400)


@FAULTS.add
async def ffmpeg_402(stage: Stage) -> Failure:
    return await _ffmpeg_answered(402)


@FAULTS.add
async def ffmpeg_403(stage: Stage) -> Failure:
    return await _ffmpeg_answered(403)


@FAULTS.add
async def ffmpeg_404(stage: Stage) -> Failure:
    return await _ffmpeg_answered(404)


@FAULTS.add
async def ffmpeg_429(stage: Stage) -> Failure:
    return await _ffmpeg_answered(429)


@FAULTS.add
async def ffmpeg_500(stage: Stage) -> Failure:
    return await _ffmpeg_answered(500)


@FAULTS.add
async def ffmpeg_stranger(stage: Stage) -> Failure:
    return await _ffmpeg("-tls_verify", "1", url=f"https://{stage.site.player_host}/")


@FAULTS.add
async def ffmpeg_gone(stage: Stage) -> Failure:
    return await _ffmpeg(url=f"http://127.0.0.1:{closed_port()}/")


@FAULTS.add
async def ffmpeg_hung_up(stage: Stage) -> Failure:
    async with hanging_up() as port:
        return await _ffmpeg(url=f"http://127.0.0.1:{port}/")


def _root(stage: Stage) -> Path:
    (stage.folder / ".parts").mkdir()
    return stage.folder


async def _cut(stage: Stage, media: Media, data: bytes, start_ms: int = 0) -> Failure:
    """What cutting ten seconds out of these bytes ends with."""
    root = _root(stage)
    told = await make(root, ClipSpec(), segment(start_ms, start_ms + 10_000), whole_file(media, root, data))
    assert isinstance(told, Failure), told
    return told


@FAULTS.add
async def ffmpeg_junk(stage: Stage) -> Failure:
    return await _cut(stage, noise_m4a(), b"<html>" * 1000)


@FAULTS.add
async def ffmpeg_cut_off(stage: Stage) -> Failure:
    data = noise_webm().data
    return await _cut(stage, noise_webm(), data[: len(data) // 2 + 999], 25_000)


@FAULTS.add
async def ffmpeg_damaged(stage: Stage) -> Failure:
    data = bytearray(noise_m4a().data)
    data[DAMAGE] = bytes(len(data[DAMAGE]))
    return await _cut(stage, noise_m4a(), bytes(data), 15_000)


@FAULTS.add
async def ffmpeg_too_few(stage: Stage) -> Failure:
    root = _root(stage)
    wanted = segment(15_000, 25_000)
    source = fetched(noise_m4a(), replace(wanted.span, end_ms=19_000), root)
    told = await make(root, ClipSpec(), wanted, source)
    assert isinstance(told, Failure)
    return told


@FAULTS.add
async def ffmpeg_behind_the_end(stage: Stage) -> Failure:
    return await _cut(stage, noise_m4a(), noise_m4a().data, 62_000)


@FAULTS.add
async def ffmpeg_no_sound(stage: Stage) -> Failure:
    film = stage.folder / "film.mp4"
    argv = [EXE, "-v", "error", "-f", "lavfi", "-i", "color=s=32x32:d=1", "-c:v", "mpeg4", str(film)]
    await asyncio.to_thread(subprocess.run, argv, check=True)
    return await _cut(stage, noise_m4a(), film.read_bytes())


@FAULTS.add
async def ffmpeg_full_disk(stage: Stage) -> Failure:
    root = _root(stage)
    wanted = segment(1_000, 2_000)
    source = fetched(noise_m4a(), wanted.span, root)
    Path(f"{source.audio.path}.clip.wav").symlink_to("/dev/full")
    with pytest.raises(DiskFull) as told:
        await make(root, ClipSpec(format=AudioFormat.WAV), wanted, source)
    return classify(str(told.value))


@FAULTS.add
async def ffmpeg_hangs(stage: Stage) -> Failure:
    program = stage.folder / "slow-ffmpeg"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    root = _root(stage)
    slow = replace(FFMPEG, path=str(program), env={"PATH": "/usr/bin:/bin"})
    wanted = segment(1_000, 2_000)
    told = await Cutter(root, ClipSpec(), slow, deadline_s=0.2).make(
        wanted, fetched(noise_m4a(), wanted.span, root)
    )
    assert isinstance(told, Failure)
    return told


@FAULTS.add
async def ffmpeg_refuses(stage: Stage) -> Failure:
    """Told by its exit code alone, in words that are not about the media."""
    return await _ffmpeg(url=f"file:{stage.folder}/no-such-file")
