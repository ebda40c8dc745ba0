"""A program of its own that tells of yt-dlp as JSON on one line: importing it costs 40 MB and half a second.

{"version", "jsless_clients", "clients", "requests", "urllib3", "ejs_wanted", "ejs"}: versions are null where
something is missing, clients where yt-dlp has no such attribute. ``requests`` is null too where yt-dlp
refuses the one that is there.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version


def _version_of(package: str) -> str | None:
    with suppress(PackageNotFoundError):
        return version(package)
    return None


def _clients(name: str) -> list[str] | None:
    """Read a private attribute, which any release may rename: it is for people to look at only."""
    with suppress(ImportError, AttributeError, TypeError):
        return [str(client) for client in getattr(import_module("yt_dlp.extractor.youtube").YoutubeIE, name)]
    return None


def _requests() -> str | None:
    """Ask yt-dlp itself whether this requests will do: its handler checks both versions on import."""
    with suppress(ImportError):
        import_module("yt_dlp.networking._requests")
        return _version_of("requests")
    return None


def _ejs_wanted() -> str | None:
    with suppress(ImportError, AttributeError):
        return str(import_module("yt_dlp.extractor.youtube.jsc._builtin.vendor").VERSION)
    return None


def main() -> None:
    """Print what there is; without yt-dlp it ends with a traceback and another exit code."""
    told = {
        "version": import_module("yt_dlp.version").__version__,
        "jsless_clients": _clients("_DEFAULT_JSLESS_CLIENTS"),
        "clients": _clients("_DEFAULT_CLIENTS"),
        "requests": _requests(),
        "urllib3": _version_of("urllib3"),
        "ejs_wanted": _ejs_wanted(),
        "ejs": _version_of("yt-dlp-ejs"),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
