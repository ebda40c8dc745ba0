"""``asyncdl run``: from lists to clips."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asyncdl.cli import options
from asyncdl.cli.way import way_settings
from asyncdl.core.model import AudioFormat, Quality
from asyncdl.settings import (
    DEFAULT_CONCURRENCY,
    DEFAULT_OUT,
    DEFAULT_URL,
    ClipWish,
    FetchSettings,
    RunSettings,
)


def run(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Lists of segments: files (.csv, also .gz) or eval, balanced_train, unbalanced_train.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The data set folder.")
    ] = DEFAULT_OUT,
    concurrency: options.Concurrency = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", help="Take the first N segments only.")
    ] = None,
    audio_format: Annotated[
        AudioFormat | None, typer.Option("--format", help="Encoding of the clips. [default: flac]")
    ] = None,
    sample_rate: Annotated[
        int | None, typer.Option("--sample-rate", metavar="HZ", help="Resample. [default: the source's]")
    ] = None,
    mono: Annotated[bool, typer.Option("--mono", help="Mix to one channel.")] = False,
    bitrate: Annotated[
        int | None, typer.Option("--bitrate", metavar="KBIT", help="For opus, m4a, mp3, in kbit/s.")
    ] = None,
    video: Annotated[bool, typer.Option("--video", help="Store mp4 with picture and sound.")] = False,
    max_height: Annotated[
        int | None, typer.Option("--max-height", metavar="LINES", help="With --video. [default: 360]")
    ] = None,
    quality: Annotated[
        Quality | None, typer.Option("--quality", help="Which source format is fetched. [default: best]")
    ] = None,
    keep_source: Annotated[
        bool, typer.Option("--keep-source", help="Keep the fetched source bytes beside each clip.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Fetch segments again that are settled.")
    ] = False,
    yt_dlp_args: options.YtDlpArgs = "",
    unsafe_yt_dlp_args: options.UnsafeYtDlpArgs = "",
    url_template: Annotated[
        str, typer.Option("--url-template", metavar="URL", help="Another form of YouTube's addresses.")
    ] = DEFAULT_URL,
    proxy: options.Proxy = None,
    proxies: options.Proxies = None,
    source_address: options.SourceAddress = None,
    cookies: options.Cookies = None,
    rate: options.Rate = None,
    max_wait: options.MaxWait = None,
    ffmpeg: options.Ffmpeg = None,
    log_file: options.LogFile = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the run would take, and do nothing.")
    ] = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Fetch every open segment of the SOURCEs, cut it exactly, store it; start it again to go on.

    Ctrl-C once finishes what is in flight, twice stops at once; nothing is lost either way.
    """
    wish = ClipWish(audio_format, sample_rate, mono or None, bitrate, video or None, max_height, quality)
    fetch = FetchSettings(
        DEFAULT_CONCURRENCY if concurrency is None else concurrency,
        yt_dlp_args,
        unsafe_yt_dlp_args,
        url_template,
    )
    way = way_settings(
        context,
        proxy=proxy,
        proxies=proxies,
        source_address=source_address,
        cookies=cookies,
        rate=rate,
        max_wait=max_wait,
    )
    settings = RunSettings(
        out=out,
        sources=tuple(sources),
        wish=wish,
        fetch=fetch,
        way=way,
        limit=limit,
        overwrite=overwrite,
        keep_source=keep_source,
        ffmpeg=ffmpeg,
        log_file=log_file,
        quiet=quiet,
    ).checked()
    from asyncdl.cli.running import carry_out, tell_plan  # noqa: PLC0415 - loads the whole program; --help does not need it

    if dry_run:
        tell_plan(settings, as_json=as_json)
        return
    raise typer.Exit(carry_out(settings, as_json=as_json, endpoint=context.obj))
