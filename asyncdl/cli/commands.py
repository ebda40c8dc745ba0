"""The list of commands, in the order of ``asyncdl --help``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from asyncdl import __version__

if TYPE_CHECKING:
    from asyncdl.cli.given.command import SettledCommand

# Name, module, and what it is there: the command itself, or a group of commands.
_COMMANDS = (
    ("run", "run", "run"),
    ("status", "status", "status"),
    ("retry-failed", "retry", "retry_failed"),
    ("verify", "verify", "verify"),
    ("journal", "journal", "app"),
    ("export", "export", "export"),
    ("reanchor", "reanchor", "reanchor"),
    ("diff", "diff", "diff"),
    ("doctor", "doctor", "doctor"),
    ("demo", "demo", "demo"),
    ("labels", "labels", "labels"),
    ("select", "select", "select"),
    ("config", "config", "config"),
    ("init", "init", "init"),
)
# Commands for which settings files and variables count; the journal's are told so where they are made.
_SETTLED = frozenset({"run", "status", "retry-failed", "verify", "export", "doctor", "select"})


def make_app(first: str | None = None) -> typer.Typer:
    """Make the command line for arguments that begin with ``first``.

    Where that is a command, only it is imported and set up: all of them together take a fifth of a second.
    """
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_main)
    is_known = first in {name for name, _, _ in _COMMANDS}
    for name, module, attribute in _COMMANDS:
        if name != first and is_known:
            continue
        loaded = import_module(f"asyncdl.cli.{module}")
        found = getattr(loaded, attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, cls=getattr(loaded, "COMMAND_CLASS", None) or _class_of(name))(found)
    return app


def _class_of(name: str) -> type[SettledCommand] | None:
    if name not in _SETTLED:
        return None
    from asyncdl.cli.given.command import SettledCommand  # noqa: PLC0415 - on use

    return SettledCommand


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"asyncdl {__version__}")
        raise typer.Exit


def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turn lists of YouTube segments, first of all AudioSet, into exact clips."""
