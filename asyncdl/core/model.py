"""The nouns: segments, what a clip is to be, fetched media, clips, failures.

Times are whole milliseconds on the video's own time line; sample counts are per channel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from asyncdl.core.kinds import FailureKind


class AudioFormat(StrEnum):
    """Encodings of a clip."""

    FLAC = "flac"
    WAV = "wav"
    OPUS = "opus"
    M4A = "m4a"
    MP3 = "mp3"

    @property
    def is_lossless(self) -> bool:
        """Decodes to exactly the samples that were encoded."""
        return self in {AudioFormat.FLAC, AudioFormat.WAV}


class Quality(StrEnum):
    """Which of the source's formats is fetched."""

    BEST = "best"
    SMALLEST = "smallest"


class Tier(StrEnum):
    """How much is asked about a video: one request, or all that yt-dlp does by default."""

    FIRST = "first"
    FULL = "full"


class Container(StrEnum):
    """Files that the decoder accepts, and no others."""

    MP4 = "mp4"
    WEBM = "webm"


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """What a clip is; fixed by a data set's first run.

    ``sample_rate`` in Hz, None for the source's own; ``bitrate_kbps`` for lossy formats, None for the
    encoder's default; ``max_height`` in lines, only with ``video``.
    """

    format: AudioFormat = AudioFormat.FLAC
    sample_rate: int | None = None
    mono: bool = False
    bitrate_kbps: int | None = None
    video: bool = False
    max_height: int = 360
    quality: Quality = Quality.BEST

    @property
    def extension(self) -> str:
        """File name ending, without the dot."""
        return "mp4" if self.video else self.format.value


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a video: from ``start_ms`` up to, not including, ``end_ms``."""

    start_ms: int
    end_ms: int

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class Segment:
    """One selected row of a list. ``columns`` holds what else the row said, as (name, text) pairs."""

    ytid: str
    span: Span
    split: str
    labels: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """``<ytid>_<start ms>_<end ms>``: what makes two rows the same segment."""
        return f"{self.ytid}_{self.span.start_ms}_{self.span.end_ms}"


@dataclass(frozen=True, slots=True)
class RowRef:
    """Where a row stands: ``source`` is the data set's index of the list, ``line`` counts from 1."""

    source: int
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """A segment and the place that it was read from."""

    ref: RowRef
    segment: Segment


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A line that is no segment, and why; ``text`` is a bounded, printable excerpt."""

    ref: RowRef
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt brought no clip.

    ``code`` is the exact entry of the error table (``core.classify``), ``kind`` its family; ``text`` what
    the tools said, whole. ``retry_after_s`` is the far end's own wish, where it told one.
    """

    kind: FailureKind
    code: str
    text: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One local file that holds the part of one source format that a span needs.

    ``first_ms`` is where its first packet starts on the video's time line (0 for a whole file);
    ``sample_rate`` is the source's own, in Hz, None where yt-dlp does not know it.
    """

    path: str
    container: Container
    codec: str
    format_id: str
    first_ms: float
    sample_rate: int | None
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of one span, on local disk.

    ``video_end_ms`` is the exact end of the sound by the media index, None where no index was read;
    ``whole_file`` tells that ranges could not be used. ``received_bytes`` and ``requests`` are its cost.
    """

    audio: Track
    video: Track | None
    video_end_ms: float | None
    whole_file: bool
    title: str | None
    received_bytes: int
    requests: int


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One video and the spans wanted of it; parts are written into ``folder`` as ``<name>.*``."""

    ytid: str
    spans: tuple[Span, ...]
    folder: str
    names: tuple[str, ...]
    quality: Quality = Quality.BEST
    max_height: int | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """A finished clip as measured by decoding it.

    ``samples`` per channel at ``sample_rate`` Hz; ``padded_samples`` of them are silence added because the
    video ended inside the segment; ``is_silent`` when every sample is zero. ``split`` is the folder it stands
    in: that of the row it was fetched for, where several lists name the segment; empty for its first row's.
    """

    size_bytes: int
    sha256: str
    samples: int
    sample_rate: int
    channels: int
    padded_samples: int
    is_silent: bool
    format_id: str
    source_rate: int | None
    whole_file: bool
    tool_version: str
    title: str | None = None
    source_files: tuple[str, ...] = field(default=())
    split: str = ""

    @property
    def is_short(self) -> bool:
        """More than 50 ms of the segment lie beyond the video's end."""
        return self.padded_samples * 20 > self.sample_rate
