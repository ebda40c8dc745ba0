"""Asks YouTube about one video through one long-lived ``YoutubeDL``: about 16 ms of CPU instead of 700."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import yt_dlp
import yt_dlp.extractor.youtube
import yt_dlp.networking._requests
from yt_dlp.globals import plugin_dirs as allowed_plugin_dirs

from asyncdl.core.classify import classify, failure
from asyncdl.core.codes import Code
from asyncdl.core.model import Failure
from asyncdl.core.redact import redact
from asyncdl.fetchers.ytdlp.config import WorkerConfig
from asyncdl.fetchers.ytdlp.formats import SourceFormat, read_formats
from asyncdl.fetchers.ytdlp.options import plugin_dirs, ydl_params

# What a mistake inside an extractor can raise; yt-dlp hands these through.
_EXTRACTOR_BUGS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
# What --no-js-runtimes brings about, what yt-dlp tells once a session, and that the web player, one of
# several that a fuller extraction asks, has nothing to download: no cause of any failure.
_SAID_OF_EVERY_VIDEO = "No supported JavaScript runtime"
_SAID_IN_PASSING = ("Providers: ", "YouTube is forcing SABR streaming for this client")
_LIVE = {
    "is_live": Code.LIVE_NOW,
    "is_upcoming": Code.UPCOMING,
    "post_live": Code.LIVE_PROCESSING,
}


# YouTube's titles have 100 characters and its reasons some hundreds; whatever comes, patterns stay quick.
_LONGEST_TITLE = 500
_LONGEST_TEXT = 16 * 1024


def encodable(text: str) -> str:
    """Replace halves of pairs, which YouTube's JSON may hold and no UTF-8 can."""
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Extraction:
    """What YouTube says about a video. ``warnings`` is everything else that yt-dlp said on the way."""

    ytid: str
    title: str | None
    formats: tuple[SourceFormat, ...]
    warnings: str


class _Messages:
    """yt-dlp's logger: keeps what one attempt said, in the form that ``classify`` reads."""

    def __init__(self) -> None:
        self._errors: list[str] = []
        self._others: list[str] = []

    def error(self, text: str) -> None:
        """Keep ERROR lines; in verbose mode tracebacks come here too, without that word."""
        if "ERROR" in text[:32]:
            self._errors.append(text)

    def warning(self, text: str) -> None:
        if _SAID_OF_EVERY_VIDEO not in text:
            self._others.append(f"WARNING: {text}")

    def debug(self, text: str) -> None:
        """Keep the causes that yt-dlp tells in verbose mode only; progress comes here too."""
        if text.startswith("[debug]") and not any(words in text for words in _SAID_IN_PASSING):
            self._others.append(text)

    def start(self) -> None:
        self._errors.clear()
        self._others.clear()

    @property
    def errors(self) -> str:
        return "\n".join(self._errors)

    @property
    def others(self) -> str:
        return "\n".join(self._others)


class CountingYoutubeDL(yt_dlp.YoutubeDL):  # type: ignore[misc]
    """Counts every request that leaves."""

    sent_requests = 0

    def urlopen(self, req: Any) -> Any:  # noqa: ANN401 - yt-dlp ships no types
        """Send a request; raises yt-dlp's ``RequestError`` family."""
        self.sent_requests += 1
        return super().urlopen(req)

    def _forceprint(self, key: str, info_dict: Any) -> Any:  # noqa: ANN401 - as above
        """Build no tables of formats for nobody, as yt-dlp does twice a video: a tenth of an extraction."""
        wanted = (self.params["forceprint"].get(key), self.params["print_to_file"].get(key))
        if key == "video" or any(wanted):
            return super()._forceprint(key, info_dict)
        return info_dict


class Extractor:
    """One guest session: one cookie jar, one pool of connections. Not for threads."""

    def __init__(self, config: WorkerConfig, kind: type[CountingYoutubeDL] = CountingYoutubeDL) -> None:
        self._messages = _Messages()
        self._url_template = config.url_template
        allowed_plugin_dirs.value = plugin_dirs(config)
        params = ydl_params(config) | {
            "logger": self._messages,
            "verbose": True,
            # The command's default makes extract_info return None where it should raise.
            "ignoreerrors": False,
        }
        self.ydl = kind(params, auto_init="no_verbose_header")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def extract(self, ytid: str) -> Extraction | Failure:
        """Ask about one video; what went wrong is told as a value, with all that yt-dlp said."""
        self._messages.start()
        try:
            info = self.ydl.extract_info(self._url_template.replace("{ytid}", ytid), download=False)
        except yt_dlp.utils.YoutubeDLError as error:
            return self._failed(self._messages.errors or f"ERROR: {error}")
        except _EXTRACTOR_BUGS as error:
            return self._failed(f"ERROR: {type(error).__name__}: {error}")
        return self._read(ytid, info)

    @property
    def socket_timeout_s(self) -> float:
        """How long a server may be silent, in seconds."""
        return float(self.ydl.params["socket_timeout"])

    def close(self) -> None:
        """Give back connections and handlers."""
        self.ydl.close()

    def _failed(self, errors: str) -> Failure:
        others = self._messages.others
        told = classify(encodable(f"{errors[:_LONGEST_TEXT]}\n{others[:_LONGEST_TEXT]}".strip()))
        return replace(told, text=redact(told.text))

    def _read(self, ytid: str, info: Mapping[str, Any] | None) -> Extraction | Failure:
        if info is None or info.get("id") != ytid:
            return self._failed(f"ERROR: yt-dlp brought no answer for {ytid}")
        live = _LIVE.get(str(info.get("live_status")))
        if live is not None:
            return failure(live, f"ERROR: live_status={info['live_status']}")
        title = info.get("title")
        return Extraction(
            ytid=ytid,
            title=encodable(title[:_LONGEST_TITLE]) if isinstance(title, str) else None,
            formats=read_formats(info.get("formats") or ()),
            warnings=self._messages.others,
        )
