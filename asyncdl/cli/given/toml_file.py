"""Reads ``asyncdl.toml``: tables of settings, recipes, and where in it each mistake stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from asyncdl.cli.given.reading import Mistake, Value, anchored, read_toml, says_nothing
from asyncdl.cli.given.table import BY_NAME, FLAGS_ONLY, SECTIONS, SETTINGS, Setting
from asyncdl.errors import UsageError

_MOST_BYTES = 1_000_000
# Beyond these, mistakes are told without their lines.
_MOST_LINES = 1_000
_MOST_CHARACTERS = 50_000
_RECIPES = "recipes"

Path_ = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A value that a file gives, and the key that gives it; ``value`` None puts the default back."""

    value: Value | None
    key: str


@dataclass(slots=True)
class SettingsFile:
    """A read file. What is wrong in it stands in ``mistakes``, each with its line."""

    name: str
    entries: dict[str, Entry] = field(default_factory=dict)
    recipes: dict[str, dict[str, Entry]] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def with_recipe(self, recipe: str | None) -> dict[str, Entry]:
        """Answer the file's settings with those of a recipe laid over; raises ``UsageError``."""
        if recipe is None:
            return self.entries
        if recipe not in self.recipes:
            raise UsageError(
                f"{self.name} has no recipe {recipe!r}.", mend=_nearest_recipes(recipe, self.recipes)
            )
        return self.entries | self.recipes[recipe]


def read_settings_file(path: Path, *, is_named: bool) -> SettingsFile:
    """Read a file; one that was found and not named on purpose may start no programs.

    Raises ``UsageError`` where it cannot be read or is no TOML.
    """
    text = _text_of(path)
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML: {error}.") from error
    return _Reader(path, text, is_named=is_named).read(tables)


def lines_of(text: str) -> dict[Path_, int]:
    """Answer in which line each key begins: the parser tells after which lines a file is whole."""
    lines = text.split("\n")
    found: dict[Path_, int] = {}
    if len(lines) > _MOST_LINES or len(text) > _MOST_CHARACTERS:
        return found
    begins = 1
    for number in range(1, len(lines) + 1):
        try:
            tables = tomllib.loads("\n".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue  # within a value of several lines
        for path in _paths(tables):
            found.setdefault(path, begins)
        begins = number + 1
    return found


class _Reader:
    def __init__(self, path: Path, text: str, *, is_named: bool) -> None:
        self._path, self._text, self._is_named = path, text, is_named
        self._wrong: list[tuple[Path_, str]] = []

    def read(self, tables: Mapping[str, object]) -> SettingsFile:
        read = SettingsFile(str(self._path))
        for name, table in tables.items():
            if name == _RECIPES:
                for recipe, values in self._table((name,), table).items():
                    at = (name, recipe)
                    read.recipes[recipe] = dict(self._entries(at, self._table(at, values), tuple(BY_NAME)))
            elif name in SECTIONS:
                known = tuple(setting.name for setting in SETTINGS if setting.section == name)
                read.entries.update(self._entries((name,), self._table((name,), table), known))
            else:
                self._wrong.append(((name,), _unknown_table(name)))
        read.mistakes = self._told()
        return read

    def _table(self, at: Path_, table: object) -> Mapping[str, object]:
        if isinstance(table, dict):
            return table
        self._wrong.append((at, f"is a table; write [{'.'.join(at)}] above its keys"))
        return {}

    def _entries(
        self, at: Path_, table: Mapping[str, object], known: tuple[str, ...]
    ) -> Iterator[tuple[str, Entry]]:
        for name, raw in table.items():
            read = self._value(name, raw) if name in known else Mistake(_unknown_key(name, known))
            if isinstance(read, Mistake):
                self._wrong.append(((*at, name), read.what))
            else:
                yield name, Entry(read, ".".join((*at, name)))

    def _value(self, name: str, raw: object) -> Value | Mistake | None:
        setting = BY_NAME[name]
        if says_nothing(raw):
            return None
        if setting.runs_programs and not self._is_named:
            return Mistake(_untrusted(setting, self._path))
        read = read_toml(setting, raw)
        return read if isinstance(read, Mistake) else anchored(setting, read, self._path.parent)

    def _told(self) -> list[str]:
        lines = lines_of(self._text) if self._wrong else {}
        return [
            _sentence(f"{self._path}{f':{lines[at]}' if at in lines else ''}: {'.'.join(at)} {what}")
            for at, what in sorted(self._wrong, key=lambda wrong: lines.get(wrong[0], 0))
        ]


def _sentence(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise UsageError(f"{path} is too long for a settings file.")
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no TOML: it is not UTF-8.") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _paths(table: Mapping[str, object], at: Path_ = ()) -> Iterator[Path_]:
    for name, value in table.items():
        yield (*at, name)
        if isinstance(value, dict):
            yield from _paths(value, (*at, name))


def _unknown_table(name: str) -> str:
    wanted = name.replace("-", "_")
    if wanted in BY_NAME:
        return f"belongs into [{BY_NAME[wanted].section}]"
    near = get_close_matches(name, [*SECTIONS, _RECIPES], n=1)
    return f"is no table of settings{f'; did you mean [{near[0]}]?' if near else f': {_sections()}'}"


def _unknown_key(name: str, known: tuple[str, ...]) -> str:
    wanted = name.replace("-", "_").lower()
    if wanted in FLAGS_ONLY:
        return f"is said to one command only: --{wanted.replace('_', '-')}"
    if wanted in BY_NAME and wanted not in known:
        return f"belongs into [{BY_NAME[wanted].section}]"
    near = get_close_matches(wanted, known, n=1) or get_close_matches(wanted, BY_NAME, n=1)
    if not near:
        return "is no setting; asyncdl config names them all"
    where = "" if near[0] in known else f" in [{BY_NAME[near[0]].section}]"
    return f"is no setting; did you mean {near[0]}{where}?"


def _untrusted(setting: Setting, path: Path) -> str:
    return (
        f"names what is run as a program, and is not taken from a file that only lies here: "
        f"give --config {path}, {setting.flag} or {setting.variable}"
    )


def _nearest_recipes(wanted: str, recipes: Mapping[str, object]) -> str:
    if not recipes:
        return "It has none; a recipe is a table [recipes.NAME]."
    near = get_close_matches(wanted, recipes, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"It has: {', '.join(recipes)}."


def _sections() -> str:
    return f"there are {', '.join(SECTIONS)} and recipes.NAME"
