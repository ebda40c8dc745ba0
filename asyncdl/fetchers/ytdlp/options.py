"""Which options the worker's yt-dlp runs with: one player request a video, or all that it does by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache
from optparse import OptParseError
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
# What yt-dlp does by default, the page of the video included; its manifests hold nothing for asyncdl.
_ALL_CLIENTS = "skip=hls,dash,translated_subs"
# yt-dlp takes the first of them that is there and new enough.
_RUNTIMES = ("deno", "node")


# What yt-dlp raises for options that it does not understand.
WRONG_OPTIONS = (SystemExit, OptParseError, ValueError, TypeError, LookupError, AttributeError, OSError)


def own_argv(config: WorkerConfig) -> list[str]:
    """Build asyncdl's own part of the options, without the user's."""
    return [*_HARDENED, *_PATIENCE, *_FORMATS, *_extraction(config), *_way_out(config)]


def ydl_params(config: WorkerConfig) -> dict[str, Any]:
    """Parse own and user's options as yt-dlp itself does; the user's come last, so theirs win.

    Extractor arguments of both are joined, which yt-dlp alone would not do.
    """
    own = own_argv(config)
    params: dict[str, Any] = deepcopy(_parsed(*own, *config.user_args).ydl_opts)
    ours = _parsed(*own).ydl_opts["extractor_args"]
    params["extractor_args"] = _joined(ours, params["extractor_args"])
    return params


def plugin_dirs(config: WorkerConfig) -> list[str]:
    """Where plugins may come from: nowhere, unless the user's unsafe options say so."""
    return list(_parsed(*own_argv(config), *config.user_args).options.plugin_dirs or ())


@lru_cache(maxsize=16)
def _parsed(*argv: str) -> Any:  # noqa: ANN401 - yt-dlp ships no types
    """Parse once what three questions and all workers of an identity share: 5 ms; not to be changed."""
    return yt_dlp.parse_options(list(argv))


def _extraction(config: WorkerConfig) -> Iterator[str]:
    yield "--no-js-runtimes"
    if config.is_full:
        for runtime in _RUNTIMES if config.js_runtime is None else (config.js_runtime,):
            yield from ("--js-runtimes", runtime)
    yield from ("--extractor-args", f"youtube:{_arguments(config)}")
    if config.endpoint is not None:
        # Else the bundle of certifi is taken, and SSL_CERT_FILE says nothing.
        yield from ("--compat-options", "no-certifi")


def _arguments(config: WorkerConfig) -> str:
    host = None if config.endpoint is None else config.endpoint.innertube_host
    if host is not None:
        # This place has no pages; without these words yt-dlp would ask YouTube itself for them.
        return f"{_ONE_REQUEST};innertube_host={host}"
    return _ALL_CLIENTS if config.is_full else _ONE_REQUEST


def _way_out(config: WorkerConfig) -> Iterator[str]:
    if config.way_out is not None:
        yield from ("--proxy", config.way_out)
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
