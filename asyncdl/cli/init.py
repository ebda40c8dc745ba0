"""``asyncdl init``: writes a settings file in which every setting is explained and none is said."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from asyncdl.cli.given.table import FILE_NAME, SECTIONS, SETTINGS, Setting
from asyncdl.errors import UsageError

_HEAD = """\
# Settings of asyncdl: they count for the commands started in this folder, or with --config FILE.
# Variables (ASYNCDL_SAMPLE_RATE) win over this file, flags (--sample-rate) over both.
# Each line shows the default; take its first # away to say something. "" says nothing.
# Relative paths count from this file's folder. What asyncdl config shows is what counts.
"""
_FOOT = """\
# A recipe: any settings under a name, laid over those above by asyncdl run --recipe dogs.
# [recipes.dogs]
# sources = ["balanced_train", "eval"]
# label = ["Dog"]
# none_of = ["Speech"]
# out = "dogs"
"""


def init(
    force: Annotated[bool, typer.Option("--force", help="Overwrite an asyncdl.toml that is there.")] = False,
) -> None:
    """Write asyncdl.toml into this folder: every setting with its default, commented out."""
    path = Path(FILE_NAME)
    if not force and (path.exists() or path.is_symlink()):
        raise UsageError(f"{FILE_NAME} is there already.", mend="Overwrite it with asyncdl init --force.")
    from asyncdl.runtime.files import replace_file  # noqa: PLC0415 - on use

    replace_file(path, [settings_text().encode()])
    typer.echo(f"wrote {FILE_NAME}; asyncdl config shows what counts")


def settings_text() -> str:
    """Answer the text of a settings file that says nothing."""
    tables = (_table(section, meaning) for section, meaning in SECTIONS.items())
    return "\n".join([_HEAD, *tables, _FOOT])


def _table(section: str, meaning: str) -> str:
    lines = (line for setting in SETTINGS if setting.section == section for line in _lines(setting))
    return "\n".join([f"# {meaning}", f"[{section}]", *lines, ""])


def _lines(setting: Setting) -> Iterator[str]:
    told = setting.help
    if setting.unset:
        told += f' "": {setting.unset}.'
    if setting.choices:
        told += f" One of {', '.join(setting.choices)}."
    if setting.runs_programs:
        told += " Only in a file given with --config."
    yield from textwrap.wrap(told, 100, initial_indent="#   ", subsequent_indent="#   ")
    yield f"# {setting.name} = {_default(setting)}"


def _default(setting: Setting) -> str:
    if setting.kind.is_many:
        return "[]"
    return json.dumps("" if setting.default is None else setting.default, ensure_ascii=False)
