"""The maker of clips: cuts, measures, publishes, and leaves no part behind."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from asyncdl.core import layout
from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.cutting import is_outside
from asyncdl.core.model import AudioFormat, Clip, ClipSpec, Container, Failure, Fetched, Segment
from asyncdl.core.mp3_tag import HEAD_BYTES, with_exact_length
from asyncdl.core.ports import BeforePublish
from asyncdl.runtime.cut_part import Encoded, Work, cut_part
from asyncdl.runtime.ffmpeg import Ffmpeg
from asyncdl.runtime.files import publish, telling
from asyncdl.runtime.measure import Measured, fingerprint, measure
from asyncdl.runtime.process import shielded

DEADLINE_S = 300.0
_SOUND_ENDING = {Container.MP4: "m4a", Container.WEBM: "webm"}


def usable_slots() -> int:
    """CPUs that this program may use, and one: a child waits for the disk now and then."""
    return len(os.sched_getaffinity(0)) + 1


async def nothing_to_do() -> None:
    """Publish at once: nothing speaks of what stands under the clip's name."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A part that is as it should be."""

    encoded: Encoded
    measured: Measured


class Cutter:
    """Implements ``core.ports.Maker`` with at most ``slots`` ffmpeg children at once.

    ``root`` is the data set folder. Parts are written beside the fetched bytes; both are gone when ``make``
    is over, however it ends.
    """

    def __init__(
        self,
        root: Path,
        spec: ClipSpec,
        ffmpeg: Ffmpeg,
        *,
        slots: int | None = None,
        keep_source: bool = False,
        tools: str = "",
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._root = root
        self._spec = spec
        self._ffmpeg = ffmpeg
        self._keep_source = keep_source
        self._tools = ", ".join(filter(None, (tools, f"ffmpeg {ffmpeg.version}")))
        self._deadline_s = deadline_s
        self._slots = asyncio.Semaphore(slots or usable_slots())

    async def make(
        self, segment: Segment, fetched: Fetched, before_publish: BeforePublish = nothing_to_do
    ) -> Clip | Failure:
        """Decode, cut, check and publish one clip; a good one is published after ``before_publish``.

        Raises ``DiskFull`` and ``EnvironmentFault``; all else that can be expected is a value.
        """
        work = Work(segment.span, fetched, self._spec, _part_path(fetched, self._spec))
        try:
            with telling("cutting", work.part):
                made = await self._make(work)
                if isinstance(made, Failure):
                    return made
                return await self._store(segment, work, made, before_publish)
        finally:
            _remove(work)

    async def _make(self, work: Work) -> _Made | Failure:
        if is_outside(work.span, work.fetched.video_end_ms):
            return failure(Code.OUT_OF_RANGE, f"the video ends at {work.fetched.video_end_ms} ms")
        if work.spec.video and work.fetched.video is None:
            return failure(Code.FORMAT_MISSING, "no picture was fetched")
        async with self._slots:
            encoded = await cut_part(work, self._ffmpeg, deadline_s=self._deadline_s)
            if isinstance(encoded, Failure):
                return encoded
            if work.spec.extension == AudioFormat.MP3:
                await asyncio.to_thread(_state_length, work.part, encoded.cut.wanted)
            measured = await measure(work.part, self._ffmpeg, deadline_s=self._deadline_s)
        if isinstance(measured, Failure):
            return measured
        return _mismatch(work, encoded, measured) or _Made(encoded, measured)

    async def _store(self, segment: Segment, work: Work, made: _Made, before_publish: BeforePublish) -> Clip:
        encoded, measured = made.encoded, made.measured
        sources = _kept(segment, work.fetched) if self._keep_source else {}
        size_bytes, sha256 = await asyncio.to_thread(fingerprint, work.part)
        await before_publish()
        # A cancelled wait must not remove files that the thread is about to rename.
        await shielded(asyncio.to_thread(self._publish, segment, work, sources))
        fetched = work.fetched
        tracks = (fetched.video, fetched.audio) if work.spec.video else (fetched.audio,)
        return Clip(
            size_bytes=size_bytes,
            sha256=sha256,
            samples=measured.samples,
            sample_rate=measured.sample_rate,
            channels=measured.channels,
            padded_samples=encoded.padded,
            is_silent=measured.is_silent,
            format_id="+".join(track.format_id for track in tracks if track),
            source_rate=encoded.cut.source_rate,
            whole_file=fetched.whole_file,
            tool_version=self._tools,
            title=fetched.title,
            source_files=tuple(sources),
            split=segment.split,
        )

    def _publish(self, segment: Segment, work: Work, sources: dict[str, Path]) -> None:
        for name, path in sources.items():
            publish(path, self._root / name, self._root)
        publish(work.part, self._root / layout.clip_path(segment, work.spec.extension), self._root)


def _part_path(fetched: Fetched, spec: ClipSpec) -> Path:
    audio = Path(fetched.audio.path).absolute()
    return audio.with_name(f"{audio.name}.clip.{spec.extension}")


def _kept(segment: Segment, fetched: Fetched) -> dict[str, Path]:
    """Names in the data set folder of the fetched bytes, which hold more than the segment."""
    audio, video = fetched.audio, fetched.video
    if video is None:
        return {layout.source_path(segment, _SOUND_ENDING[audio.container]): Path(audio.path)}
    return {
        layout.source_path(segment, f"audio.{_SOUND_ENDING[audio.container]}"): Path(audio.path),
        layout.source_path(segment, f"video.{video.container.value}"): Path(video.path),
    }


def _state_length(part: Path, samples: int) -> None:
    with part.open("r+b") as file:
        head = with_exact_length(file.read(HEAD_BYTES), samples)
        file.seek(0)
        file.write(head)


def _mismatch(work: Work, encoded: Encoded, measured: Measured) -> Failure | None:
    """Refuse a clip that does not decode to the right count, rate and channels."""
    channels = 1 if work.spec.mono else encoded.channels or measured.channels
    wanted = (encoded.cut.wanted, encoded.cut.clip_rate, channels)
    found = (measured.samples, measured.sample_rate, measured.channels)
    if found != wanted:
        return failure(Code.CORRUPT, f"the clip has (samples, Hz, channels) {found}, not {wanted}")
    if work.spec.video and not measured.pictures:
        return failure(Code.CORRUPT, "the clip has no picture")
    return None


def _remove(work: Work) -> None:
    for track in (work.fetched.audio, work.fetched.video):
        if track is not None:
            Path(track.path).unlink(missing_ok=True)
    work.part.unlink(missing_ok=True)
