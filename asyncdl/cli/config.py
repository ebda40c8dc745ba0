"""``asyncdl config``: every setting, its value, and who said it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import typer

from asyncdl.cli import options
from asyncdl.cli.given.command import GIVEN, SettledCommand, is_typed, settings_of
from asyncdl.cli.given.gather import Given, Origin, Said
from asyncdl.cli.given.table import BY_NAME, SECTIONS, SETTINGS, Kind, Setting
from asyncdl.core.redact import HIDDEN, redact

if TYPE_CHECKING:
    from rich.text import Text

_VALUE_WIDTH = 24
_TYPED = "asyncdl.typed"
_OF_RUN_ALONE = frozenset({"dry_run", "as_json", "take_over", "config", "recipe"})


class ConfigCommand(SettledCommand):
    """Takes the options of ``run`` too, and hands them on unread."""

    def __init__(self, *arguments: Any, **words: Any) -> None:  # noqa: ANN401 - as TyperCommand
        super().__init__(*arguments, **words)
        self.params = [*_options_of_run(), *self.params]

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - typer names no type for it
        """Keep the options apart from the command's own, which are its arguments."""
        parameters = settings_of(ctx)
        ctx.meta[_TYPED] = {
            name: ctx.params[parameters[name]] for name in BY_NAME if is_typed(ctx, parameters[name])
        }
        for name in BY_NAME:
            del ctx.params[parameters[name]]
        return super().invoke(ctx)


COMMAND_CLASS = ConfigCommand


def config(context: typer.Context, as_json: options.Json = False) -> None:
    """Show every setting, its value and who says it: default, file, variable or flag.

    Takes the options of run, downloads nothing. Passwords are shown as ***.
    """
    given: Given = context.meta[GIVEN]
    settled = dict(_settled(given, context.meta[_TYPED]))
    from asyncdl.cli.printing import print_json, print_text  # noqa: PLC0415 - on use

    if as_json:
        print_json([_config_object(given, settled)])
    else:
        print_text(_headline(given))
        for section in SECTIONS:
            print_text("", _section(section, settled))


def _options_of_run() -> list[Any]:
    from asyncdl.cli.run import run  # noqa: PLC0415 - on use

    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command()(run)
    return [one for one in typer.main.get_command(app).params if one.name not in _OF_RUN_ALONE | {"help"}]


def _settled(given: Given, typed: Mapping[str, Any]) -> Iterator[tuple[str, Said]]:
    for setting in SETTINGS:
        name = setting.name
        usual: Any = [] if setting.kind.is_many else setting.default
        if name in typed:
            value = list(typed[name]) if setting.kind.is_many else typed[name]
            yield name, Said(value, Origin.FLAG, setting.flag)
        else:
            yield name, given.said.get(name) or Said(usual, Origin.DEFAULT, "")


def _hidden(setting: Setting, value: Any) -> Any:  # noqa: ANN401 - any value of a setting
    if isinstance(value, list):
        return [_hidden(setting, one) for one in value]
    if not isinstance(value, str):
        return value
    if setting.name == "unsafe_yt_dlp_args":
        return HIDDEN  # whatever yt-dlp takes, secrets in any form
    return _without_login(value) if setting.kind is Kind.PROXIES else redact(value)


def _without_login(address: str) -> str:
    from asyncdl.core.proxy import ProxyMistake, parse_proxy  # noqa: PLC0415 - on use

    proxy = parse_proxy(address)
    return HIDDEN if isinstance(proxy, ProxyMistake) else str(proxy)


def _headline(given: Given) -> str:
    if not given.file:
        return "no settings file here (asyncdl init writes one)"
    return f"{given.file}, recipe {given.recipe}" if given.recipe else given.file


def _section(section: str, settled: Mapping[str, Said]) -> Text:
    from rich.text import Text  # noqa: PLC0415 - on use

    widest = max(map(len, BY_NAME))
    lines = [Text(f"[{section}]")]
    for setting in SETTINGS:
        if setting.section == section:
            said = settled[setting.name]
            shown = _shown(setting, said).ljust(_VALUE_WIDTH)
            style = "dim" if said.origin is Origin.DEFAULT else "bold"
            line = f"  {setting.name.ljust(widest)}  {shown}  {said.where or said.origin}"
            lines.append(Text(line, style))
    return Text("\n").join(lines)


def _shown(setting: Setting, said: Said) -> str:
    from asyncdl.core.printable import printable  # noqa: PLC0415 - on use

    value = _hidden(setting, said.value)
    if value is None or value in ("", []):
        return setting.unset or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def _config_object(given: Given, settled: Mapping[str, Said]) -> dict[str, object]:
    return {
        "file": given.file or None,
        "recipe": given.recipe or None,
        "settings": {
            name: {
                "value": _hidden(BY_NAME[name], one.value),
                "from": one.origin,
                "where": one.where or None,
            }
            for name, one in settled.items()
        },
    }
