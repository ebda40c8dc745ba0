"""``asyncdl journal``: look at the journal, repair it, make it small."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from asyncdl.cli import options
from asyncdl.cli.given.command import SettledCommand
from asyncdl.errors import ExitCode

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check, repair or compact the journal.")

_MOST_JOBS = 256


@app.command(cls=SettledCommand)
def check(out: options.Folder = None, as_json: options.Json = False) -> None:
    """Find damage and explain it; also while a run works.

    Reads every file of the journal, without a snapshot, and changes nothing. Exit code 5 means damage.
    """
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.runtime.examining import examine  # noqa: PLC0415 - on use
    from asyncdl.runtime.finding import find_root, journal_of  # noqa: PLC0415 - on use
    from asyncdl.settings import out_option  # noqa: PLC0415 - on use
    from asyncdl.ui.journal_view import check_object, check_view  # noqa: PLC0415 - on use

    root = find_root(out, Path())
    found = examine(journal_of(root))
    if as_json:
        print_json([check_object(found)])
    else:
        print_text(check_view(found, out_option(root)))
    raise typer.Exit(ExitCode.DONE if found.is_whole else ExitCode.JOURNAL)


@app.command(cls=SettledCommand)
def repair(
    out: options.Folder = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", min=1, max=_MOST_JOBS, metavar="N", help="Clips read at once. [default: the cores]"
        ),
    ] = None,
    accept_loss: options.AcceptLoss = False,
    take_over: options.TakeOver = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Check every stored clip, then settle the damage.

    Clips that are not there or not whole are open again, and runs can go on. No file that is there is changed
    or removed, the damaged ones included. A whole journal is left as it is.
    """
    import asyncio  # noqa: PLC0415 - on use

    from asyncdl.app.repairing import repair as job  # noqa: PLC0415 - loads the whole program
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.cli.running import surroundings  # noqa: PLC0415 - as above
    from asyncdl.runtime.finding import find_root  # noqa: PLC0415 - as above
    from asyncdl.settings import out_option  # noqa: PLC0415 - as above
    from asyncdl.ui.mending_view import repair_object, repair_view  # noqa: PLC0415 - as above

    root = find_root(out, Path())
    around = surroundings(quiet=quiet)
    jobs = jobs or len(os.sched_getaffinity(0))
    report = asyncio.run(job(root, around, jobs=jobs, takes_over=take_over, accepts_loss=accept_loss))
    if as_json:
        print_json([repair_object(report)])
    elif not quiet:
        print_text(repair_view(report, out_option(root)))
    raise typer.Exit(report.exit_code)


@app.command(cls=SettledCommand)
def compact(
    out: options.Folder = None,
    take_over: options.TakeOver = False,
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Put what still counts into one file, remove the rest.

    Nothing that status tells changes; earlier attempts of a segment, and which run did what, are told no
    more. A damaged journal is refused.
    """
    import asyncio  # noqa: PLC0415 - on use
    from contextlib import closing  # noqa: PLC0415 - on use

    from asyncdl.app.compacting import compact as job  # noqa: PLC0415 - loads the whole program
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use
    from asyncdl.cli.running import surroundings  # noqa: PLC0415 - as above
    from asyncdl.runtime.finding import find_root  # noqa: PLC0415 - as above
    from asyncdl.ui.choose import ScreenMode  # noqa: PLC0415 - as above
    from asyncdl.ui.compact_bar import CompactBar  # noqa: PLC0415 - as above
    from asyncdl.ui.mending_view import compact_object, compact_view  # noqa: PLC0415 - as above

    around = surroundings(quiet=quiet)
    with closing(CompactBar(is_live=around.screen is ScreenMode.DASHBOARD)) as bar:
        saved = asyncio.run(job(find_root(out, Path()), around, bar, takes_over=take_over))
    if as_json:
        print_json([compact_object(saved)])
    elif not quiet:
        print_text(compact_view(saved))
