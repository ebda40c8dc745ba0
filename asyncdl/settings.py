"""What a run is asked to do: frozen groups, built once, all mistakes told together."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar

from asyncdl.core.cutting import rate_problem
from asyncdl.core.forms import BITRATES_KBPS, HEIGHTS, SAMPLE_RATES
from asyncdl.core.layout import DEFAULT_OUT
from asyncdl.core.model import AudioFormat, ClipSpec, Quality
from asyncdl.core.pace_policy import PacePolicy
from asyncdl.core.proxy import ProxyUrl
from asyncdl.core.redact import HIDDEN, redact
from asyncdl.core.retry import RetryPolicy
from asyncdl.core.selection import SelectionSettings
from asyncdl.core.table_columns import BY_HEADER, TableColumns
from asyncdl.errors import UsageError

DEFAULT_CONCURRENCY = 8
DEFAULT_MIN_FREE_BYTES = 100_000_000
DEFAULT_URL = "https://www.youtube.com/watch?v={ytid}"

_MAX_CONCURRENCY = 1024
_MP3_MOST_KBPS = 320
_MOST_SECONDS = 86_400
_MOST_BYTES = 1 << 40
_VIDEO_PAGE = re.compile(
    r"https://(?:youtu\.be/\{ytid\}"
    r"|(?:(?:www|m|music)\.)?youtube\.com/(?:watch\?v=|embed/|shorts/|live/|v/)\{ytid\}"
    r"|(?:www\.)?youtube-nocookie\.com/embed/\{ytid\})"
)

Number = TypeVar("Number", int, float)


def out_option(out: Path) -> str:
    """Return the `` --out DIR`` that a recommended command needs, nothing for the usual folder."""
    return "" if out.absolute() == DEFAULT_OUT.absolute() else f" --out {shlex.quote(str(out))}"


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
        spec = self._over(stored or ClipSpec())
        if mistakes := _mistakes_in_spec(self, spec):
            raise UsageError("\n".join(mistakes))
        if stored is not None and spec != stored:
            raise UsageError(
                f"This data set was begun with other clips: {_differences(stored, spec)}.",
                mend="Leave these options out to go on with it, or choose another folder with --out.",
            )
        return spec

    def mistakes(self) -> list[str]:
        """Tell what cannot be right whatever the data set holds already."""
        found = _mistakes_in_clip(self)
        is_settled = self.format is not None or self.video
        return [*found, *_mistakes_in_spec(self, self._over(ClipSpec()))] if is_settled else found

    def _over(self, spec: ClipSpec) -> ClipSpec:
        said = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        return replace(spec, **said)


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
class WaySettings:
    """By which ways YouTube is asked, and how fast. Proxies may hold passwords; none reaches the journal.

    ``rate`` is a ceiling per identity (None: the polite default), ``max_wait_s`` bounds how long a run
    stands still because every identity cools down (None: as long as it takes).
    """

    proxies: tuple[ProxyUrl, ...] = ()
    source_addresses: tuple[str, ...] = ()
    cookies: tuple[Path, ...] = ()
    rate: PacePolicy = field(default_factory=PacePolicy)
    max_wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run, as asked for."""

    out: Path = DEFAULT_OUT
    sources: tuple[str, ...] = ()
    wish: ClipWish = field(default_factory=ClipWish)
    fetch: FetchSettings = field(default_factory=FetchSettings)
    way: WaySettings = field(default_factory=WaySettings)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    selection: SelectionSettings = field(default_factory=SelectionSettings)
    columns: TableColumns = BY_HEADER
    limit: int | None = None
    overwrite: bool = False
    keep_source: bool = False
    ffmpeg: str | None = None
    cache: Path | None = None
    log_file: Path | None = None
    quiet: bool = False
    take_over: bool = False
    min_free_bytes: int = DEFAULT_MIN_FREE_BYTES

    def checked(self) -> RunSettings:
        """Answer itself; raises one ``UsageError`` that tells all mistakes."""
        if mistakes := [*self.wish.mistakes(), *_mistakes_in_run(self)]:
            raise UsageError("\n".join(mistakes))
        return self

    def to_options(self) -> dict[str, object]:
        """Answer what the journal keeps of a run, without secrets; ``from_options`` reads it back."""
        return {
            "sources": [redact(source) for source in self.sources],
            "selection": self.selection.to_options(),
            "columns": self.columns.text,
            "limit": self.limit,
            "overwrite": self.overwrite,
            "keep_source": self.keep_source,
            "concurrency": self.fetch.concurrency,
            "yt_dlp_args": redact(self.fetch.yt_dlp_args),
            "has_unsafe_args": bool(self.fetch.unsafe_yt_dlp_args),
            "url_template": self.fetch.url_template,
            "deadline_s": self.fetch.deadline_s,
            "max_file_bytes": self.fetch.max_file_bytes,
        }

    def with_options(self, options: Mapping[str, object]) -> RunSettings:
        """Take over how an earlier run of the data set fetched; unknown options are passed over.

        A data set may come from a stranger: unsafe options are never taken from it, the others are checked
        as if they had been typed. Raises ``UsageError`` where an option was left out of the journal.
        """
        args = str(options.get("yt_dlp_args", ""))
        if options.get("has_unsafe_args") and not self.fetch.unsafe_yt_dlp_args:
            raise UsageError(
                "This data set was made with --unsafe-yt-dlp-args, which are not taken from a journal.",
                mend="Give them again: asyncdl retry-failed --unsafe-yt-dlp-args '…' (or ' ' for none).",
            )
        if HIDDEN in args and not self.fetch.yt_dlp_args:
            raise UsageError(
                "This data set was made with secrets in --yt-dlp-args, which the journal does not hold.",
                mend="Give them again: asyncdl retry-failed --yt-dlp-args '…'.",
            )
        fetch = FetchSettings(
            concurrency=_number(options, "concurrency", self.fetch.concurrency),
            yt_dlp_args=self.fetch.yt_dlp_args or args,
            unsafe_yt_dlp_args=self.fetch.unsafe_yt_dlp_args,
            url_template=str(options.get("url_template", self.fetch.url_template)),
            deadline_s=_number(options, "deadline_s", self.fetch.deadline_s),
            max_file_bytes=_number(options, "max_file_bytes", self.fetch.max_file_bytes),
        )
        selection = SelectionSettings.from_options(options.get("selection"))
        keep_source = bool(options.get("keep_source", False))
        return replace(self, fetch=fetch, selection=selection, keep_source=keep_source)


def _number(options: Mapping[str, object], name: str, default: Number) -> Number:
    value = options.get(name, default)
    return type(default)(value) if isinstance(value, int | float) else default


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
        _outside("--sample-rate", wish.sample_rate, SAMPLE_RATES, "Hz"),
        _outside("--bitrate", wish.bitrate_kbps, BITRATES_KBPS, "kbit/s"),
        _outside("--max-height", wish.max_height, HEIGHTS, "lines"),
    ]
    if wish.video and wish.format is not None:
        mistakes.append("--video gives mp4; leave --format out.")
    return [mistake for mistake in mistakes if mistake]


def _mistakes_in_spec(wish: ClipWish, spec: ClipSpec) -> list[str]:
    """Options that were given and would say nothing about this clip."""
    mistakes = []
    if wish.bitrate_kbps is not None and spec.format.is_lossless and not spec.video:
        mistakes.append(f"--bitrate: {spec.format} is lossless and has no bit rate to choose.")
    if wish.max_height is not None and not spec.video:
        mistakes.append("--max-height is for --video.")
    if spec.format is AudioFormat.MP3 and (spec.bitrate_kbps or 0) > _MP3_MOST_KBPS and not spec.video:
        mistakes.append(f"--bitrate: an mp3 file has at most {_MP3_MOST_KBPS} kbit/s.")
    if problem := rate_problem(spec):
        mistakes.append(f"--sample-rate: {problem}.")
    return mistakes


def _mistakes_in_run(settings: RunSettings) -> list[str]:
    concurrency = settings.fetch.concurrency
    mistakes = [_outside("--concurrency", concurrency, range(1, _MAX_CONCURRENCY + 1), "segments at once")]
    if settings.limit is not None and settings.limit < 1:
        mistakes.append(f"--limit: {settings.limit} is no number of segments.")
    mistakes += settings.selection.mistakes(settings.limit)
    mistakes.append(_mistake_in_template(settings.fetch.url_template))
    if not 0 < settings.fetch.deadline_s <= _MOST_SECONDS:
        mistakes.append(f"a deadline of {settings.fetch.deadline_s:g} s for a video is no use.")
    if not 0 < settings.fetch.max_file_bytes <= _MOST_BYTES:
        mistakes.append(f"a limit of {settings.fetch.max_file_bytes:g} bytes for a file is no use.")
    return [mistake for mistake in mistakes if mistake]


def _mistake_in_template(template: str) -> str:
    """Only YouTube's own addresses, so that nothing else is ever asked on behalf of a list."""
    if _VIDEO_PAGE.fullmatch(template):
        return ""
    return f"--url-template: {template!r} is no address of a video on YouTube with {{ytid}} in it."


def _outside(flag: str, value: int | None, allowed: range, unit: str) -> str:
    if value is None or value in allowed:
        return ""
    return f"{flag}: {value} is outside {allowed[0]} to {allowed[-1]} {unit}."
