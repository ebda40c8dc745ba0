"""Limits of this process, and the terminal."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping

from asyncdl.core.finding import Finding, Level
from asyncdl.settings import DEFAULT_CONCURRENCY
from asyncdl.ui.choose import ScreenMode, choose_mode, is_terminal
from asyncdl.ui.symbols import UNICODE, symbols_for
from asyncdl.ui.terminal import wants_colour

# Measured with the demo: 34 files open at most at --concurrency 8, 57 at 32. Rounded up generously.
_BASE_FILES, _FILES_A_SEGMENT = 64, 4
_USUAL_CONCURRENCY = 64


def check_open_files() -> Finding:
    """Read the limit that children inherit too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return judge_open_files(*(None if each == resource.RLIM_INFINITY else each for each in (soft, hard)))


def judge_open_files(soft: int | None, hard: int | None) -> Finding:
    """Say what concurrency the limit is good for; None is no limit."""
    if soft is None:
        return Finding("open files", Level.OK, "no limit")
    enough_for = max(0, (soft - _BASE_FILES) // _FILES_A_SEGMENT)
    told = (
        f"{soft:,} (at most {'any' if hard is None else f'{hard:,}'}): good for --concurrency {enough_for:,}"
    )
    wanted = _BASE_FILES + _USUAL_CONCURRENCY * _FILES_A_SEGMENT
    mend = (
        f"ulimit -n {wanted}"
        if hard is None or hard >= wanted
        else "have an administrator raise the hard limit"
    )
    if enough_for < DEFAULT_CONCURRENCY:
        return Finding("open files", Level.FAULT, told, mend)
    if enough_for < _USUAL_CONCURRENCY:
        return Finding("open files", Level.NOTE, told, mend)
    return Finding("open files", Level.OK, told)


def check_terminal(environ: Mapping[str, str]) -> Finding:
    """Look at what stderr leads to, where a run draws."""
    return judge_terminal(environ, is_terminal=is_terminal(), encoding=sys.stderr.encoding)


def judge_terminal(environ: Mapping[str, str], *, is_terminal: bool, encoding: str) -> Finding:
    """Say what a run would show."""
    if choose_mode(is_terminal=is_terminal, environ=environ) is ScreenMode.PLAIN:
        mend = "set TERM, for instance to xterm-256color, for the dashboard" if is_terminal else ""
        what = "a run tells its progress in plain lines"
        return Finding("terminal", Level.NOTE, what if is_terminal else f"none: {what}", mend)
    colour = "in colour" if wants_colour(is_terminal=is_terminal, environ=environ) else "without colours"
    if symbols_for(encoding) is not UNICODE:
        mend = "use a UTF-8 locale, for instance LC_ALL=C.UTF-8"
        return Finding("terminal", Level.NOTE, f"the dashboard is drawn {colour}, in plain signs", mend)
    return Finding("terminal", Level.OK, f"the dashboard is drawn {colour}")
