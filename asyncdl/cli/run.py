"""``asyncdl run``: from lists to clips."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from asyncdl.cli import options, selecting
from asyncdl.cli.given.table import BY_NAME, option
from asyncdl.cli.way import size_bytes, way_settings
from asyncdl.core.layout import DEFAULT_OUT
from asyncdl.core.model import AudioFormat, Quality
from asyncdl.core.table_columns import BY_HEADER, parse_columns
from asyncdl.errors import UsageError
from asyncdl.settings import (
    DEFAULT_CONCURRENCY,
    DEFAULT_MIN_FREE_BYTES,
    DEFAULT_URL,
    ClipWish,
    FetchSettings,
    RunSettings,
)


def run(
    context: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE...", help=BY_NAME["sources"].help)
    ] = None,
    out: Annotated[Path, option("out")] = DEFAULT_OUT,
    columns: options.Columns = "",
    concurrency: options.Concurrency = None,
    label: selecting.Label = None,
    exact: selecting.Exact = False,
    all_of: selecting.AllOf = None,
    none_of: selecting.NoneOf = None,
    per_label: selecting.PerLabel = None,
    replace: selecting.Replace = False,
    sample: selecting.Sample = None,
    seed: selecting.Seed = None,
    min_duration: selecting.MinDuration = None,
    ids: selecting.Ids = None,
    exclude: selecting.Exclude = None,
    limit: selecting.Limit = None,
    audio_format: Annotated[AudioFormat | None, option("format")] = None,
    sample_rate: Annotated[int | None, option("sample_rate")] = None,
    mono: Annotated[bool | None, option("mono")] = None,
    bitrate: Annotated[int | None, option("bitrate")] = None,
    video: Annotated[bool | None, option("video")] = None,
    max_height: Annotated[int | None, option("max_height")] = None,
    quality: Annotated[Quality | None, option("quality")] = None,
    keep_source: Annotated[bool, option("keep_source")] = False,
    overwrite: Annotated[bool, option("overwrite")] = False,
    yt_dlp_args: options.YtDlpArgs = "",
    unsafe_yt_dlp_args: options.UnsafeYtDlpArgs = "",
    url_template: Annotated[str, option("url_template")] = DEFAULT_URL,
    proxy: options.Proxy = None,
    proxies: options.Proxies = None,
    source_address: options.SourceAddress = None,
    cookies: options.Cookies = None,
    rate: options.Rate = None,
    max_wait: options.MaxWait = None,
    ffmpeg: options.Ffmpeg = None,
    log_file: options.LogFile = None,
    cache: options.Cache = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the run would take, and do nothing.")
    ] = False,
    min_free: options.MinFree = None,
    take_over: options.TakeOver = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Fetch every open segment of the SOURCEs, cut it exactly, store it; start it again to go on.

    Ctrl-C once finishes what is in flight, twice stops at once; nothing is lost either way.
    """
    if not sources:
        raise UsageError(
            "SOURCE: no list is given.", mend="Give a file or a name, or sources in asyncdl.toml."
        )
    wish = ClipWish(audio_format, sample_rate, mono, bitrate, video, max_height, quality)
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
    selection = selecting.selection_settings(
        label=label,
        exact=exact,
        all_of=all_of,
        none_of=none_of,
        per_label=per_label,
        replace=replace,
        sample=sample,
        seed=seed,
        min_duration=min_duration,
        ids=ids,
        exclude=exclude,
    )
    settings = RunSettings(
        out=out,
        sources=tuple(sources),
        wish=wish,
        fetch=fetch,
        way=way,
        columns=parse_columns(columns) if columns else BY_HEADER,
        selection=selection,
        limit=limit,
        overwrite=overwrite,
        keep_source=keep_source,
        ffmpeg=ffmpeg,
        log_file=log_file,
        cache=cache,
        quiet=quiet,
        take_over=take_over,
        min_free_bytes=DEFAULT_MIN_FREE_BYTES if min_free is None else size_bytes(min_free),
    ).checked()
    from asyncdl.cli.running import carry_out, tell_plan  # noqa: PLC0415 - loads the whole program; --help does not need it

    if dry_run:
        tell_plan(settings, as_json=as_json)
        return
    raise typer.Exit(carry_out(settings, as_json=as_json, endpoint=context.obj))
