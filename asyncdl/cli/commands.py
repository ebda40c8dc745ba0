"""The list of commands, in the order of ``asyncdl --help``."""

from __future__ import annotations

from typing import Annotated

import typer

from asyncdl import __version__
from asyncdl.cli import demo, doctor, retry, run, status

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"asyncdl {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turn lists of YouTube segments, first of all AudioSet, into exact clips."""


app.command("run")(run.run)
app.command("status")(status.status)
app.command("retry-failed")(retry.retry_failed)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)
