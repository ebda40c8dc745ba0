"""``asyncdl doctor``: look at everything that a run stands on."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncdl.cli import options
from asyncdl.core.finding import Finding, Level, worst
from asyncdl.core.layout import DEFAULT_OUT
from asyncdl.errors import ExitCode

if TYPE_CHECKING:
    from asyncdl.app.doctor.checkup import Checkup


def doctor(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="The data set folder, there or not yet.")
    ] = DEFAULT_OUT,
    ffmpeg: options.Ffmpeg = None,
    proxy: options.Proxy = None,
    proxies: options.Proxies = None,
    cookies: options.Cookies = None,
    offline: Annotated[bool, typer.Option("--offline", help="Leave out what needs the network.")] = False,
    as_json: options.Json = False,
) -> None:
    """Look at everything that a run stands on, and say how to mend what is wrong.

    Exit code 4 means that a run could not work. Nothing is changed, no credential is shown.
    """
    from asyncdl.app.doctor.checkup import Checkup, Target  # noqa: PLC0415 - --help does not need it

    source = context.get_parameter_source("proxy")
    findings = _examine(
        Checkup(
            out=out,
            ffmpeg=ffmpeg,
            proxies=tuple(proxy or ()),
            are_proxies_typed=source is not None and source.name == "COMMANDLINE",
            proxies_file=proxies,
            cookies=tuple(cookies or ()),
            is_offline=offline,
            environ=os.environ,
            target=Target.of(context.obj),
        )
    )
    if as_json:
        _print_json(findings)
    else:
        _print_table(findings)
    raise typer.Exit(ExitCode.ENVIRONMENT if worst(findings) is Level.FAULT else ExitCode.DONE)


def _examine(checkup: Checkup) -> tuple[Finding, ...]:
    import asyncio  # noqa: PLC0415 - loads the whole program; --help does not need it

    from asyncdl.app.doctor.examine import examine  # noqa: PLC0415 - as above

    return asyncio.run(examine(checkup))


def _print_json(findings: Sequence[Finding]) -> None:
    import orjson  # noqa: PLC0415 - on use

    from asyncdl.ui.doctor_view import doctor_object  # noqa: PLC0415 - on use

    sys.stdout.buffer.write(orjson.dumps(doctor_object(findings), option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def _print_table(findings: Sequence[Finding]) -> None:
    from rich.console import Console  # noqa: PLC0415 - on use

    from asyncdl.ui.doctor_view import doctor_view  # noqa: PLC0415 - on use

    console = Console()
    console.print(doctor_view(findings, console.width if console.is_terminal else None), soft_wrap=True)
