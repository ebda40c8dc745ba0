"""Which options the worker's yt-dlp runs with: one player request a video, and nothing beyond need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yt_dlp

from asyncdl.fetchers.ytdlp.config import WorkerConfig

# Nothing is read from the user's folders, nothing is run, nothing is written.
_HARDENED = (
    *("--ignore-config", "--no-plugin-dirs", "--no-remote-components", "--no-exec", "--no-update"),
    *("--use-extractors", "youtube", "--no-playlist", "--no-check-formats", "--skip-download"),
    *("--no-cache-dir", "--no-mtime", "--restrict-filenames", "--fixup", "never", "--downloader", "native"),
    *("--quiet", "--no-progress", "--color", "never"),
)
_PATIENCE = ("--socket-timeout", "15", "--retries", "0", "--extractor-retries", "1")
# asyncdl chooses among all formats itself (formats.py).
_FORMATS = ("-f", "all")
# Each word saves a request; initial_data, the one that a skipped webpage would cost.
_ONE_REQUEST = "player_skip=webpage,configs,js,initial_data;skip=hls,dash,translated_subs"
# An account needs a client that takes cookies, and those need the player's JavaScript.
_SIGNED_IN = "skip=hls,dash,translated_subs"


def own_argv(config: WorkerConfig) -> list[str]:
    """Build asyncdl's own part of the options, without the user's."""
    return [*_HARDENED, *_PATIENCE, *_FORMATS, *_extraction(config), *_way_out(config)]


def ydl_params(config: WorkerConfig) -> dict[str, Any]:
    """Parse own and user's options as yt-dlp itself does; the user's come last, so theirs win.

    Extractor arguments of both are joined, which yt-dlp alone would not do.
    """
    own = own_argv(config)
    params: dict[str, Any] = dict(yt_dlp.parse_options([*own, *config.user_args]).ydl_opts)
    ours = yt_dlp.parse_options(own).ydl_opts["extractor_args"]
    params["extractor_args"] = _joined(ours, params["extractor_args"])
    return params


def plugin_dirs(config: WorkerConfig) -> list[str]:
    """Where plugins may come from: nowhere, unless the user's unsafe options say so."""
    dirs = yt_dlp.parse_options([*own_argv(config), *config.user_args]).options.plugin_dirs
    return list(dirs or ())


def _extraction(config: WorkerConfig) -> Iterator[str]:
    words = _SIGNED_IN if config.cookie_file else _ONE_REQUEST
    if not config.cookie_file:
        yield "--no-js-runtimes"
    if config.endpoint is not None:
        words += f";innertube_host={config.endpoint.innertube_host}"
        # Else the bundle of certifi is taken, and SSL_CERT_FILE says nothing.
        yield from ("--compat-options", "no-certifi")
    yield from ("--extractor-args", f"youtube:{words}")


def _way_out(config: WorkerConfig) -> Iterator[str]:
    if config.endpoint is not None:
        yield from ("--proxy", "")
    elif config.proxy is not None:
        yield from ("--proxy", config.proxy)
    if config.source_address is not None:
        yield from ("--source-address", config.source_address)
    if config.cookie_file is not None:
        yield from ("--cookies", config.cookie_file)


def _joined(
    ours: Mapping[str, Mapping[str, Any]], theirs: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    return {
        extractor: {**ours.get(extractor, {}), **theirs.get(extractor, {})}
        for extractor in {**ours, **theirs}
    }
