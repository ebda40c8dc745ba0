"""``asyncdl retry-failed``: another round for what can be retried."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import typer

from asyncdl.cli import options
from asyncdl.settings import FetchSettings, RunSettings


def retry_failed(
    context: typer.Context,
    out: options.Folder = None,
    concurrency: options.Concurrency = None,
    yt_dlp_args: options.YtDlpArgs = "",
    unsafe_yt_dlp_args: options.UnsafeYtDlpArgs = "",
    ffmpeg: options.Ffmpeg = None,
    log_file: options.LogFile = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Try again what failed and is not gone for good, with the options that the data set was made with."""
    from asyncdl.app.retry import retry_failed as job  # noqa: PLC0415 - loads the whole program
    from asyncdl.cli.running import carry_out  # noqa: PLC0415 - as above
    from asyncdl.runtime.dataset import find_root  # noqa: PLC0415 - as above

    fetch = FetchSettings(yt_dlp_args=yt_dlp_args, unsafe_yt_dlp_args=unsafe_yt_dlp_args)
    if concurrency is not None:
        RunSettings(fetch=replace(fetch, concurrency=concurrency)).checked()
    settings = RunSettings(
        out=find_root(out, Path()), fetch=fetch, ffmpeg=ffmpeg, log_file=log_file, quiet=quiet
    )
    again = partial(job, concurrency=concurrency)
    raise typer.Exit(carry_out(settings, as_json=as_json, endpoint=context.obj, job=again))
