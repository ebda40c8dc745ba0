"""Master media of the stand-in: real files, made by the real ffmpeg the way YouTube makes its own.

The sound of a ``CHIRP`` tells the time: its pitch at t seconds is 200 + 10 t Hz (``demo.listen`` reads it
back). The picture tells it too: 16 vertical bars are the frame number in binary, lowest bit on the left.
Files are made once, on first use, and kept in a folder that several processes may share.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import imageio_ffmpeg
import platformdirs

from asyncdl.core.model import Container
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.process import run_child

FRAMES_PER_S = 25
NOISE_SEED = 7
_AT_ONCE = 2
_DEADLINE_S = 300.0


class Content(StrEnum):
    """What a master lets hear."""

    CHIRP = "chirp"
    NOISE = "noise"
    SILENCE = "silence"


class Shape(StrEnum):
    """How a master is encoded and laid out."""

    M4A = "m4a"
    M4A_NO_INDEX = "m4a_no_index"
    WEBM = "webm"
    WEBM_LOW = "webm_low"
    WEBM_CUES_AT_END = "webm_cues_at_end"
    VIDEO_360 = "video_360"
    VIDEO_144 = "video_144"


@dataclass(frozen=True, slots=True)
class Layout:
    """The fixed facts of a shape: YouTube's format number, MIME type, rates; ``height`` in lines."""

    itag: int
    mime: str
    container: Container
    sample_rate: int | None
    bitrate: int
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to make; ``length_s`` in seconds. Two equal recipes give the same file."""

    content: Content
    shape: Shape
    length_s: int

    @property
    def layout(self) -> Layout:
        """Format number, container and rates."""
        return LAYOUTS[self.shape]


@dataclass(frozen=True, slots=True)
class Master:
    """One finished file. ``duration_ms`` as ordered; the media index may say some milliseconds more."""

    path: Path
    recipe: Recipe
    size_bytes: int

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.recipe.length_s * 1000


LAYOUTS: Mapping[Shape, Layout] = {
    Shape.M4A: Layout(140, 'audio/mp4; codecs="mp4a.40.2"', Container.MP4, 44100, 130_000),
    Shape.M4A_NO_INDEX: Layout(140, 'audio/mp4; codecs="mp4a.40.2"', Container.MP4, 44100, 130_000),
    Shape.WEBM: Layout(251, 'audio/webm; codecs="opus"', Container.WEBM, 48000, 148_000),
    Shape.WEBM_LOW: Layout(249, 'audio/webm; codecs="opus"', Container.WEBM, 48000, 50_000),
    Shape.WEBM_CUES_AT_END: Layout(251, 'audio/webm; codecs="opus"', Container.WEBM, 48000, 148_000),
    Shape.VIDEO_360: Layout(134, 'video/mp4; codecs="avc1.42C01E"', Container.MP4, None, 60_000, 360),
    Shape.VIDEO_144: Layout(160, 'video/mp4; codecs="avc1.42C00C"', Container.MP4, None, 20_000, 144),
}
_COPIED_FROM = {Shape.M4A_NO_INDEX: Shape.M4A, Shape.WEBM_CUES_AT_END: Shape.WEBM}
_FILTERS = {
    Content.CHIRP: "aevalsrc='0.2*sin(2*PI*(200*t+5*t*t))':s=48000:d={s}",
    Content.NOISE: f"anoisesrc=c=white:r=48000:a=0.2:seed={NOISE_SEED}:d={{s}}",
    Content.SILENCE: "anullsrc=r=48000:cl=mono:d={s}",
}
_BITS = r"geq=lum='16+219*mod(floor(N/pow(2\,X))\,2)':cb=128:cr=128"
_BARS = f"color=c=black:s=16x2:r={FRAMES_PER_S}:d={{s}},{_BITS}"
_AAC = "-ac 2 -ar 44100 -c:a aac -b:a 128k"
_OPUS = "-ac 2 -c:a libopus -b:a {kbps}k"
_X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 125 -keyint_min 125 -sc_threshold 0"
_SIDX = "-f mp4 -movflags +dash+global_sidx -frag_duration {us}"
_NO_SIDX = "-f mp4 -movflags +frag_keyframe+empty_moov+default_base_moof -frag_duration 10000000"
_CLUSTERS = "-f webm -cluster_time_limit 10000 -cluster_size_limit 10000000"
_CUES_IN_FRONT = f"{_CLUSTERS} -cues_to_front 1"
_OPTIONS = {
    Shape.M4A: f"{_AAC} {_SIDX.format(us=10_000_000)}",
    Shape.M4A_NO_INDEX: f"-c copy {_NO_SIDX}",
    Shape.WEBM: f"{_OPUS.format(kbps=96)} {_CUES_IN_FRONT}",
    Shape.WEBM_LOW: f"{_OPUS.format(kbps=48)} {_CUES_IN_FRONT}",
    Shape.WEBM_CUES_AT_END: f"-c copy {_CLUSTERS}",
    Shape.VIDEO_360: f"{_X264} {_SIDX.format(us=5_000_000)}",
    Shape.VIDEO_144: f"{_X264} {_SIDX.format(us=5_000_000)}",
}


def default_folder() -> Path:
    """Where masters are kept between runs: the user's cache folder."""
    return Path(platformdirs.user_cache_dir("asyncdl")) / "demo-masters"


class Masters:
    """Makes masters on first use and knows those made. Bound to one event loop."""

    def __init__(self, folder: Path, ffmpeg: str | None = None) -> None:
        self._folder = folder
        self._ffmpeg = ffmpeg or imageio_ffmpeg.get_ffmpeg_exe()
        self._making: dict[Recipe, asyncio.Task[Master]] = {}
        self._version: asyncio.Task[str] | None = None
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def get(self, recipe: Recipe) -> Master:
        """Return the master, made now if need be.

        Raises ``EnvironmentFault`` when ffmpeg cannot make it, ``OSError`` when the folder is not writable.
        """
        task = self._making.get(recipe)
        if task is None:
            task = self._making[recipe] = asyncio.create_task(self._make(recipe))
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End what is still being made."""
        tasks = [*self._making.values(), *([self._version] if self._version else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _make(self, recipe: Recipe) -> Master:
        path = await self._path(recipe)
        if not path.exists():
            origin = await self._origin(recipe)
            async with self._places:
                await self._encode(recipe, origin, path)
        return Master(path, recipe, path.stat().st_size)

    async def _origin(self, recipe: Recipe) -> Path | None:
        shape = _COPIED_FROM.get(recipe.shape)
        if shape is None:
            return None
        return (await self.get(replace(recipe, shape=shape))).path

    async def _path(self, recipe: Recipe) -> Path:
        if self._version is None:
            self._version = asyncio.create_task(self._read_version())
        origin = _COPIED_FROM.get(recipe.shape)
        copied = () if origin is None else recipe_options(replace(recipe, shape=origin))
        known = "\n".join((await asyncio.shield(self._version), *recipe_options(recipe), *copied))
        mark = hashlib.sha256(known.encode()).hexdigest()[:12]
        extension = recipe.layout.container.value
        return self._folder / f"{recipe.content}-{recipe.shape}-{recipe.length_s}s-{mark}.{extension}"

    async def _read_version(self) -> str:
        return (await self._run("-version")).splitlines()[0]

    async def _encode(self, recipe: Recipe, origin: Path | None, path: Path) -> None:
        """Write beside the final name, then rename: another process may be making the same file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".part-") as part:
            made = Path(part) / path.name
            source = (
                recipe_options(recipe)
                if origin is None
                else ("-i", f"file:{origin}", *recipe_options(recipe))
            )
            await self._run("-nostdin", "-v", "error", *source, f"file:{made}")
            made.replace(path)

    async def _run(self, *arguments: str) -> str:
        finished = await run_child((self._ffmpeg, *arguments), deadline_s=_DEADLINE_S, env=os.environ)
        if finished.returncode or finished.timed_out:
            raise EnvironmentFault(
                f"ffmpeg could not make the demo's media: {finished.error_text or 'timed out'}",
                mend="Set ASYNCDL_FFMPEG to an ffmpeg with libopus and libx264.",
            )
        return finished.stdout.decode("utf-8", errors="replace")


def recipe_options(recipe: Recipe) -> tuple[str, ...]:
    """Return ffmpeg's arguments for a recipe: the generated input, unless it is copied, and the output's."""
    options = tuple(_OPTIONS[recipe.shape].split())
    if recipe.shape in _COPIED_FROM:
        return options
    if recipe.layout.height is None:
        return "-f", "lavfi", "-i", _FILTERS[recipe.content].format(s=recipe.length_s), *options
    width = {360: 640, 144: 256}[recipe.layout.height]
    bars = f"{_BARS.format(s=recipe.length_s)},scale={width}:{recipe.layout.height}:flags=neighbor"
    return "-f", "lavfi", "-i", bars, *options
