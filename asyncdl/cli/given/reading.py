"""Reads one value of a setting, as a settings file or a variable holds it.

What may hold a password is never repeated in what is told of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import UnionType

from asyncdl.cli.given.table import Kind, Setting
from asyncdl.cli.way import duration_s, size_bytes
from asyncdl.core.pace_policy import parse_rate
from asyncdl.core.proxy import ProxyMistake, parse_proxy
from asyncdl.core.table_columns import parse_columns
from asyncdl.errors import UsageError

Value = str | int | float | bool | list[str]

_CHECKS: dict[Kind, Callable[[str], object]] = {
    Kind.RATE: parse_rate,
    Kind.TIME: duration_s,
    Kind.SIZE: size_bytes,
    Kind.COLUMNS: parse_columns,
}
_SWITCH = {"1": True, "true": True, "yes": True, "on": True} | dict.fromkeys(
    ("0", "false", "no", "off"), False
)
_WANTED = {
    Kind.WHOLE: "a whole number",
    Kind.SECONDS: "a number of seconds",
    Kind.SWITCH: "true or false",
}
_NUMBERS: dict[Kind, type[int] | UnionType] = {
    Kind.WHOLE: int,
    Kind.SECONDS: int | float,
    Kind.TIME: int | float,  # seconds
    Kind.SIZE: int | float,  # bytes
}
_FORMS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why a value cannot be meant, as the end of a sentence that names the setting."""

    what: str


def says_nothing(raw: object) -> bool:
    """Tell an empty text, which stands for the default in a file and in a variable."""
    return isinstance(raw, str) and not raw.strip()


def read_toml(setting: Setting, raw: object) -> Value | Mistake:
    """Check what a TOML file gives; types are not converted but where nothing else can be meant."""
    kind = setting.kind
    if kind.is_many:
        many = [raw] if isinstance(raw, str) else raw
        if not isinstance(many, list) or not all(isinstance(one, str) for one in many):
            return Mistake(f"wants a list of texts, this is {_form(raw)}")
        return _checked_many(setting, many)
    if kind is Kind.SWITCH and isinstance(raw, bool):
        return raw
    if kind in _NUMBERS and isinstance(raw, _NUMBERS[kind]) and not isinstance(raw, bool):
        return raw if kind in {Kind.WHOLE, Kind.SECONDS} else _checked(setting, str(raw))
    if kind in _WANTED or not isinstance(raw, str):
        return Mistake(f"wants {_WANTED.get(kind, 'a text')}, this is {_form(raw)}")
    return _checked(setting, raw)


def read_variable(setting: Setting, text: str) -> Value | Mistake:
    """Read a variable's text. Lists are divided by ``;``, addresses by blanks."""
    kind = setting.kind
    if kind.is_many:
        parts = text.split() if setting.name in {"proxy", "source_address"} else text.split(";")
        return _checked_many(setting, [part.strip() for part in parts if part.strip()])
    word = text.strip()
    if kind is Kind.SWITCH:
        return _SWITCH.get(word.lower(), Mistake("wants true or false (1 or 0)"))
    if kind in {Kind.WHOLE, Kind.SECONDS}:
        try:
            return int(word) if kind is Kind.WHOLE else float(word)
        except ValueError:
            return Mistake(f"wants {_WANTED[kind]}")
    return _checked(setting, text)


def anchored(setting: Setting, value: Value, folder: Path) -> Value:
    """Let relative paths count from ``folder``, and ``~`` from the user's home."""
    if isinstance(value, list):
        return [_anchored(setting, one, folder) for one in value]
    return _anchored(setting, value, folder) if isinstance(value, str) else value


def _anchored(setting: Setting, text: str, folder: Path) -> str:
    if setting.kind not in {Kind.PATH, Kind.PATHS, Kind.LISTS} or text == "-":
        return text
    if setting.kind is Kind.LISTS and (_is_known(text) or _ADDRESS.match(text)):
        return text
    if setting.name == "ffmpeg" and "/" not in text:
        return text  # a name, looked up on PATH
    path = Path(text)
    return str(folder / (_at_home(path) if text.startswith("~") else path))


def _at_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:  # there is no such user
        return path


def _is_known(name: str) -> bool:
    from asyncdl.inputs.known import KNOWN  # noqa: PLC0415 - on use

    return name in KNOWN


def _checked_many(setting: Setting, many: list[str]) -> Value | Mistake:
    if setting.kind is Kind.PROXIES:
        wrong = [read.what for read in map(parse_proxy, many) if isinstance(read, ProxyMistake)]
        return Mistake("; ".join(wrong)) if wrong else many
    return many


def _checked(setting: Setting, text: str) -> Value | Mistake:
    if setting.choices and text not in setting.choices:
        from difflib import get_close_matches  # noqa: PLC0415 - on use

        near = get_close_matches(text.lower(), setting.choices, n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]}?" if near else ""
        return Mistake(f"is one of {', '.join(setting.choices)}{meant}")
    try:
        if check := _CHECKS.get(setting.kind):
            check(text)
    except UsageError as error:
        return Mistake("; ".join(line.strip(".") for line in _bare(error, setting).splitlines()))
    return text


def _bare(error: UsageError, setting: Setting) -> str:
    return str(error).removeprefix(setting.flag).lstrip(": ")


def _form(raw: object) -> str:
    return _FORMS.get(type(raw), "a table" if isinstance(raw, dict) else "something else")
