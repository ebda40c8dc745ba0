"""From fetched bytes to an encoded part of exactly the wanted number of samples."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asyncdl.core.argv import cut_argv, most_bytes, most_memory_bytes
from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.cutting import MARGIN_MS, SOURCE_RATES, Cut, assumed_rate, least_samples, plan_cut
from asyncdl.core.ffmpeg_report import Report
from asyncdl.core.model import ClipSpec, Failure, Fetched, Span
from asyncdl.errors import EnvironmentFault
from asyncdl.runtime.ffmpeg import MEND, Ffmpeg
from asyncdl.runtime.limits import Limits
from asyncdl.runtime.run_ffmpeg import run_ffmpeg


@dataclass(frozen=True, slots=True)
class Work:
    """One clip to be made: what of, of which bytes, into which part (absolute path)."""

    span: Span
    fetched: Fetched
    spec: ClipSpec
    part: Path


@dataclass(frozen=True, slots=True)
class Encoded:
    """A part as ffmpeg says it made it; ``padded`` of its samples are silence."""

    cut: Cut
    channels: int | None
    padded: int


async def cut_part(work: Work, ffmpeg: Ffmpeg, *, deadline_s: float) -> Encoded | Failure:
    """Decode, cut and encode.

    The first run adds nothing, so that its count tells what the source gave. Silence is added by a second
    run, and only where the video ends inside the span.
    """
    run = _Runs(work, ffmpeg, deadline_s)
    rate = assumed_rate(work.fetched.audio)
    first = await run.encode(rate, pad=False)
    if isinstance(first, Report) and first.source_rate not in {None, rate}:
        rate = first.source_rate or rate
        if rate not in SOURCE_RATES:
            return failure(Code.CORRUPT, f"the sound names a sample rate of {rate} Hz")
        first = await run.encode(rate, pad=False)
    if isinstance(first, Failure):
        return first
    if first.decoded_frames == 0:
        # Samples that lie in another file, a head alone: no word about where the video ends.
        return failure(Code.CORRUPT, "the media hold no sound")
    cut = run.cut(rate)
    count = _count(first)
    lacking = _why_not(work, cut, count)
    if lacking is not None:
        return lacking
    if count < cut.wanted:
        second = await run.encode(rate, pad=True)
        if isinstance(second, Failure):
            return second
    return Encoded(cut, first.source_channels, cut.wanted - count + cut.lead_out)


class _Runs:
    def __init__(self, work: Work, ffmpeg: Ffmpeg, deadline_s: float) -> None:
        self._work = work
        self._ffmpeg = ffmpeg
        self._deadline_s = deadline_s

    def cut(self, rate: int) -> Cut:
        return plan_cut(self._work.span, self._work.fetched.audio, self._work.spec, rate)

    async def encode(self, rate: int, *, pad: bool) -> Report | Failure:
        work = self._work
        cut = self.cut(rate)
        argv = cut_argv(self._ffmpeg.path, cut, work.span, work.spec, work.fetched, str(work.part), pad=pad)
        return await run_ffmpeg(self._ffmpeg, argv, self._deadline_s, _limits(work, cut))


def _limits(work: Work, cut: Cut) -> Limits:
    """Twice of what ffmpeg itself was told to stop at: a file is finished with some bytes more."""
    most_file_bytes = 2 * most_bytes(cut, work.span, work.spec)
    return Limits(most_memory_bytes(work.spec), most_file_bytes, is_batch=True)


def _count(report: Report) -> int:
    if report.encoded_samples is None:
        raise EnvironmentFault("this ffmpeg does not tell how many samples it encoded", mend=MEND)
    return report.encoded_samples


def _why_not(work: Work, cut: Cut, count: int) -> Failure | None:
    """Say what is wrong with ``count`` encoded samples; None where the index explains what lacks."""
    end_ms = work.fetched.video_end_ms
    least = least_samples(work.span, cut, end_ms)
    if cut.lead * 1000 > MARGIN_MS * cut.source_rate:
        late_ms = cut.lead * 1000 // cut.source_rate
        return failure(Code.SHORT_AUDIO, f"the fetched sound starts {late_ms} ms after the segment")
    if count < least:
        return failure(Code.SHORT_AUDIO, f"{count} of {least} samples decoded; video end {end_ms} ms")
    if count <= cut.lead_out:
        return failure(Code.OUT_OF_RANGE, "nothing is left of the video where the segment starts")
    return None
