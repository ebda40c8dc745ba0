"""``asyncdl export``: turn the clips into what training code loads."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from asyncdl.cli import exporting, options
from asyncdl.errors import UsageError

if TYPE_CHECKING:
    from asyncdl.app.export_opening import ExportSettings
    from asyncdl.exporting.report import ExportReport


def export(
    format_: exporting.Format = "",
    out: options.Folder = None,
    to: exporting.To = None,
    split: exporting.Split = None,
    dry_run: exporting.DryRun = False,
    jobs: exporting.Jobs = None,
    seed: exporting.Seed = None,
    max_shard_size: exporting.MaxShardSize = None,
    root: exporting.Root = "",
    like: exporting.Like = "",
    by: exporting.By = "",
    fast: exporting.Fast = False,
    compat: exporting.Compat = False,
    shar: exporting.Shar = False,
    wav: exporting.Wav = None,
    source: exporting.FromFile = None,
    ffmpeg: options.Ffmpeg = None,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Turn the stored clips into what training code loads, unchanged.

    It goes on where it was when the same command is given again, also after a kill, and makes anew only
    shards whose clips are others. The README.md beside it says what is there, what is missing and why.
    """
    if not format_:
        _list_formats(as_json=as_json)
        return
    from asyncdl.app.export_opening import ExportSettings  # noqa: PLC0415 - loads the whole program
    from asyncdl.runtime.finding import find_root  # noqa: PLC0415 - on use

    asked = exporting.Asked(split, seed, max_shard_size, root, like, by, fast, compat, shar, wav, source)
    terms = asked.terms(format_)
    if source and to is None:
        raise UsageError("--source is no data set to put the result into.", mend="Name a folder: --to DIR.")
    folder = source.parent if source else find_root(out, Path())
    settings = ExportSettings(folder, format_, terms, to, jobs or len(os.sched_getaffinity(0)), ffmpeg)
    if dry_run:
        _tell_plan(settings, as_json=as_json)
    else:
        raise typer.Exit(_carry_out(settings, quiet=quiet, as_json=as_json))


def _list_formats(*, as_json: bool) -> None:
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.exporters import exporter_names, load_exporter, missing_modules  # noqa: PLC0415 - on use
    from asyncdl.ui.export_view import format_objects, formats_view  # noqa: PLC0415 - on use

    found = {exporter: missing_modules(exporter) for exporter in map(load_exporter, exporter_names())}
    if as_json:
        print_json(format_objects(found))
    else:
        print_text(formats_view(found))


def _tell_plan(settings: ExportSettings, *, as_json: bool) -> None:
    from asyncdl.app.export import plan_export  # noqa: PLC0415 - loads the whole program
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.ui.export_view import plan_object, plan_view  # noqa: PLC0415 - on use

    plan = plan_export(settings)
    if as_json:
        print_json([plan_object(plan)])
    else:
        print_text(plan_view(plan))


def _carry_out(settings: ExportSettings, *, quiet: bool, as_json: bool) -> int:
    import asyncio  # noqa: PLC0415 - on use

    from asyncdl.app.export import export as job  # noqa: PLC0415 - loads the whole program
    from asyncdl.cli.running import surroundings  # noqa: PLC0415 - as above

    report = asyncio.run(job(settings, surroundings(quiet=quiet)))
    _print(report, quiet=quiet, as_json=as_json)
    return report.exit_code


def _print(report: ExportReport, *, quiet: bool, as_json: bool) -> None:
    from asyncdl.cli.printing import print_long_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.core.printable import printable_lines  # noqa: PLC0415 - on use
    from asyncdl.settings import out_option  # noqa: PLC0415 - on use
    from asyncdl.ui.export_view import left_out_objects, report_object, report_view  # noqa: PLC0415 - on use

    if report.fault is not None:
        sys.stderr.write(f"asyncdl: {printable_lines(str(report.fault))}\n")
    if as_json:
        print_long_json(report_object(report), {"left_out": left_out_objects(report)})
    elif not quiet:
        print_text(report_view(report, out_option(report.root)))
