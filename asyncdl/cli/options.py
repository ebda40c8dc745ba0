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
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on stdout.")]
Folder = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="The data set folder. [default: the one found here]"),
]
