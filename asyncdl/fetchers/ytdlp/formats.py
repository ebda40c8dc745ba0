"""Chooses the source format: pure, over the formats that yt-dlp lists from worst to best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asyncdl.core.classify import failure
from asyncdl.core.codes import Code
from asyncdl.core.model import Container, Failure, Quality

_CONTAINERS = {"m4a": Container.MP4, "mp4": Container.MP4, "webm": Container.WEBM}
# YouTube has numbers and a suffix; this goes into the journal.
_LONGEST_ID = 64
_PROTOCOLS = frozenset({"https", "http"})


@dataclass(frozen=True, slots=True)
class SourceFormat:
    """One file that the site offers. A codec is "none" where the file has no such track.

    ``sample_rate`` in Hz, ``bitrate_kbps`` of the whole file, ``size_bytes`` where the site names it exactly,
    ``available_at`` in seconds since 1970.
    """

    format_id: str
    url: str
    headers: Mapping[str, str]
    container: Container
    audio_codec: str
    video_codec: str
    sample_rate: int | None = None
    bitrate_kbps: float | None = None
    size_bytes: int | None = None
    height: int | None = None
    language_preference: int = -1
    available_at: float | None = None

    @property
    def has_audio(self) -> bool:
        """Whether there is a sound track."""
        return self.audio_codec != "none"

    @property
    def has_video(self) -> bool:
        """Whether there is a picture track."""
        return self.video_codec != "none"


def read_formats(raw_formats: Sequence[Mapping[str, object]]) -> tuple[SourceFormat, ...]:
    """Keep what can be fetched: plain HTTP files, mp4 or WebM, no DRM, no flattened loudness (``-drc``)."""
    return tuple(source for raw in raw_formats if _is_usable(raw) and (source := _read(raw)) is not None)


def choose_audio(formats: Sequence[SourceFormat], quality: Quality) -> SourceFormat | Failure:
    """Choose the source of the sound; files with sound and picture only where no sound alone exists."""
    heard = [one for one in formats if one.has_audio]
    if not heard:
        code = Code.NO_AUDIO if formats else Code.FORMAT_MISSING
        return failure(code, "no format with sound that can be fetched in part")
    candidates = _original([one for one in heard if not one.has_video] or heard)
    return candidates[-1] if quality is Quality.BEST else min(candidates, key=_cost)


def choose_video(formats: Sequence[SourceFormat], max_height: int) -> SourceFormat | Failure:
    """Choose the best picture up to ``max_height`` lines: without sound first, H.264 before others."""
    seen = [one for one in formats if one.has_video and one.height and one.height <= max_height]
    if not seen:
        return failure(Code.FORMAT_MISSING, f"no format with a picture of at most {max_height} lines")
    alone = [one for one in seen if not one.has_audio] or seen
    plain = [one for one in alone if one.video_codec.startswith("avc1")]
    in_mp4 = [one for one in alone if one.container is Container.MP4]
    return (plain or in_mp4 or alone)[-1]


def _original(formats: Sequence[SourceFormat]) -> list[SourceFormat]:
    top = max(one.language_preference for one in formats)
    return [one for one in formats if one.language_preference == top]


def _cost(source: SourceFormat) -> tuple[float, float]:
    """Order by bit rate first: sizes are known of some formats only, and the length is the same for all."""
    unknown = float("inf")
    bitrate = source.bitrate_kbps if source.bitrate_kbps is not None else unknown
    size = source.size_bytes if source.size_bytes is not None else unknown
    return (bitrate, size)


def _is_usable(raw: Mapping[str, object]) -> bool:
    return (
        raw.get("protocol") in _PROTOCOLS
        and raw.get("ext") in _CONTAINERS
        and raw.get("has_drm") is not True
        and not str(raw.get("format_id", "")).endswith("-drc")
        and len(str(raw.get("format_id", ""))) <= _LONGEST_ID
        and str(raw.get("url", "")).startswith(("https://", "http://"))
    )


def _read(raw: Mapping[str, object]) -> SourceFormat | None:
    audio, video = _codec(raw, "acodec"), _codec(raw, "vcodec")
    if audio == video == "none":
        return None
    headers = raw.get("http_headers")
    rate, size, height = _number(raw, "asr"), _number(raw, "filesize"), _number(raw, "height")
    preference = _number(raw, "language_preference")
    return SourceFormat(
        format_id=str(raw["format_id"]),
        url=str(raw["url"]),
        headers={str(k): str(v) for k, v in headers.items()} if isinstance(headers, Mapping) else {},
        container=_CONTAINERS[str(raw["ext"])],
        audio_codec=audio,
        video_codec=video,
        sample_rate=int(rate) if rate else None,
        bitrate_kbps=_number(raw, "tbr") or _number(raw, "abr"),
        size_bytes=int(size) if size else None,
        height=int(height) if height else None,
        language_preference=-1 if preference is None else int(preference),
        available_at=_number(raw, "available_at"),
    )


def _codec(raw: Mapping[str, object], key: str) -> str:
    """Name the codec; one that is not named exists nevertheless."""
    codec = raw.get(key)
    return codec if isinstance(codec, str) else "unknown"


def _number(raw: Mapping[str, object], key: str) -> float | None:
    value = raw.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
