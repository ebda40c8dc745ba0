"""What a run is asked to do: frozen groups, built once, all mistakes told together."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from urllib.parse import urlsplit

from asyncdl.core.model import AudioFormat, ClipSpec, Quality
from asyncdl.core.redact import redact
from asyncdl.core.retry import RetryPolicy
from asyncdl.errors import UsageError

DEFAULT_OUT = Path("audioset")
DEFAULT_CONCURRENCY = 8
DEFAULT_URL = "https://www.youtube.com/watch?v={ytid}"

_MAX_CONCURRENCY = 1024
_SAMPLE_RATES = range(4000, 192001)
_BITRATES_KBPS = range(6, 513)
_HEIGHTS = range(16, 4321)
_OPUS_RATE = 48000
_HOSTS = ("youtube.com", "youtu.be", "youtube-nocookie.com")


@dataclass(frozen=True, slots=True)
class ClipWish:
    """What the command line says of a clip; None where it says nothing."""

    format: AudioFormat | None = None
    sample_rate: int | None = None
    mono: bool | None = None
    bitrate_kbps: int | None = None
    video: bool | None = None
    max_height: int | None = None
    quality: Quality | None = None

    def settle(self, stored: ClipSpec | None) -> ClipSpec:
        """Fill up with what the data set was begun with, or with the defaults.

        Raises ``UsageError`` when the wish differs from what the data set's first run fixed.
        """
        said = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        spec = replace(stored or ClipSpec(), **said)
        if stored is not None and spec != stored:
            raise UsageError(
                f"This data set was begun with other clips: {_differences(stored, spec)}.",
                mend="Leave these options out to go on with it, or choose another folder with --out.",
            )
        return spec


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """How videos are fetched. ``deadline_s`` is the total time that one video may take in a worker."""

    concurrency: int = DEFAULT_CONCURRENCY
    yt_dlp_args: str = ""
    unsafe_yt_dlp_args: str = ""
    url_template: str = DEFAULT_URL
    deadline_s: float = 300.0
    max_file_bytes: int = 200_000_000


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run, as asked for."""

    out: Path = DEFAULT_OUT
    sources: tuple[str, ...] = ()
    wish: ClipWish = field(default_factory=ClipWish)
    fetch: FetchSettings = field(default_factory=FetchSettings)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    limit: int | None = None
    overwrite: bool = False
    keep_source: bool = False
    ffmpeg: str | None = None
    cache: Path | None = None
    log_file: Path | None = None
    quiet: bool = False

    def checked(self) -> RunSettings:
        """Answer itself; raises one ``UsageError`` that tells all mistakes."""
        if mistakes := [*_mistakes_in_clip(self.wish), *_mistakes_in_run(self)]:
            raise UsageError("\n".join(mistakes))
        return self

    def to_options(self) -> dict[str, object]:
        """Answer what the journal keeps of a run, without secrets; ``from_options`` reads it back."""
        return {
            "sources": [redact(source) for source in self.sources],
            "limit": self.limit,
            "overwrite": self.overwrite,
            "keep_source": self.keep_source,
            "concurrency": self.fetch.concurrency,
            "yt_dlp_args": redact(self.fetch.yt_dlp_args),
            "unsafe_yt_dlp_args": redact(self.fetch.unsafe_yt_dlp_args),
            "url_template": self.fetch.url_template,
            "deadline_s": self.fetch.deadline_s,
            "max_file_bytes": self.fetch.max_file_bytes,
        }

    def with_options(self, options: dict[str, object]) -> RunSettings:
        """Take over how an earlier run of the data set fetched; unknown options are passed over."""
        known = {f.name: options[f.name] for f in fields(FetchSettings) if f.name in options}
        return replace(
            self,
            fetch=replace(self.fetch, **known),  # type: ignore[arg-type]  # JSON of to_options
            keep_source=bool(options.get("keep_source", False)),
        )


def _differences(stored: ClipSpec, asked: ClipSpec) -> str:
    return ", ".join(
        f"{f.name} is {_shown(getattr(stored, f.name))}, asked for {_shown(getattr(asked, f.name))}"
        for f in fields(ClipSpec)
        if getattr(stored, f.name) != getattr(asked, f.name)
    )


def _shown(value: object) -> str:
    return "the source's own" if value is None else str(value)


def _mistakes_in_clip(wish: ClipWish) -> list[str]:
    mistakes = [
        _outside("--sample-rate", wish.sample_rate, _SAMPLE_RATES, "Hz"),
        _outside("--bitrate", wish.bitrate_kbps, _BITRATES_KBPS, "kbit/s"),
        _outside("--max-height", wish.max_height, _HEIGHTS, "lines"),
    ]
    if wish.format is AudioFormat.OPUS and wish.sample_rate not in {None, _OPUS_RATE}:
        mistakes.append("--sample-rate: an opus file always decodes at 48000 Hz; leave it out, or use flac.")
    if wish.format is not None and wish.format.is_lossless and wish.bitrate_kbps is not None:
        mistakes.append(f"--bitrate: {wish.format} is lossless and has no bit rate to choose.")
    if wish.video and wish.format is not None:
        mistakes.append("--video gives mp4; leave --format out.")
    return [mistake for mistake in mistakes if mistake]


def _mistakes_in_run(settings: RunSettings) -> list[str]:
    concurrency = settings.fetch.concurrency
    mistakes = [_outside("--concurrency", concurrency, range(1, _MAX_CONCURRENCY + 1), "segments at once")]
    if settings.limit is not None and settings.limit < 1:
        mistakes.append(f"--limit: {settings.limit} is no number of segments.")
    mistakes.append(_mistake_in_template(settings.fetch.url_template))
    return [mistake for mistake in mistakes if mistake]


def _mistake_in_template(template: str) -> str:
    """Only YouTube's own addresses, so that nothing else is ever asked on behalf of a list."""
    parts = urlsplit(template.replace("{ytid}", "00000000000"))
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("music.")
    if template.count("{ytid}") != 1 or parts.scheme != "https" or host not in _HOSTS or parts.username:
        return f"--url-template: {template!r} is not one of YouTube's addresses with one {{ytid}} in it."
    return ""


def _outside(flag: str, value: int | None, allowed: range, unit: str) -> str:
    if value is None or value in allowed:
        return ""
    return f"{flag}: {value} is outside {allowed[0]} to {allowed[-1]} {unit}."
