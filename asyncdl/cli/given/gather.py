"""Puts together what a settings file and the variables say: a variable wins over the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from asyncdl.cli.given.reading import Mistake, Value, anchored, read_variable, says_nothing
from asyncdl.cli.given.table import BY_NAME, FILE_NAME, FLAGS_ONLY, PREFIX, SETTINGS
from asyncdl.errors import UsageError

if TYPE_CHECKING:
    from asyncdl.cli.given.toml_file import SettingsFile

_NEAR = 0.8
_OLD_ENDINGS = {".yaml", ".yml"}


class Origin(StrEnum):
    """Who says a value."""

    DEFAULT = "default"
    FILE = "file"
    VARIABLE = "variable"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Said:
    """A value with its origin; ``where`` names the very key, variable or flag."""

    value: Value
    origin: Origin
    where: str


@dataclass(frozen=True, slots=True)
class Given:
    """All that is said without flags; ``file`` is empty where there is none."""

    said: Mapping[str, Said] = field(default_factory=dict)
    file: str = ""
    recipe: str = ""


def gather(config: str | None, recipe: str | None, environ: Mapping[str, str]) -> Given:
    """Read file and variables; raises one ``UsageError`` that tells all mistakes in both."""
    file = _file(config)
    said, mistakes = _said_by_variables(environ)
    mistakes = [*(file.mistakes if file else ()), *mistakes]
    if mistakes:
        raise UsageError("\n".join(mistakes))
    if file is None:
        if recipe is not None:
            raise UsageError(
                f"Recipes stand in a settings file, and there is no {FILE_NAME} here.",
                mend="Write one (asyncdl init), or name one with --config FILE.",
            )
        return Given(said)
    by_file = {
        name: Said(entry.value, Origin.FILE, f"{file.name}: {entry.key}")
        for name, entry in file.with_recipe(recipe).items()
        if entry.value is not None
    }
    return Given(by_file | said, file.name, recipe or "")


def _file(config: str | None) -> SettingsFile | None:
    path = Path(FILE_NAME if config is None else config)
    if config is None and not (path.exists() or path.is_symlink()):
        return None
    if config is None and not path.is_file():  # nobody waits for what writes into a pipe
        raise UsageError(f"{FILE_NAME} is no plain file.")
    if path.suffix.lower() in _OLD_ENDINGS:
        from asyncdl.cli.given.old_yaml import answer_yaml  # noqa: PLC0415 - on use

        raise answer_yaml(path)
    from asyncdl.cli.given.toml_file import read_settings_file  # noqa: PLC0415 - on use

    return read_settings_file(path, is_named=config is not None)


def _said_by_variables(environ: Mapping[str, str]) -> tuple[dict[str, Said], list[str]]:
    said: dict[str, Said] = {}
    mistakes = _misspelt(environ)
    for setting in SETTINGS:
        text = environ.get(setting.variable, "")
        if says_nothing(text):
            continue
        read = read_variable(setting, text)
        if isinstance(read, Mistake):
            mistakes.append(f"{setting.variable} {read.what}.")
        else:
            said[setting.name] = Said(anchored(setting, read, Path()), Origin.VARIABLE, setting.variable)
    return said, mistakes


def _misspelt(environ: Mapping[str, str]) -> list[str]:
    """Tell of variables nearly named as a setting; others are nobody's, or another program's."""
    names = {name: name.removeprefix(PREFIX).lower() for name in environ if name.startswith(PREFIX)}
    strange = {variable: name for variable, name in names.items() if name not in BY_NAME}
    told = {variable: _unknown(name) for variable, name in sorted(strange.items())}
    return [f"{variable} {what}" for variable, what in told.items() if what]


def _unknown(name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - on use

    if name in FLAGS_ONLY:
        return f"is no setting: --{name.replace('_', '-')} is said to one command only."
    near = get_close_matches(name, BY_NAME, n=1, cutoff=_NEAR)
    return f"is no setting; did you mean {BY_NAME[near[0]].variable}?" if near else ""
