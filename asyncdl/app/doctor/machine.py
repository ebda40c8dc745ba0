"""Limits of this process, and the terminal."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping

from asyncdl.core.finding import Finding, Level
from asyncdl.runtime.descriptors import BASE_FILES, FILES_A_SEGMENT, enough_for
from asyncdl.settings import DEFAULT_CONCURRENCY
from asyncdl.ui.choose import ScreenMode, choose_mode, is_terminal
from asyncdl.ui.symbols import UNICODE, symbols_for
from asyncdl.ui.terminal import wants_colour

_USUAL_CONCURRENCY = 64


def check_open_files() -> Finding:
    """Read the limit that children inherit too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return judge_open_files(*(None if each == resource.RLIM_INFINITY else each for each in (soft, hard)))


def judge_open_files(soft: int | None, hard: int | None) -> Finding:
    """Say what concurrency the limit is good for; None is no limit."""
    if soft is None:
        return Finding("open files", Level.OK, "no limit")
    segments = enough_for(soft)
    told = f"{soft:,} (at most {'any' if hard is None else f'{hard:,}'}): good for --concurrency {segments:,}"
    wanted = BASE_FILES + _USUAL_CONCURRENCY * FILES_A_SEGMENT
    mend = (
        f"ulimit -n {wanted}"
        if hard is None or hard >= wanted
        else "have an administrator raise the hard limit"
    )
    if segments < DEFAULT_CONCURRENCY:
        return Finding("open files", Level.FAULT, told, mend)
    if segments < _USUAL_CONCURRENCY:
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
