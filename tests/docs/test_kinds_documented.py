"""The pages name every kind, exit code and command, and say of them what the program does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup, TyperOption

from asyncdl.cli.commands import make_app
from asyncdl.core.kinds import FailureKind
from asyncdl.errors import ExitCode

PAGES = Path(__file__).parent.parent.parent / "docs"
GROUP = typer.main.get_command(make_app())
assert isinstance(GROUP, TyperGroup)
COMMANDS = GROUP.commands


def page(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")


def table(text: str) -> dict[str, list[str]]:
    """Rows of all tables of a page by the words in their first cell."""
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {word: cells for cells in rows for word in re.findall(r"[\w-]+", cells[0])}


def _fate(kind: FailureKind) -> str:
    if kind.is_permanent:
        return "gone"
    if kind.is_throttle:
        return "cools the identity down"
    return "stops the run" if kind.stops_run else "retryable"


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_is_explained_with_what_follows_from_it(kind: FailureKind) -> None:
    cells = table(page("failures.md"))[kind]
    assert len(cells[1]) > 10
    assert cells[2].strip(" |").startswith(_fate(kind))


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_is_explained(code: ExitCode) -> None:
    assert str(int(code)) in table(page("reference.md"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_place_in_the_reference(name: str) -> None:
    assert re.search(rf"^## `asyncdl {name}\b", page("reference.md"), re.MULTILINE)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (name, option.opts[0])
        for name, command in COMMANDS.items()
        for option in command.params
        if isinstance(option, TyperOption)
    ],
)
def test_every_option_is_in_the_reference(command: str, option: str) -> None:
    assert re.search(rf"`[^`]*{option}\b[^`]*`", page("reference.md")), f"{command} {option}"
