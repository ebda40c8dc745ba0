"""Layouts of the older downloaders, one module each that defines ``TOOL``, by names with dashes."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from asyncdl.errors import UsageError
from asyncdl.exporting.older_tool import OlderTool


def tool_names() -> list[str]:
    """List the tools; imports none of them."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def load_tool(name: str) -> OlderTool:
    """Import a tool's layout; raises ``UsageError`` that names all of them for any other name, or none."""
    names = tool_names()
    if name not in names:
        what = f"--like {name}: there is no such layout." if name else "layout needs --like TOOL."
        raise UsageError(what, mend=f"TOOL is one of {', '.join(names)}.")
    tool: OlderTool = import_module(f"{__name__}.{name.replace('-', '_')}").TOOL
    return tool
