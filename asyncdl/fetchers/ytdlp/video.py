"""All spans of one video: one extraction, one address and one index per format."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from asyncdl.core.classify import classify, failure
from asyncdl.core.codes import Code
from asyncdl.core.model import Failure, Fetched, FetchRequest, Span
from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.extract import Extraction, Extractor
from asyncdl.fetchers.ytdlp.formats import SourceFormat, choose_audio, choose_video
from asyncdl.fetchers.ytdlp.span import Part, SourceTrack
from asyncdl.fetchers.ytdlp.wire import Wire

_MOST_KEPT = 64
_KEPT_FOR_S = 3600.0
# Pre-rolls take seconds; whoever waits holds a place.
_LONGEST_WAIT_S = 120.0

Result = Fetched | Failure


@dataclass(frozen=True, slots=True)
class Cost:
    """What was asked and what came, in requests and bytes of bodies."""

    requests: int
    received_bytes: int

    def since(self, before: Cost) -> Cost:
        """Subtract an earlier reading."""
        return Cost(self.requests - before.requests, self.received_bytes - before.received_bytes)


@dataclass(frozen=True, slots=True)
class Waiting:
    """The server gives this video's media in ``wait_s`` seconds, not before; ask again then."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class _Kept:
    extraction: Extraction
    kept_at_s: float
    renewed: bool


@dataclass(frozen=True, slots=True)
class _Tracks:
    audio: SourceTrack
    video: SourceTrack | None
    title: str | None
    renewed: bool


_Opened = _Tracks | Waiting | Failure


class VideoFetcher:
    """Fetches one video at a time; keeps the extractions of videos that have to wait.

    ``now`` gives seconds since 1970, as ``available_at`` counts them.
    """

    def __init__(self, config: WorkerConfig, now: Callable[[], float] = time.time) -> None:
        self._config = config
        self._now = now
        self._extractor = Extractor(config)
        self._wire = Wire(self._extractor.ydl.urlopen, self._extractor.socket_timeout_s)
        self._kept: dict[str, _Kept] = {}

    @property
    def cost(self) -> Cost:
        """All requests of this process, and all media bytes."""
        return Cost(self._extractor.ydl.sent_requests, self._wire.received_bytes)

    def fetch(self, request: FetchRequest, deadline_s: float) -> tuple[Result, ...] | Waiting:
        """Answer one value per span, in order, or how long to wait before asking again."""
        self._wire.allow(deadline_s)
        before = self.cost
        tracks = self._open(request, renewed=False)
        results: list[Result] = []
        for span, name in zip(request.spans, request.names, strict=True):
            stem = f"{request.folder}/{name}"
            result, tracks = self._span_of(tracks, span, stem)
            if _is_forbidden(result) and isinstance(tracks, _Tracks) and not tracks.renewed:
                result, tracks = self._span_of(self._open(request, renewed=True), span, stem)
            if isinstance(result, Waiting):
                return result
            results.append(_with_cost(result, self.cost.since(before)))
            before = self.cost
        return tuple(results)

    def close(self) -> None:
        """Give back connections."""
        self._extractor.close()

    def _open(self, request: FetchRequest, *, renewed: bool) -> _Opened:
        kept = self._kept_or_new(request.ytid, renewed=renewed)
        if isinstance(kept, Failure):
            return kept
        audio = _audio_of(kept.extraction, request)
        if isinstance(audio, Failure):
            return audio
        picture = (
            None if request.max_height is None else choose_video(kept.extraction.formats, request.max_height)
        )
        if isinstance(picture, Failure):
            return picture
        wait_s = _available_at(audio, picture) - self._now()
        if wait_s > _LONGEST_WAIT_S:
            return failure(Code.UPCOMING, f"the media come in {wait_s:.0f} s only")
        if wait_s > 0:
            self._keep(request.ytid, kept)
            return Waiting(wait_s)
        return self._tracks(kept, audio, picture)

    def _tracks(self, kept: _Kept, audio: SourceFormat, picture: SourceFormat | None) -> _Tracks:
        heard = SourceTrack(self._wire, audio, audio.audio_codec, self._config)
        seen = None
        if picture is not None:
            seen = SourceTrack(self._wire, picture, picture.video_codec, self._config)
        return _Tracks(heard, seen, kept.extraction.title, kept.renewed)

    def _kept_or_new(self, ytid: str, *, renewed: bool) -> _Kept | Failure:
        now = self._now()
        kept = self._kept.pop(ytid, None)
        if kept is not None and not renewed and now - kept.kept_at_s < _KEPT_FOR_S:
            return kept
        extraction = self._extractor.extract(ytid)
        return extraction if isinstance(extraction, Failure) else _Kept(extraction, now, renewed)

    def _keep(self, ytid: str, kept: _Kept) -> None:
        self._kept[ytid] = kept
        while len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def _span_of(self, tracks: _Opened, span: Span, stem: str) -> tuple[Result | Waiting, _Opened]:
        return (self._span(tracks, span, stem) if isinstance(tracks, _Tracks) else tracks), tracks

    def _span(self, tracks: _Tracks, span: Span, stem: str) -> Result:
        audio = tracks.audio.write_span(span, f"{stem}.audio")
        if isinstance(audio, Failure):
            return audio
        picture = None if tracks.video is None else tracks.video.write_span(span, f"{stem}.video")
        if isinstance(picture, Failure):
            Path(audio.track.path).unlink(missing_ok=True)
            return picture
        return _fetched(audio, picture, tracks.title)


def _audio_of(extraction: Extraction, request: FetchRequest) -> SourceFormat | Failure:
    audio = choose_audio(extraction.formats, request.quality)
    if isinstance(audio, Failure):
        # Formats may be missing because this client did not get them: then no verdict on the video.
        told = classify(extraction.warnings)
        return audio if told.code == Code.UNKNOWN else told
    return audio


def _available_at(*formats: SourceFormat | None) -> float:
    times = [one.available_at for one in formats if one is not None and one.available_at is not None]
    return max(times, default=0.0)


def _is_forbidden(result: Result | Waiting) -> bool:
    return isinstance(result, Failure) and result.code == Code.HTTP_403


def _fetched(audio: Part, picture: Part | None, title: str | None) -> Fetched:
    return Fetched(
        audio=audio.track,
        video=None if picture is None else picture.track,
        video_end_ms=audio.media_end_ms,
        whole_file=audio.whole_file,
        title=title,
        received_bytes=0,
        requests=0,
    )


def _with_cost(result: Result, cost: Cost) -> Result:
    if isinstance(result, Failure):
        return result
    return replace(result, received_bytes=cost.received_bytes, requests=cost.requests)
