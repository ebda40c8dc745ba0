"""The command line: parses, prints, chooses the exit code."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncdl.fetchers.ytdlp.config import Endpoint


def main(arguments: list[str] | None = None, endpoint: Endpoint | None = None) -> None:
    """Run one command and leave with its exit code; only ``cli.against`` gives an ``endpoint``."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until a run takes over, Ctrl-C ends at once and silently
    from asyncdl.cli.commands import app  # noqa: PLC0415 - the heavy imports come after the line above
    from asyncdl.errors import AsyncdlError  # noqa: PLC0415 - as above

    try:
        app(arguments, prog_name="asyncdl", obj=endpoint)
    except AsyncdlError as error:
        sys.stderr.write(f"asyncdl: {error}\n")
        sys.exit(error.exit_code)
