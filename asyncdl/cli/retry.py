"""``asyncdl retry-failed``: another round for what can be retried."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from asyncdl.cli import options
from asyncdl.cli.way import size_bytes, way_settings
from asyncdl.core.kinds import FailureKind
from asyncdl.errors import UsageError
from asyncdl.settings import DEFAULT_MIN_FREE_BYTES, FetchSettings, RunSettings


def retry_failed(
    context: typer.Context,
    out: options.Folder = None,
    kind: Annotated[
        list[FailureKind] | None,
        typer.Option("--kind", metavar="KIND", help="Only this kind, also one that is gone. Repeatable."),
    ] = None,
    takes_all: Annotated[
        bool, typer.Option("--all", help="Everything that failed, also what is gone for good.")
    ] = False,
    concurrency: options.Concurrency = None,
    yt_dlp_args: options.YtDlpArgs = "",
    unsafe_yt_dlp_args: options.UnsafeYtDlpArgs = "",
    proxy: options.Proxy = None,
    proxies: options.Proxies = None,
    source_address: options.SourceAddress = None,
    cookies: options.Cookies = None,
    rate: options.Rate = None,
    max_wait: options.MaxWait = None,
    ffmpeg: options.Ffmpeg = None,
    log_file: options.LogFile = None,
    min_free: options.MinFree = None,
    take_over: options.TakeOver = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Try again what failed and is not gone for good, with the options that the data set was made with."""
    from asyncdl.app.retry import Choice  # noqa: PLC0415 - loads the whole program
    from asyncdl.app.retry import retry_failed as job  # noqa: PLC0415 - loads the whole program
    from asyncdl.cli.running import carry_out  # noqa: PLC0415 - as above
    from asyncdl.runtime.finding import find_root  # noqa: PLC0415 - as above

    way = way_settings(
        context,
        proxy=proxy,
        proxies=proxies,
        source_address=source_address,
        cookies=cookies,
        rate=rate,
        max_wait=max_wait,
    )
    fetch = FetchSettings(yt_dlp_args=yt_dlp_args, unsafe_yt_dlp_args=unsafe_yt_dlp_args)
    if concurrency is not None:
        RunSettings(fetch=replace(fetch, concurrency=concurrency)).checked()
    settings = RunSettings(
        out=find_root(out, Path()),
        fetch=fetch,
        way=way,
        ffmpeg=ffmpeg,
        log_file=log_file,
        quiet=quiet,
        take_over=take_over,
        min_free_bytes=DEFAULT_MIN_FREE_BYTES if min_free is None else size_bytes(min_free),
    )
    if kind and takes_all:
        raise UsageError("--kind and --all contradict each other.", mend="Give one of them.")
    choice = Choice(frozenset(kind or ()), takes_all)
    again = partial(job, concurrency=concurrency, choice=choice)
    raise typer.Exit(carry_out(settings, as_json=as_json, endpoint=context.obj, job=again))
