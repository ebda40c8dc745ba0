"""Options that several commands share, written once; their words stand in the table of settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asyncdl.cli.given.table import option

Concurrency = Annotated[int | None, option("concurrency")]
YtDlpArgs = Annotated[str, option("yt_dlp_args")]
UnsafeYtDlpArgs = Annotated[str, option("unsafe_yt_dlp_args")]
# These two are variables of commands too that take no settings file.
Ffmpeg = Annotated[str | None, option("ffmpeg", envvar="ASYNCDL_FFMPEG")]
Proxy = Annotated[list[str] | None, option("proxy", envvar="ASYNCDL_PROXY")]
LogFile = Annotated[Path | None, option("log_file")]
Quiet = Annotated[bool, option("quiet")]
Proxies = Annotated[Path | None, option("proxies")]
SourceAddress = Annotated[list[str] | None, option("source_address")]
Cookies = Annotated[list[Path] | None, option("cookies")]
Rate = Annotated[str | None, option("rate")]
MaxWait = Annotated[str | None, option("max_wait")]
MinFree = Annotated[str | None, option("min_free")]
Cache = Annotated[Path | None, option("cache")]
Columns = Annotated[str, option("columns")]
TakeOver = Annotated[
    bool,
    typer.Option("--take-over", help="Go on where a run on another machine died, without waiting."),
]
AcceptLoss = Annotated[
    bool, typer.Option("--accept-loss", help="Go on where all clips are gone, and open them again.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object on stdout.")]
Folder = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="The data set folder. [default: the one found here]"),
]
