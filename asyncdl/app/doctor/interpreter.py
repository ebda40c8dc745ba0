"""The Python that runs all this."""

from __future__ import annotations

import platform
import sys

from asyncdl.core.finding import Finding, Level

_FLOOR = (3, 11)


def check_python() -> Finding:
    """Look at this interpreter and its system."""
    return judge_python(sys.version_info[:3], sys.platform, platform.python_implementation())


def judge_python(version: tuple[int, ...], system: str, implementation: str) -> Finding:
    """Require CPython's language at the declared floor, on Linux."""
    told = f"{implementation} {'.'.join(map(str, version))} on {system}"
    if version < _FLOOR:
        floor = ".".join(map(str, _FLOOR))
        return Finding("python", Level.FAULT, told, f"install asyncdl with Python {floor} or newer")
    if system != "linux":
        return Finding("python", Level.FAULT, told, "asyncdl needs Linux: its children are kept with /proc")
    return Finding("python", Level.OK, told)
