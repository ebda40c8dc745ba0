"""Options that several commands share, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Concurrency = Annotated[
    int | None,
    typer.Option("--concurrency", "-j", metavar="N", help="Segments in flight at once. [default: 8]"),
]
YtDlpArgs = Annotated[str, typer.Option("--yt-dlp-args", metavar='"…"', help="Harmless options for yt-dlp.")]
UnsafeYtDlpArgs = Annotated[
    str,
    typer.Option("--unsafe-yt-dlp-args", metavar='"…"', help="Any options for yt-dlp: at your own risk."),
]
Ffmpeg = Annotated[
    str | None,
    typer.Option("--ffmpeg", metavar="PATH", envvar="ASYNCDL_FFMPEG", help="Use this ffmpeg."),
]
LogFile = Annotated[
    Path | None,
    typer.Option("--log-file", metavar="FILE", help="Log every attempt with its reason."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No dashboard, no progress; errors only.")]
Proxy = Annotated[
    list[str] | None,
    typer.Option(
        "--proxy",
        metavar="URL",
        envvar="ASYNCDL_PROXY",
        help="Go by this proxy (http, https, socks5): an identity of its own. Repeatable.",
    ),
]
Proxies = Annotated[
    Path | None, typer.Option("--proxies", metavar="FILE", help="A file with one proxy a line.")
]
SourceAddress = Annotated[
    list[str] | None,
    typer.Option("--source-address", metavar="IP", help="Go out from this address: an identity. Repeatable."),
]
Cookies = Annotated[
    list[Path] | None,
    typer.Option(
        "--cookies", metavar="FILE", help="An account's cookie file, readable by you alone. Repeatable."
    ),
]
Rate = Annotated[
    str | None,
    typer.Option(
        "--rate",
        metavar="RATE",
        help="Ceiling of each identity: 900/h, 15/min, 0.25/s, unlimited. [default: polite, at most 900/h]",
    ),
]
MaxWait = Annotated[
    str | None,
    typer.Option(
        "--max-wait",
        metavar="TIME",
        help="End (exit code 4) rather than stand still longer than this: 30min, 2h. [default: wait]",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on stdout.")]
Folder = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="The data set folder. [default: the one found here]"),
]
