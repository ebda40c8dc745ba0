"""Data set formats, one module each that defines ``EXPORTER``."""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec

from asyncdl.errors import EnvironmentFault, UsageError
from asyncdl.exporting.contract import Exporter


def exporter_names() -> list[str]:
    """List the formats; imports none of them."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load_exporter(name: str) -> Exporter:
    """Import a format; raises ``UsageError`` with the nearest names for one that is not there."""
    names = exporter_names()
    if name not in names:
        close = get_close_matches(name, names, n=3) or names
        raise UsageError(f"There is no format {name!r}.", mend=f"Formats: {', '.join(close)}.")
    exporter: Exporter = import_module(f"{__name__}.{name}").EXPORTER
    return exporter


def missing_modules(exporter: Exporter) -> list[str]:
    """Name the optional libraries that a format needs and that are not installed."""
    return [module for module in exporter.modules if find_spec(module) is None]


def require_modules(exporter: Exporter) -> None:
    """Raise ``EnvironmentFault`` that names the extra where an optional library is missing."""
    if missing := missing_modules(exporter):
        raise EnvironmentFault(
            f"export {exporter.name} needs {', '.join(missing)}, which is not installed.",
            mend=f"pip install 'asyncdl[{exporter.extra}]'",
        )
