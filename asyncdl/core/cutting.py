"""Where a clip lies in the decoded samples of its source: counts only, never time stamps.

Milliseconds become samples by ``(2 * ms * rate + 1000) // 2000``: exact integers, halves round up. Clips at
the source's own rate are the bare slice. Where the rate changes, the resampler also gets source samples from
around the slice, as far as they were fetched, so that it meets neither a false start nor a false end; what it
makes of them is cut off again by count.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor, gcd

from asyncdl.core.model import AudioFormat, ClipSpec, Container, Span, Track

OPUS_RATE = 48_000
# No sound of a video lies outside; media that name other rates are damaged, or a trap.
SOURCE_RATES = range(4_000, 192_001)
MARGIN_MS = 50
_OPUS_PACKET_MS = 20
_OPUS_PACKET = 960
_CUE_SLACK_MS = 2
_RUN_IN = 512
_RUN_OUT = 1024
_ROUNDING = 2
_AAC_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000})
_MP3_RATES = frozenset({8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000})
_RATES = {
    AudioFormat.OPUS: frozenset({OPUS_RATE}),
    AudioFormat.M4A: _AAC_RATES,
    AudioFormat.MP3: _MP3_RATES,
}


@dataclass(frozen=True, slots=True)
class Cut:
    """One clip in samples per channel.

    Of the decoded source: put ``lead`` zeros before it, take [``first``, ``last``). Of what that becomes at
    ``clip_rate``: drop ``skip``, keep ``wanted``.
    """

    source_rate: int
    clip_rate: int
    lead: int
    first: int
    last: int
    skip: int
    wanted: int

    @property
    def lead_out(self) -> int:
        """The silence of ``lead`` as it stands in the clip, in samples of the clip."""
        return -(-self.lead * self.clip_rate // self.source_rate)


def plan_cut(span: Span, track: Track, spec: ClipSpec, source_rate: int) -> Cut:
    """Place ``span`` in what decoding ``track`` gives at ``source_rate`` Hz."""
    rate = clip_rate(spec, source_rate)
    start = samples(span.start_ms, source_rate) - first_sample(track, source_rate)
    lead, start = max(0, -start), max(0, start)
    wanted = samples(span.duration_ms, rate)
    if rate == source_rate:
        return Cut(source_rate, rate, lead, start, start + wanted, 0, wanted)
    return _resampled(Cut(source_rate, rate, lead, start, start, 0, wanted))


def samples(ms: int, rate: int) -> int:
    """Count the samples of a time; halves round up."""
    return (2 * ms * rate + 1000) // 2000


def first_sample(track: Track, rate: int) -> int:
    """Tell which sample of the whole sound the first decoded sample of ``track`` is.

    Opus in WebM comes in packets of 20 ms whose times are rounded to a millisecond and count the 312 samples
    that a decoder drops at every start: the packet's number is exact, its time is not.
    """
    if track.container is Container.WEBM and track.codec.startswith("opus"):
        packet = floor(Fraction(track.first_ms) / _OPUS_PACKET_MS + Fraction(1, 2))
        if abs(track.first_ms - packet * _OPUS_PACKET_MS) <= _CUE_SLACK_MS:
            return packet * _OPUS_PACKET * rate // OPUS_RATE
    return floor(Fraction(track.first_ms) * rate / 1000 + Fraction(1, 2))


def assumed_rate(track: Track) -> int:
    """Guess what decoding will give; the decoder's own word, once it is heard, counts more."""
    if track.codec.startswith("opus"):
        return OPUS_RATE
    told = track.sample_rate or 0
    return told if told in SOURCE_RATES else 44_100


def clip_rate(spec: ClipSpec, source_rate: int) -> int:
    """Choose the rate of a clip: the one asked for, else the source's own, else 48,000 Hz.

    Opus always decodes at 48,000 Hz, so that is the rate of every Opus clip.
    """
    wanted = spec.sample_rate or source_rate
    return wanted if wanted in _RATES.get(sound_format(spec), {wanted}) else OPUS_RATE


def rate_problem(spec: ClipSpec) -> str | None:
    """Say why ``spec`` cannot have the sample rate it asks for; None where it can."""
    rates = _RATES.get(sound_format(spec))
    if spec.sample_rate is None or rates is None or spec.sample_rate in rates:
        return None
    known = ", ".join(str(rate) for rate in sorted(rates))
    return f"{sound_format(spec).value} cannot hold {spec.sample_rate} Hz; it holds {known}"


def sound_format(spec: ClipSpec) -> AudioFormat:
    """Name the encoding of the sound; that of a film is always AAC."""
    return AudioFormat.M4A if spec.video else spec.format


def is_outside(span: Span, video_end_ms: float | None) -> bool:
    """Tell whether ``span`` starts where the video, by its index, is over."""
    return video_end_ms is not None and span.start_ms >= video_end_ms


def least_samples(span: Span, cut: Cut, video_end_ms: float | None) -> int:
    """Count the samples of the clip that must come from the source, by the index.

    All, unless the video ends inside the span or within 50 ms after it: an index may name up to 50 ms more
    than the decoder gives. Two samples may always lack: fetched bytes can end where the span ends, and the
    two ends are rounded apart. Without an index any count can be right.
    """
    if video_end_ms is None:
        return 0
    sure_end_ms = min(floor(video_end_ms) - MARGIN_MS, span.end_ms)
    return max(0, samples(sure_end_ms - span.start_ms, cut.clip_rate) - _ROUNDING)


def _resampled(cut: Cut) -> Cut:
    """Start earlier by whole periods of the two rates, so that the grid of output samples stays put."""
    period = gcd(cut.source_rate, cut.clip_rate)
    step_in, step_out = cut.source_rate // period, cut.clip_rate // period
    periods = min(-(-_RUN_IN // step_in), cut.first // step_in)
    needed = -(-cut.wanted * step_in // step_out)
    return Cut(
        source_rate=cut.source_rate,
        clip_rate=cut.clip_rate,
        lead=cut.lead,
        first=cut.first - periods * step_in,
        last=cut.first + needed + _RUN_OUT,
        skip=periods * step_out,
        wanted=cut.wanted,
    )
