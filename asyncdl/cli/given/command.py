"""A command whose options may also stand in a settings file or in variables."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperOption

from asyncdl.errors import UsageError

if TYPE_CHECKING:
    from asyncdl.cli.given.gather import Given

GIVEN = "asyncdl.given"

_FLAG = re.compile(r"--[a-z][a-z-]*")
# These names mean something else there: the list that select writes, the order of an export.
_OF_ITS_OWN = {"select": frozenset({"out"}), "export": frozenset({"seed"})}


class SettledCommand(TyperCommand):
    """Takes --config and --recipe; flags win over variables, variables over the file, the file over defaults.

    The parser's default map is the place for it: each value goes through the same checks as a flag's.
    """

    def __init__(self, *arguments: Any, **words: Any) -> None:  # noqa: ANN401 - as TyperCommand
        super().__init__(*arguments, **words)
        for parameter in self.params:
            parameter.envvar = None  # gather reads the variables, and checks them as it does the file
        self.params += [
            TyperOption(
                param_decls=["config", "--config"],
                type=str,
                metavar="FILE",
                expose_value=False,
                help="Take settings from this file. [default: asyncdl.toml, where it lies here]",
            ),
            TyperOption(
                param_decls=["recipe", "--recipe"],
                type=str,
                metavar="NAME",
                expose_value=False,
                help="Take the settings of this recipe, [recipes.NAME] of the file.",
            ),
        ]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer names no type for it
        """Read file and variables before the options, which win."""
        typed, _, _ = self.make_parser(ctx).parse_args(list(args))
        if not typed.get("help"):
            from asyncdl.cli.given.gather import gather  # noqa: PLC0415 - on use

            given = gather(typed.get("config"), typed.get("recipe"), os.environ)
            ctx.meta[GIVEN] = given
            ctx.default_map = self._defaults(given)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as above
        """Carry out; where a mistake is told of an option that nobody typed, tell who said it."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            raise UsageError(_with_origins(error.what, ctx), mend=error.mend) from error

    def _defaults(self, given: Given) -> dict[str, object]:
        own = _OF_ITS_OWN.get(self.name or "", frozenset())
        parameters = {_setting_of(parameter): parameter.name for parameter in self.params}
        return {
            parameters[name] or "": one.value
            for name, one in given.said.items()
            if name in parameters and name not in own
        }


def _setting_of(parameter: Any) -> str:  # noqa: ANN401 - as above
    """Name a parameter by its flag: ``audio_format`` is ``--format``."""
    first = str(parameter.opts[0])
    return first.removeprefix("--").replace("-", "_")


def settings_of(context: Any) -> dict[str, str]:  # noqa: ANN401 - as above
    """Answer which parameter of the command stands for which setting."""
    return {_setting_of(parameter): parameter.name for parameter in context.command.params}


def is_typed(context: Any, parameter: str) -> bool:  # noqa: ANN401 - as above
    """Whether a parameter stands on the command line."""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"


def _with_origins(what: str, context: Any) -> str:  # noqa: ANN401 - as above
    given: Given = context.meta[GIVEN]
    parameters = settings_of(context)

    def told(line: str) -> str:
        names = {flag[2:].replace("-", "_") for flag in _FLAG.findall(line)}
        said = [
            given.said[name].where
            for name in sorted(names & given.said.keys() & parameters.keys())
            if not is_typed(context, parameters[name])
        ]
        return f"{line} (said by {', '.join(said)})" if said else line

    return "\n".join(told(line) for line in what.split("\n"))
