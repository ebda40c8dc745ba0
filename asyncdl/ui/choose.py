"""Which screen a run gets, and the protocol that all of them follow."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Protocol

from asyncdl.core.progress import Snapshot


class ScreenMode(StrEnum):
    """How progress is shown."""

    DASHBOARD = "dashboard"
    PLAIN = "plain"
    QUIET = "quiet"


class Screen(Protocol):
    """Shows a run to people on stderr. No call blocks the loop, none fails when the terminal is gone."""

    def show(self, snapshot: Snapshot) -> None:
        """Tell the newest state; may be called as often as it changes."""
        ...

    def message(self, text: str) -> None:
        """Tell something that should stay readable, in one or more lines."""
        ...

    async def close(self, final: Snapshot | None = None) -> None:
        """Show the last state (by default the newest) and let go; takes seconds at most, may be repeated."""
        ...


class QuietScreen:
    """Shows nothing."""

    def show(self, snapshot: Snapshot) -> None:
        """Nothing."""

    def message(self, text: str) -> None:
        """Nothing."""

    async def close(self, final: Snapshot | None = None) -> None:
        """Nothing to let go."""


def choose_mode(*, is_terminal: bool, environ: Mapping[str, str], quiet: bool = False) -> ScreenMode:
    """Dashboard on a terminal that can move its cursor, plain lines elsewhere, nothing where not wanted."""
    if quiet:
        return ScreenMode.QUIET
    is_able = is_terminal and environ.get("TERM", "dumb") not in {"dumb", "unknown", ""}
    return ScreenMode.DASHBOARD if is_able else ScreenMode.PLAIN


def is_terminal(descriptor: int = 2) -> bool:
    """Whether somebody looks at it; a closed descriptor is none."""
    return os.isatty(descriptor)


@asynccontextmanager
async def open_screen(
    mode: ScreenMode, *, environ: Mapping[str, str], descriptor: int = 2
) -> AsyncIterator[Screen]:
    """Open the screen on ``descriptor``, and close it whatever happens inside."""
    screen = await _open(mode, environ, descriptor)
    try:
        yield screen
    finally:
        await screen.close()


async def _open(mode: ScreenMode, environ: Mapping[str, str], descriptor: int) -> Screen:
    """Each screen is imported on use; a dashboard that cannot be started becomes plain lines."""
    if mode is ScreenMode.QUIET:
        return QuietScreen()
    if mode is ScreenMode.DASHBOARD:
        from asyncdl.ui.dashboard import Dashboard  # noqa: PLC0415 - on use

        try:
            return await Dashboard.start(environ=environ, terminal=descriptor)
        except OSError:
            pass
    from asyncdl.ui.plain import PlainScreen  # noqa: PLC0415 - on use

    return PlainScreen(descriptor)
